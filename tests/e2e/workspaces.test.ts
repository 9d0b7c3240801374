import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareOffer } from '@/lib/slots/offers';
import { addLeads, requestOf } from '../integration/slots/workspace';
import { PASSWORD, PHONE, seriousAxeFindings, sidewaysOverflow, startConsole, type Console } from '../support/browser';
import { addWorkspace } from '../support/cache';

let app: Console;
let ids: string[];
let operator: Page;
const GOOD = 'w-calendly-0';

beforeAll(async () => {
  app = await startConsole();
  ids = await app.stage.addWorkspaces(2);
  await app.stage.sweep(0);
  operator = (await app.signedIn()).page;
});
afterAll(() => app.close());

const stateOnPage = (page: Page, state: string) => page.locator('.page-head .badge', { hasText: state });

it('an operator signs in, finds a failing workspace, reads why, repairs its link, refreshes, and sees it fresh', async () => {
  await addWorkspace(app.stage.db, { id: 'acme', agencyId: 'north', url: 'https://calendly.com/nobody/nothing', type: 'calendly' });
  await app.stage.sweep(0);
  const { page, errors } = await app.newPage();
  await page.goto('/workspaces');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That is not the password.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();

  await page.getByLabel('Search').fill('acm');
  await page.waitForURL('**/workspaces?q=acm');
  const row = page.getByRole('row', { name: /acme/ });
  await row.getByText('misconfigured').waitFor();
  await row.getByRole('link', { name: 'acme' }).click();

  const trouble = page.getByRole('region', { name: 'What is the matter' });
  await trouble.getByText(/Calendly/).waitFor();
  await trouble.getByText(/Ask for the current link and set it/).waitFor();

  const link = page.getByLabel('Booking link');
  await link.fill('no link at all');
  const save = page.getByRole('region', { name: 'Configuration' }).getByRole('button', { name: 'Save' }).first();
  await save.click();
  await page.getByText(/must be a booking link that begins with https/).waitFor();
  expect(await link.getAttribute('aria-invalid')).toBe('true');
  expect(await link.inputValue()).toBe('no link at all');

  await link.fill(app.stage.sim.addCalendar({ id: 'acme', provider: 'calendly', zone: 'Europe/Paris' }).url);
  await save.click();
  await page.getByText(/^Saved\. The next sweep/).waitFor();
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByText(/Read \d+ slots in .*; they changed/).waitFor();
  await stateOnPage(page, 'fresh').waitFor();

  const deeds = page.getByRole('region', { name: 'Done by operators' });
  await deeds.getByText(/^Refreshed/).waitFor();
  await deeds.getByText(/^Changed/).waitFor();
  expect(await app.stage.db.auditEntry.count({ where: { subject: 'acme', actor: 'console' } })).toBe(2);
  expect(errors).toEqual([]);
});

