/**
 * A day of the built app with known secrets, good answers first and then providers that say every token again. Afterwards the
 * whole database as text, everything that was logged and everything that was answered are searched for them.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseCredentialKeys, quotaKeyOf, sealCredential, type CredentialOwner } from '@/lib/credentials';
import { createDb, type Db } from '@/lib/db';
import { createFollowUp, makeWebhookPath } from '@/lib/followups';
import { addApiKey } from '@/lib/reader/keys';
import { startSimulator, type Simulator } from '../../scripts/simulator/server';
import { workspacesProgram } from '../../scripts/workspaces/program';
import { parseEnv } from '@/lib/env';
import { addWorkspace } from '../support/cache';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { ensureBuilt, startServer } from '../support/server';
import { startEchoingProvider, WAY_COUNT, type EchoingProvider } from './echoing-provider';
import { progress } from './sizes';

const secret = (name: string): string => `${name}-${randomBytes(24).toString('hex')}`;
const key = (id: string): { id: string; base64: string } => ({ id, base64: randomBytes(32).toString('base64') });
const [newKey, oldKey] = [key('k2'), key('k1')];

/** What must be found nowhere. The official APIs' tokens are added as they are made. */
const planted: Record<string, string> = {
  CRON_SECRET: secret('cron'), CRON_SECRET_PREVIOUS: secret('cronbefore'), CONSOLE_PASSWORD: secret('password'), 'the new credentials key': newKey.base64, 'the old credentials key': oldKey.base64,
  'calendly token': secret('calendly'), 'hubspot token': secret('hubspot'), 'ghl token': secret('ghl'), 'emailbison token': secret('emailbison'), "the webhook's signing secret": secret('signing'), "an agency's alarm address": secret('alarm'), 'the alarm address of the app': secret('alarm'), "the dead man's switch's address": secret('heartbeat'),
};
const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const;
const URLS = { calendly: 'https://calendly.com/acme/intro', hubspot: 'https://meetings.hubspot.com/acme/intro', ghl: 'https://api.leadconnectorhq.com/widget/booking/AbCdEfGhIjKlMnOpQrSt' };
const SESSION_COOKIE = /(?<=console=)([^;]+)/;
/** Each way is met within a few. */
const MOST_HOURS = 12;

let database: TestDatabase;
let db: Db;
let sim: Simulator;
let echo: EchoingProvider;
/** Everything that left the processes. */
const answers: string[] = [];
const logs: string[] = [];
/** `status path`, of every answer. */
const seen = new Set<string>();
let processes = 0;

interface Call {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | FormData;
}

beforeAll(async () => {
  await ensureBuilt();
  [database, sim, echo] = await Promise.all([createTestDatabase(), startSimulator(), startEchoingProvider((token) => token.split('-')[0] ?? '')]);
  db = createDb(database.url, { poolMax: 4 });
  await aDay();
}, 240_000);
afterAll(async () => {
  await db.$disconnect();
  await Promise.all([sim.close(), echo.close()]);
  await database.drop();
});

async function addCredential(clientId: string, provider: CredentialOwner['provider'], token: string, baseUrl?: string): Promise<void> {
  const keys = parseCredentialKeys(`${oldKey.id}:${oldKey.base64}`);
  await db.providerCredential.create({ data: { clientId, provider, baseUrl: baseUrl ?? null, quotaKey: quotaKeyOf(provider, token), ...sealCredential(keys, { clientId, provider }, token) } });
}

