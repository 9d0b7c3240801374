import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, seriousAxeFindings, startConsole, type Console } from '../support/browser';

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
      for (const isRsc of [false, true]) {
        const answer = await fetch(new URL(`${path}${isRsc ? '?_rsc' : ''}`, app.url), { redirect: 'manual', headers: { cookie, ...(isRsc && { rsc: '1' }) } });
        const text = await answer.text();
        expect(`${String(answer.headers.get('location'))} ${text}`, `${path} ${String(isRsc)}`).toContain('/sign-in');
        expect(text).not.toMatch(/Is every calendar fresh|Newest first|No alarm is open|newest first/);
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
  // Without scripts the form of a server action is a plain form, with the action's name in a hidden field.
  const html = await (await context.request.get('/')).text();
  const field = /<input type="hidden" name="(\$ACTION_[^"]+)"(?: value="([^"]*)")?/.exec(html);
  expect(field).not.toBeNull();
  const multipart = { [field?.[1] ?? '']: field?.[2] ?? '' };
  const refused = await context.request.post('/', { multipart, maxRedirects: 0, headers: { origin: 'https://evil.example' } });
  expect(refused.status()).toBeGreaterThanOrEqual(400);
  await page.goto('/');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const done = await context.request.post('/', { multipart, maxRedirects: 0, headers: { origin: app.url } });
  expect(done.headers().location).toMatch(/\/sign-in$/);
});