describe('why not', () => {
  async function ask(workspace: string, at: Date | string): Promise<Page> {
    const time = typeof at === 'string' ? at : at.toISOString();
    await operator.goto(`/why-not?workspace=${encodeURIComponent(workspace)}&at=${encodeURIComponent(time)}`);
    await operator.getByRole('region', { name: 'Answer' }).getByText('Nearest open times').waitFor();
    return operator;
  }
  const openSlots = async (): Promise<Date[]> => (await app.stage.db.workspaceAvailabilityCache.findUniqueOrThrow({ where: { clientId: GOOD } })).slotsUtc.filter((slot) => slot.getTime() > Date.now() + 86_400_000);
  const verdict = (page: Page, words: string) => page.getByRole('region', { name: 'Answer' }).locator('.badge', { hasText: words });

  it('is reached from a workspace, filled in, and asks for what is missing', async () => {
    await operator.goto(`/workspaces/${GOOD}`);
    await operator.getByRole('link', { name: 'Why not?' }).last().click();
    await operator.waitForURL(/why-not\?workspace=/);
    expect(await operator.getByLabel('Workspace').inputValue()).toBe(GOOD);
    await operator.getByLabel('Time, on its own clock').fill('2020-01-01T10:00');
    await operator.getByRole('button', { name: 'Ask' }).click();
    await verdict(operator, 'past').waitFor();
  });

  it('says that a time is booked, and by whom', async () => {
    const [slot = new Date()] = (await openSlots()).slice(-1);
    const [lead] = await addLeads(app.stage.db, GOOD, 1);
    await app.stage.db.booking.create({ data: { clientId: GOOD, leadId: lead ?? null, startsAt: slot, endsAt: new Date(slot.getTime() + 1_800_000), source: 'crm', externalId: 'b-1' } });
    const page = await ask(GOOD, slot);
    await verdict(page, 'booked').waitFor();
    await page.getByText(/booked by lead-0.*from crm/).waitFor();
  });

  it('says that a time was offered already, and to whom', async () => {
    const [lead = ''] = await addLeads(app.stage.db, GOOD, 1);
    const offer = await prepareOffer(app.stage.db, requestOf(GOOD, lead, { sendAtMs: Date.now(), minNoticeMinutes: 3 * 24 * 60 }));
    const [first] = offer.kind === 'prepared' ? offer.offers : [];
    expect(first).toBeDefined();
    const page = await ask(GOOD, new Date(first?.startMs ?? 0));
    await verdict(page, 'already offered').waitFor();
  });

  it('says that the provider never returned a time, with the run that read the calendar', async () => {
    const [slot = new Date()] = await openSlots();
    const night = new Date(Date.UTC(slot.getUTCFullYear(), slot.getUTCMonth(), slot.getUTCDate() + 1, 1, 0));
    const page = await ask(GOOD, night);
    await verdict(page, 'not open at the provider').waitFor();
    await page.getByRole('region', { name: 'Answer' }).locator('a[href^="/runs/"]').click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  });

  it('says that no meeting begins at a time beside an open one', async () => {
    const [slot = new Date()] = await openSlots();
    await verdict(await ask(GOOD, new Date(slot.getTime() + 60_000)), 'no start of a meeting').waitFor();
  });

  it('says that nothing is known, and why, while a workspace was never read', async () => {
    await addWorkspace(app.stage.db, { id: 'unread', url: 'https://calendly.com/a/b', type: 'calendly' });
    const page = await ask('unread', new Date(Date.now() + 86_400_000));
    await verdict(page, 'not known well enough').waitFor();
    await page.getByText(/has not been read successfully yet/).waitFor();
  });
});

it('everything is done by keyboard alone: search, open, come back, select, pause and resume', async () => {
  const { page } = await app.signedIn();
  await page.goto('/workspaces?sort=name');
  await page.getByRole('row', { name: /w-ghl-0/ }).waitFor();
  // The page is there before its keys are.
  await expect.poll(async () => {
    await page.keyboard.press('/');
    return await page.evaluate(() => document.activeElement?.tagName);
  }, { timeout: 15_000 }).toBe('INPUT');
  await page.keyboard.type('w-hub');
  await page.waitForURL(/q=w-hub/);
  await page.getByText('2 workspaces').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/workspaces/w-hubspot-0');
  await page.goBack();
  await page.getByText('2 workspaces').waitFor();
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
  const bar = page.getByRole('region', { name: 'Selected workspaces' });
  await bar.getByText('2 workspaces', { exact: true }).waitFor();
  const reach = async (name: string): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      if (await page.evaluate((wanted) => document.activeElement?.tagName === 'BUTTON' && document.activeElement.textContent === wanted, name)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`${name} was not reached by Tab`);
  };
  await reach('Pause');
  await page.keyboard.press('Enter');
  await reach('Pause 2 workspaces');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /w-hubspot-1.*paused/ }).waitFor();
  expect(await app.stage.db.workspaceSettings.count({ where: { clientId: { startsWith: 'w-hubspot' }, pausedAt: { not: null } } })).toBe(2);
  await page.getByRole('checkbox', { name: 'Select all on this page' }).press('Space');
  await reach('Resume');
  await page.keyboard.press('Enter');
  await reach('Resume 2 workspaces');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /w-hubspot-1.*(fresh|stale)/ }).waitFor();
});