/** Good calendars with tokens of the simulator, and leads to write to. */
async function addGoodWorkspaces(): Promise<void> {
  for (const provider of PROVIDERS) {
    const id = `good-${provider}`;
    const { url } = sim.addCalendar({ id, provider, zone: 'UTC' });
    await addWorkspace(db, { id, agencyId: 'agency-a', url, type: provider });
    planted[`${provider} token of the simulator`] = sim.calendar(id).token;
    await addCredential(id, provider, sim.calendar(id).token);
    await addCredential(id, 'emailbison', planted['emailbison token'] ?? '', echo.origin);
    await addCredential(id, 'webhook', planted["the webhook's signing secret"] ?? '', `${echo.origin}/hook`);
  }
  await db.workspaceSettings.updateMany({ data: { followUpsEnabled: true, firstTouchEnabled: true, firstTouchMinNoticeMinutes: 0 } });
  const base = { dueAt: Date.now() - 60_000, template: 'Would {{options}} work?' };
  for (const provider of PROVIDERS) {
    for (let i = 0; i < 4; i += 1) {
      await createFollowUp(db, { ...base, leadEmail: `lee${String(i)}@buyer.example`, workspaceId: `good-${provider}`, channel: 'emailbison_reply', thread: { replyId: i + 1, replyAll: true }, externalId: `b${String(i)}` });
      await createFollowUp(db, { ...base, leadEmail: `pat${String(i)}@buyer.example`, workspaceId: `good-${provider}`, channel: 'webhook', externalId: `w${String(i)}` });
    }
  }
}

/** Others, whose providers say what they are sent. */
async function addBadWorkspaces(): Promise<void> {
  for (const provider of PROVIDERS) {
    for (let i = 0; i < 4; i += 1) {
      const id = `${provider}-${String(i)}`;
      await addWorkspace(db, { id, agencyId: 'agency-a', url: URLS[provider], type: provider });
      await addCredential(id, provider, planted[`${provider} token`] ?? '');
    }
  }
  // A paid user's limit, as the vendor's headers would have told: at a free one's pace each turn would take a quarter of a minute.
  await db.quotaBucket.create({ data: { quotaKey: quotaKeyOf('calendly', planted['calendly token'] ?? ''), provider: 'calendly', nextFreeAt: new Date(), dayStartedAt: new Date(), learnedLimit: 500 } });
  const owner = { clientId: 'alarm-route:agency:slack:agency-a', provider: 'webhook' } as const;
  const sealed = sealCredential(parseCredentialKeys(`${oldKey.id}:${oldKey.base64}`), owner, `${echo.origin}/alarm/${planted["an agency's alarm address"] ?? ''}`);
  await db.alarmRoute.create({ data: { scope: 'agency', scopeId: 'agency-a', channel: 'slack', ...sealed } });
}

