/** Chromium before the built app: what the console's tests see and press. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, chromiumPath } from '../../scripts/local/chromium';
import { startStage, type Stage, type StageOptions } from './server-stage';

export const PASSWORD = 'a-password-of-the-browser-tests';

export interface Console {
  stage: Stage;
  browser: Browser;
  /** The app's address. */
  url: string;
  /** A page in a session of its own, nobody signed in. Script errors of it are collected in `errors`. */
  newPage: (options?: Parameters<Browser['newContext']>[0]) => Promise<ConsolePage>;
  /** The same, signed in. */
  signedIn: (options?: Parameters<Browser['newContext']>[0]) => Promise<ConsolePage>;
  close: () => Promise<void>;
}

export interface ConsolePage {
  page: Page;
  context: BrowserContext;
  /** What the page threw or refused to load or run. */
  errors: string[];
}

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

/** The built app, its database, the simulator and a browser; `close` ends all of them, also after a failed start. */
export async function startConsole(options: Partial<StageOptions> = {}): Promise<Console> {
  const stage = await startStage({ servers: 1, ...options, env: { CONSOLE_PASSWORD: PASSWORD, ...options.env } });
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGS });
  } catch (error) {
    await stage.close();
    throw error;
  }
  const url = stage.servers[0]?.url ?? '';
  const newPage: Console['newPage'] = async (contextOptions) => {
    const context = await browser.newContext({ baseURL: url, ...contextOptions });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    return { page, context, errors };
  };
  return {
    stage, browser, url, newPage,
    signedIn: async (contextOptions) => {
      const opened = await newPage(contextOptions);
      await signIn(opened.page);
      return opened;
    },
    close: async () => {
      await browser.close();
      await stage.close();
    },
  };
}

export async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Console' }).waitFor();
}

const AXE_SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; impact: string | null; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** What axe finds serious or critical on the page, each as one line; empty is good. */
export async function seriousAxeFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger, so that the page's own policy for scripts stays as it is.
  await page.evaluate(AXE_SOURCE);
  const { violations } = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`));
}

/** How far the page is wider than its window, in CSS pixels; 0 is good. */
export async function sidewaysOverflow(page: Page): Promise<number> {
  return await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
