import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, seriousAxeFindings, signIn, startConsole, type Console } from '../support/browser';

let app: Console;
beforeAll(async () => { app = await startConsole(); });
afterAll(() => app.close());

it('who is not signed in is led to the password, and from there to where he wanted', async () => {
  const { page, errors } = await app.newPage();
  await page.goto('/runs?job=availability');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  expect(await seriousAxeFindings(page)).toEqual([]);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That is not the password.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/runs?job=availability');
  expect(errors).toEqual([]);
});

it('signing out closes every page, the back button too', async () => {
  const { page, context } = await app.signedIn();
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goBack();
  await page.getByLabel('Password').waitFor();
});

it('no page shows anything without a session, with a forged one, or to another site', async () => {
  for (const path of ['/', '/runs', '/alarms', '/audit']) {
    for (const cookie of ['', 'console=v1.9999999999999.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
      // RSC requests are what a browser that navigates inside the console sends: they skip the document.
      for (const headers of [{}, { rsc: '1' }] as Record<string, string>[]) {
        const answer = await fetch(new URL(path, app.url), { redirect: 'manual', headers: { cookie, ...headers } });
        expect(answer.status, `${path} ${JSON.stringify(headers)}`).toBe(307);
        expect(answer.headers.get('location')).toMatch(/^\/sign-in/);
      }
    }
  }
});

it('a script that nobody signed for does not run, and the page cannot be framed', async () => {
  const { page } = await app.newPage();
  const answer = await page.goto('/sign-in');
  const headers = answer?.headers() ?? {};
  expect(headers['content-security-policy']).toMatch(/script-src 'self' 'nonce-/);
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin' });
  expect(headers['strict-transport-security']).toMatch(/max-age=/);
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = true">')`);
  await page.evaluate(`{ const s = document.createElement('div'); s.innerHTML = '<svg onload="window.ran = true"></svg>'; document.body.append(s); }`);
  await page.getByLabel('Password').fill('x');
  expect(await page.evaluate('window.ran === undefined')).toBe(true);
});

it('a change that another site asks for is refused, though the cookie comes along', async () => {
  const { page, context } = await app.signedIn();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const form = await page.locator('form').first().evaluate((element) => [...new FormData(element as HTMLFormElement)].map(([name, value]) => [name, String(value)]));
  const actionOf = (name: string): string | undefined => form.find(([key]) => key === name)?.[1];
  expect(actionOf('password')).toBeUndefined();
  const body = new FormData();
  for (const [name, value] of form) body.append(name ?? '', value ?? '');
  const answer = await fetch(app.url, { method: 'POST', redirect: 'manual', body, headers: { cookie, origin: 'https://evil.example' } });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.headers.get('set-cookie')).toBeNull();
  await signIn(page);
});