async function aDay(): Promise<void> {
  await addGoodWorkspaces();
  const { key: apiKey } = await addApiKey(db, 'agency-a');
  // Its beginning is shown in lists.
  planted['an API key'] = apiKey.slice(10);
  const webhookPath = await makeWebhookPath(db, 'good-calendly');
  planted["a webhook's address"] = webhookPath.split('/').at(-1) ?? '';

  const asCron = { authorization: `Bearer ${planted.CRON_SECRET ?? ''}` };
  const before = { 'x-cron-secret': planted.CRON_SECRET_PREVIOUS ?? '' };
  const wrong = { authorization: `Bearer ${planted.CONSOLE_PASSWORD ?? ''}` };
  const asA = { authorization: `Bearer ${apiKey}` };
  const event = JSON.stringify({ event: { type: 'LEAD_REPLIED' }, data: { reply: { id: 1 } } });
  const crons: Call[] = ['/api/cron/availability', '/api/cron/followups', '/api/cron/emailbison/availability-slot', '/api/cron/watch'].map((path) => ({ path, headers: asCron }));
  const everything: Call[] = [
    ...crons, ...crons.map(({ path }) => ({ path, headers: wrong })), { path: '/api/cron/availability?mode=due', headers: before }, { path: `/api/cron/availability?limit=${planted.CRON_SECRET ?? ''}`, headers: wrong },
    { path: '/api/cron/availability?workspaceId=good-ghl', headers: asCron }, { path: '/api/cron/availability?workspaceId=hubspot-3', headers: asCron }, { path: '/api/cron/emailbison/availability-slot?dryRun=true', headers: asCron },
    { path: '/api/metrics', headers: asCron }, { path: '/api/metrics', headers: wrong }, { path: '/api/health', headers: asCron }, { path: '/api/health' }, { path: '/api/openapi.json' },
    ...['good-calendly', 'good-hubspot', 'calendly-0', 'hubspot-1', 'ghl-2', 'nobody'].map((id) => ({ path: `/api/availability/${id}?tz=Europe/Berlin`, headers: asA })), { path: '/api/availability', headers: asA }, { path: '/api/availability', headers: { authorization: `Bearer ${apiKey}x` } },
    { method: 'PUT', path: '/api/bookings/one', headers: asA, body: JSON.stringify({ workspaceId: 'good-ghl', startsAt: '2027-03-01T09:00:00Z', endsAt: '2027-03-01T10:00:00Z' }) },
    { method: 'PUT', path: '/api/bookings/two', headers: asA, body: '{"workspaceId":' }, { method: 'DELETE', path: '/api/bookings/one', headers: asA },
    { method: 'POST', path: '/api/followups', headers: asA, body: JSON.stringify({ workspaceId: 'good-ghl', leadEmail: 'kim@buyer.example', dueAt: '2027-03-01T09:00:00Z', channel: 'webhook' }) },
    ...[1, 2, 3].map(() => ({ method: 'POST', path: webhookPath, body: event })), { method: 'POST', path: `${webhookPath}x`, body: event },
  ];
  const few = [...crons, ...everything.filter(({ path }) => /^\/api\/(?:metrics|health|availability)/.test(path))];

  // Morning: the simulator answers, and a good sweep tells the dead man's switch.
  const alsoEcho = `${sim.env.OUTBOUND_ALLOW_HOSTS ?? ''},${new URL(echo.origin).host}`;
  await onServer({ ...sim.env, OUTBOUND_ALLOW_HOSTS: alsoEcho }, async (call) => {
    for (const one of everything) await call(one);
    await seeConsole(call);
    await vi.waitUntil(() => [...echo.said].some((one) => one.startsWith('heartbeat ')), { timeout: 10_000 });
  });
  // Then the other provider, hour after hour until every way was met.
  await addBadWorkspaces();
  const origins = Object.fromEntries(['CALENDLY_BOOKING_ORIGIN', 'CALENDLY_API_ORIGIN', 'HUBSPOT_MEETINGS_ORIGIN', 'HUBSPOT_API_ORIGIN', 'GHL_BACKEND_ORIGIN', 'GHL_BOOKING_ORIGIN', 'GHL_API_ORIGIN'].map((name) => [name, echo.origin]));
  await onServer({ ...origins, OUTBOUND_ALLOW_HOSTS: new URL(echo.origin).host, QUOTA_SHARE_PERCENT: '100' }, async (call) => {
    for (let hour = 0; hour < MOST_HOURS && unmet().length > 0; hour += 1) {
      await letAnHourPass();
      for (const one of crons) await call(one);
    }
    for (const one of everything) await call(one);
    await seeConsole(call);
  });
  // A database that is gone, and variables that are wrong.
  planted["the database's password"] = 'a-password-0123456789abcdef';
  await onServer({ ...origins, DATABASE_URL: `postgresql://nobody:${planted["the database's password"]}@127.0.0.1:1/none` }, async (call) => {
    for (const one of few) await call(one);
    await seeConsole(call);
  });
  await onServer({ ...origins, CREDENTIALS_KEY: `k9:${newKey.base64}`, CRON_SECRET_PREVIOUS: 'short' }, async (call) => {
    for (const one of few) await call(one);
    await seeConsole(call);
  });
  await cli();
}

/** Ways of saying a token again that were not met yet. */
function unmet(): string[] {
  const wanted = [...PROVIDERS, 'emailbison'].flatMap((vendor) => Array.from({ length: WAY_COUNT }, (_, way) => `${vendor} ${String(way)}`));
  return wanted.filter((one) => !echo.said.has(one));
}

