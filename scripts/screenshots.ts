// `npm run screenshots`: the README's pictures, of the demo as it really looks. Needs an installed Chromium.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { chromium, type Browser } from 'playwright-core';
import { createDb } from '../lib/db';
import { CHROMIUM_ARGS, chromiumPath } from './local/chromium';
import { UserError } from './local/fail';
import { spawnGuarded } from './local/guarded-process';
import { live, type Lifetime } from './local/lifetime';
import { PROJECT_ROOT, shownPath } from './local/migration-files';
import { say, step } from './local/output';
import { runningDemo } from './local/running-demo';

const DESKTOP = { width: 1280, height: 820 };
const PHONE = { width: 390, height: 844 };
/** Without a running demo one is started, and swept so often that its charts have something to show. */
const SWEEPS = 16;
const START_TIMEOUT_MS = 600_000;

interface Shot {
  name: string;
  path: string;
  viewport: { width: number; height: number };
  dark?: boolean;
}

const README: Shot[] = [
  { name: 'overview', path: '/', viewport: DESKTOP },
  { name: 'overview-dark', path: '/', viewport: DESKTOP, dark: true },
  { name: 'overview-phone', path: '/', viewport: PHONE },
  { name: 'workspaces', path: '/workspaces', viewport: DESKTOP },
  { name: 'workspace', path: 'a workspace', viewport: DESKTOP },
];
const PAGES = ['/', '/workspaces', 'a workspace', '/runs', 'a run', '/why-not', '/alarms', '/audit'];
const EVERYTHING: Shot[] = PAGES.flatMap((path) => [
  { name: nameOf(path), path, viewport: DESKTOP },
  { name: `${nameOf(path)}-dark`, path, viewport: DESKTOP, dark: true },
  { name: `${nameOf(path)}-phone`, path, viewport: { width: 360, height: 740 } },
]);

const options = new Command('npm run screenshots --')
  .description('Takes the pictures of the README from a running demo, or from one that it starts.')
  .option('--out <folder>', 'where they go', join('docs', 'images'))
  .option('--all', 'every page, in full length: desktop, dark and phone', false)
  .option('--workspaces <n>', 'of a demo that it starts', '303')
  .parse()
  .opts<{ out: string; all: boolean; workspaces: string }>();

await live(async (lifetime) => {
  const demo = (await runningDemo()) ?? (await step('demo', () => startDemo(lifetime)));
  const { APP_URL: url, CONSOLE_PASSWORD: password, DATABASE_URL: databaseUrl } = demo;
  if (url === undefined || password === undefined || databaseUrl === undefined) throw new UserError('The running demo does not say where it is. Start it again: npm run demo');
  const places = await placesOf(databaseUrl);
  const out = join(PROJECT_ROOT, options.out);
  mkdirSync(out, { recursive: true });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGS });
  lifetime.onEnd(() => browser.close());
  for (const shot of options.all ? EVERYTHING : README) {
    const file = join(out, `${shot.name}.png`);
    await take(browser, { url, password }, { ...shot, path: places[shot.path] ?? shot.path }, file);
    say(`${shownPath(file)}  ${String(Math.round(statSync(file).size / 1000))} kB`);
  }
});

async function take(browser: Browser, { url, password }: { url: string; password: string }, { path, viewport, dark = false }: Shot, file: string): Promise<void> {
  const context = await browser.newContext({ baseURL: url, viewport, colorScheme: dark ? 'dark' : 'light', deviceScaleFactor: 1, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`/sign-in?next=${encodeURIComponent(path)}`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('main#content h1').waitFor();
  // Parts that are still being read or drawn say so.
  const unfinished = page.locator('.reading[role=status]');
  while ((await unfinished.count()) > 0) await unfinished.first().waitFor({ state: 'detached' });
  await page.screenshot({ path: file, fullPage: options.all });
  await context.close();
}

/** Addresses that hold an id of this demo. */
async function placesOf(databaseUrl: string): Promise<Record<string, string>> {
  const db = createDb(databaseUrl, { poolMax: 1, applicationName: 'screenshots' });
  try {
    const run = await db.cronRun.findFirst({ where: { job: 'availability', outcome: { in: ['good', 'not_good'] } }, orderBy: { startedAt: 'asc' }, select: { id: true } });
    const cache = await db.workspaceAvailabilityCache.findFirst({ where: { slotCount: { gt: 100 } }, orderBy: { clientId: 'asc' }, select: { clientId: true } });
    return { 'a run': run ? `/runs/${run.id}` : '/runs', 'a workspace': cache ? `/workspaces/${cache.clientId}` : '/workspaces' };
  } finally {
    await db.$disconnect();
  }
}

async function startDemo(lifetime: Lifetime): Promise<NodeJS.Dict<string>> {
  const args = ['--import', 'tsx', join(PROJECT_ROOT, 'scripts', 'demo.ts'), '--workspaces', options.workspaces];
  const child = spawnGuarded({ name: 'demo', command: process.execPath, args, cwd: PROJECT_ROOT, output: 'ignore', stopSignal: 'INT' });
  lifetime.watch(child);
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    lifetime.throwIfEnding();
    const demo = await runningDemo();
    if (demo) {
      await sweepOften(demo);
      return demo;
    }
    if (Date.now() > deadline) throw new UserError('The demo did not start. Start it by itself and see why: npm run demo');
    await delay(500);
  }
}

async function sweepOften({ APP_URL: url, CRON_SECRET: secret }: NodeJS.Dict<string>): Promise<void> {
  for (let done = 0; done < SWEEPS; ) {
    const answer = await fetch(`${url ?? ''}/api/cron/availability`, { headers: { authorization: `Bearer ${secret ?? ''}` } });
    const { skipped } = (await answer.json()) as { skipped?: boolean };
    if (skipped === true) await delay(1_000);
    else done++;
  }
}

function nameOf(path: string): string {
  return path === '/' ? 'overview' : path.replace(/^(\/|an? )/, '');
}