it('many are refreshed at once, with progress, and one that fails is named', async () => {
  await addWorkspace(app.stage.db, { id: 'w-broken', url: 'https://calendly.com/nobody/nothing', type: 'calendly' });
  await operator.goto('/workspaces?q=w-');
  await operator.getByRole('checkbox', { name: 'Select all on this page' }).check();
  await operator.getByRole('region', { name: 'Selected workspaces' }).getByRole('button', { name: 'Refresh' }).click();
  await operator.getByRole('button', { name: `Refresh ${ids.length + 1} workspaces` }).click();
  await operator.getByText(`${ids.length + 1} of ${ids.length + 1} read, 1 without success.`).waitFor();
  await operator.getByRole('dialog').getByText('w-broken').waitFor();
  expect(await app.stage.db.auditEntry.findFirst({ where: { action: 'workspaces.refresh' } })).toMatchObject({ details: { refreshed: ids.length, failed: 1 } });
});

it('a change without a session, or asked for by another site, is refused and changes nothing', async () => {
  await operator.goto(`/workspaces/${GOOD}`);
  const sent = operator.waitForRequest((request: Request) => request.headers()['next-action'] !== undefined);
  await operator.getByRole('button', { name: 'Pause', exact: true }).click();
  await operator.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  const request = await sent;
  await stateOnPage(operator, 'paused').waitFor();
  await app.stage.db.workspaceSettings.update({ where: { clientId: GOOD }, data: { pausedAt: null } });
  await app.stage.db.auditEntry.deleteMany();

  const headers = await request.allHeaders();
  const replay = async (changes: Record<string, string>): Promise<number> => {
    const kept = Object.fromEntries(['next-action', 'content-type', 'accept', 'cookie', 'origin', 'next-router-state-tree'].flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
    return (await fetch(request.url(), { method: 'POST', redirect: 'manual', headers: { ...kept, ...changes }, body: request.postDataBuffer() as BodyInit | null })).status;
  };
  expect(await replay({ origin: 'https://evil.example' })).toBeGreaterThanOrEqual(400);
  await replay({ cookie: '' });
  const bulk = (changes: Record<string, string>): Promise<number> => fetch(new URL('/workspaces/refresh', app.url), {
    method: 'POST', redirect: 'manual', headers: { cookie: headers.cookie ?? '', origin: app.url, ...changes }, body: JSON.stringify({ ids: [GOOD], requestId: crypto.randomUUID() }),
  }).then(({ status }) => status);
  expect(await bulk({ origin: 'https://evil.example' })).toBe(403);
  expect(await bulk({ cookie: '' })).toBe(401);
  expect(await app.stage.db.auditEntry.count()).toBe(0);
  expect((await app.stage.db.workspaceSettings.findUniqueOrThrow({ where: { clientId: GOOD } })).pausedAt).toBeNull();
  // The same, from our page and signed in, is done: what was refused above was not refused for another reason.
  expect(await replay({})).toBe(200);
  expect(await app.stage.db.auditEntry.count()).toBe(1);
  await app.stage.db.workspaceSettings.update({ where: { clientId: GOOD }, data: { pausedAt: null } });
});

describe('every page', () => {
  const PAGES = ['/', '/workspaces', '/workspaces?q=nothing-is-called-so', `/workspaces/${GOOD}`, '/workspaces/unread', '/why-not', `/why-not?workspace=${GOOD}&at=2020-01-01T10:00`, '/runs', '/alarms', '/audit'];

  it.each([['light', {}], ['dark', { colorScheme: 'dark' }], ['on a phone', PHONE]] as const)('has nothing that axe finds serious, %s, and never scrolls sideways', async (_, options) => {
    const { page, errors } = await app.signedIn(options);
    for (const path of PAGES) {
      await page.goto(path);
      await page.locator('.reading').first().waitFor({ state: 'detached' });
      expect(await seriousAxeFindings(page), path).toEqual([]);
      expect(await sidewaysOverflow(page), path).toBe(0);
    }
    expect(errors).toEqual([]);
  });
});