/** The app in a process of its own, whose environment is its alone; all that it answers and writes is kept. */
async function onServer(more: Record<string, string>, work: (call: (call: Call) => Promise<Response>) => Promise<void>): Promise<void> {
  processes += 1;
  const server = await startServer({
    onOutput: (text) => { logs.push(text); },
    env: {
      LOG_LEVEL: 'debug', DATABASE_URL: database.url, CREDENTIALS_KEY: `${newKey.id}:${newKey.base64},${oldKey.id}:${oldKey.base64}`,
      CRON_SECRET: planted.CRON_SECRET ?? '', CRON_SECRET_PREVIOUS: planted.CRON_SECRET_PREVIOUS ?? '', CONSOLE_PASSWORD: planted.CONSOLE_PASSWORD ?? '',
      HEARTBEAT_URL: `${echo.origin}/heartbeat/${planted["the dead man's switch's address"] ?? ''}`, ALARM_SLACK_WEBHOOK_URL: `${echo.origin}/alarm/${planted['the alarm address of the app'] ?? ''}`, ...more,
    },
  });
  try {
    await work(async ({ path, ...init }) => {
      const response = await fetch(new URL(path, server.url), { ...init, redirect: 'manual' });
      // A session belongs into its cookie, and nowhere else.
      const headers = [...response.headers].map(([name, value]) => [name, name === 'set-cookie' ? value.replace(SESSION_COOKIE, '') : value]);
      seen.add(`${String(response.status)} ${new URL(response.url).pathname}`);
      answers.push(JSON.stringify({ status: response.status, headers, body: await response.clone().text() }));
      return response;
    });
  } finally {
    await server.stop();
  }
}

/** Somebody signs in, with a wrong password first (another secret, pasted by mistake), and looks at every page. */
async function seeConsole(call: (call: Call) => Promise<Response>): Promise<void> {
  const page = await call({ path: '/sign-in' });
  const html = await page.text();
  const signIn = async (password: string): Promise<Response> => {
    // As a browser sends the form before its scripts run.
    const form = new FormData();
    for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g)) form.set(name, value.replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
    form.set('password', password);
    return await call({ method: 'POST', path: '/sign-in', headers: { origin: new URL(page.url).origin }, body: form });
  };
  await signIn(planted.CRON_SECRET ?? '');
  const [, token] = SESSION_COOKIE.exec((await signIn(planted.CONSOLE_PASSWORD ?? '')).headers.get('set-cookie') ?? '') ?? [];
  // Without a database nobody is let in; who is in already stays so.
  if (token !== undefined) planted["the operator's session"] = token;
  const headers = { cookie: `console=${planted["the operator's session"] ?? ''}`, origin: new URL(page.url).origin };
  const run = await db.cronRun.findFirst({ where: { job: 'availability' }, orderBy: { startedAt: 'desc' } });
  const paths = ['/', '/workspaces', '/workspaces?state=misconfigured', '/workspaces/good-ghl', ...PROVIDERS.map((provider) => `/workspaces/${provider}-1`), '/runs', `/runs/${run?.id ?? ''}`, '/alarms', '/audit', '/why-not', '/why-not?workspace=calendly-0&at=2027-03-01T09:00'];
  // Who is not signed in is sent away.
  for (const path of paths) expect((await call({ path, headers })).status, path).not.toBe(307);
  expect((await call({ path: '/workspaces' })).status).toBe(307);
  await call({ method: 'POST', path: '/workspaces/refresh', headers, body: JSON.stringify({ ids: ['good-calendly', 'calendly-2', 'hubspot-2', 'ghl-1'], requestId: randomUUID() }) });
}

/** Everything is due again, and what a vendor or a failure said of waiting is over: or this day would be a year. */
async function letAnHourPass(): Promise<void> {
  await db.workspaceAvailabilityStatus.updateMany({ where: { clientId: { not: { startsWith: 'good-' } } }, data: { retryAt: null, staleAt: new Date(0) } });
  await db.$executeRaw`DELETE FROM "ProviderHost"`;
  await db.$executeRaw`UPDATE "QuotaBucket" SET "blockedUntil" = NULL, "nextFreeAt" = now() - interval '1 hour'`;
  await db.followUp.updateMany({ where: { state: 'pending' }, data: { nextAttemptAt: new Date(0) } });
  await db.$executeRaw`UPDATE "AlarmNotice" SET "nextAttemptAt" = now() WHERE "deliveredAt" IS NULL`;
}

