import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, chromiumPath } from './local/chromium';
const [,, ...paths] = process.argv;
const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGS });
for (const [name, options] of Object.entries({ desk: { viewport: { width: 1280, height: 900 } }, phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, ...(process.env.DARK ? { dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' as const } } : {}) })) {
  const context = await browser.newContext({ baseURL: 'http://127.0.0.1:4177', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120000);
  page.on('pageerror', (e) => console.log('ERR', e.message)); page.on('console', (m) => { if (m.type() === 'error') console.log('CON', m.text().slice(0, 300)); });
  await page.goto('/sign-in'); await page.getByLabel('Password').fill('preview-preview'); await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Console' }).waitFor();
  let i = 0;
  for (const path of paths) {
    const t = performance.now();
    await page.goto(path); await page.locator('.reading').first().waitFor({ state: 'hidden' }).catch(() => undefined); await page.waitForTimeout(300);
    console.log(name, path, Math.round(performance.now() - t), 'overflow', await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
    await page.screenshot({ path: `/tmp/wt/pages-shots/${name}-${i++}.png`, fullPage: true });
  }
  await context.close();
}
await browser.close();