async function cli(): Promise<void> {
  for (const args of [['list', '--json'], ['show', 'calendly-0'], ['show', 'good-ghl', '--json'], ['followups', 'list', 'good-calendly', '--json'], ['first-touch', 'show', 'good-calendly', '--json'], ['key', 'list', 'agency-a', '--json'], ['alarm-route', 'list']]) {
    await workspacesProgram({
      withDatabase: (work) => work({ db, env: { ...parseEnv({}), DATABASE_URL: database.url } }), say: (line) => { answers.push(line); }, warn: (line) => { answers.push(line); },
      readFile: () => Promise.resolve(''), readSecret: () => Promise.resolve(''), endWith: () => undefined,
    }).parseAsync(args, { from: 'user' });
  }
}

/** Every row of every table, and what PostgreSQL itself remembers of statements. */
async function wholeDatabase(): Promise<string> {
  const tables = await db.$queryRaw<{ name: string }[]>`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;
  const texts = await Promise.all(tables.map(async ({ name }) => [name, await db.$queryRawUnsafe(`SELECT t::text AS row FROM ${name} t`)]));
  const running = await db.$queryRaw`SELECT query FROM pg_stat_activity WHERE datname = current_database()`;
  return JSON.stringify([texts, running]);
}

/** As it is, and as a URL, hexadecimal or base64 would carry it. Half of it is found, too. */
function formsOf(plain: string): string[] {
  const half = plain.slice(0, Math.max(16, Math.ceil(plain.length / 2)));
  return [...new Set([plain, half, plain.slice(-half.length), encodeURIComponent(plain), Buffer.from(half).toString('hex'), Buffer.from(half).toString('base64').replace(/.{0,3}=*$/, '')])];
}
const found = (text: string): string[] => Object.entries(planted).flatMap(([name, plain]) => formsOf(plain).filter((form) => text.includes(form)).map((form) => `${name}: …${text.slice(Math.max(0, text.indexOf(form) - 200), text.indexOf(form) + 60)}`));

describe('after a day with known secrets', () => {
  it('the day had it all: good sweeps, failures of every kind, tokens said in every way', async () => {
    progress(`${String(Object.keys(planted).length)} secrets, ${String(processes)} processes, ${String(answers.length)} answers; said: ${String(echo.said.size)} of vendors, ways`);
    expect(unmet()).toEqual([]);
    // The alarms and, after an answer, the dead man's switch: their addresses were asked, and said again.
    for (const one of ['alarm 0', 'heartbeat 0']) expect([...echo.said]).toContain(one);
    expect([...seen]).toEqual(expect.arrayContaining([
      '200 /api/cron/availability', '401 /api/cron/availability', '503 /api/cron/availability', '400 /api/bookings/two', '201 /api/bookings/one', '200 /api/cron/watch', '200 /api/metrics', '200 /sign-in', '303 /sign-in', '307 /workspaces',
      '200 /', '200 /runs', '200 /alarms', '200 /audit', '200 /why-not', '200 /workspaces/good-ghl', '200 /workspaces/refresh', ...PROVIDERS.flatMap((provider) => [`404 /workspaces/${provider}-1`, `200 /workspaces/${provider}-1`]),
    ]));
    expect(await db.alarm.count()).toBeGreaterThan(0);
    expect(planted).toHaveProperty("the operator's session");
    expect(await db.workspaceAvailabilityCache.count()).toBe(3);
    const kinds = await db.workspaceAvailabilityStatus.groupBy({ by: ['errorKind'] });
    expect(kinds.length).toBeGreaterThanOrEqual(2);
    expect(logs.join('\n')).toContain('"event":"cron_run"');
  });

  it('the whole database as text holds none', async () => { expect(found(await wholeDatabase())).toEqual([]); });
  it('all logs hold none', () => { expect(found(logs.join('\n'))).toEqual([]); });
  it('all answers hold none', () => { expect(found(answers.join('\n'))).toEqual([]); });
  it('this search would find them', () => {
    for (const [name, plain] of Object.entries(planted)) {
      expect(found(`x ${plain} y`).join()).toContain(name);
      expect(found(`x ${Buffer.from(plain).toString('hex')} y`).join()).toContain(name);
      expect(found(`x ${Buffer.from(plain).toString('base64')} y`).join()).toContain(name);
    }
  });
});
