/**
 * A day of the app with known secrets, good answers first and then providers that say every token again. Afterwards the
 * whole database as text, everything that was logged and everything that was answered are searched for them.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCredentialKeys, quotaKeyOf, sealCredential, type CredentialOwner } from '@/lib/credentials';
import { createDb, type Db } from '@/lib/db';
import { createFollowUp, makeWebhookPath } from '@/lib/followups';
import { addApiKey } from '@/lib/reader/keys';
import { startSimulator, type Simulator } from '../../scripts/simulator/server';
import { workspacesProgram } from '../../scripts/workspaces/program';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';
import { parseEnv } from '@/lib/env';
import { addWorkspace } from '../support/cache';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startEchoingProvider, WAY_COUNT, type EchoingProvider } from './echoing-provider';

const secret = (name: string): string => `${name}-${randomBytes(24).toString('hex')}`;
const key = (id: string): { id: string; base64: string } => ({ id, base64: randomBytes(32).toString('base64') });
const [newKey, oldKey] = [key('k2'), key('k1')];

/** What must be found nowhere. The official APIs' tokens are added as they are made. */
const planted: Record<string, string> = {
  CRON_SECRET: secret('cron'), CRON_SECRET_PREVIOUS: secret('cronbefore'), CONSOLE_PASSWORD: secret('password'), 'the new credentials key': newKey.base64, 'the old credentials key': oldKey.base64,
  'calendly token': secret('calendly'), 'hubspot token': secret('hubspot'), 'ghl token': secret('ghl'), 'emailbison token': secret('emailbison'), "the webhook's signing secret": secret('signing'), "an alarm's address": `https://hooks.example.com/${secret('alarm')}`,
};
const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const;
const URLS = { calendly: 'https://calendly.com/acme/intro', hubspot: 'https://meetings.hubspot.com/acme/intro', ghl: 'https://api.leadconnectorhq.com/widget/booking/AbCdEfGhIjKlMnOpQrSt' };

let database: TestDatabase;
let db: Db;
let sim: Simulator;
let echo: EchoingProvider;
let folder: string;
/** Everything that left the processes. */
const answers: string[] = [];
const logs: string[] = [];

beforeAll(async () => {
  [database, sim, echo] = await Promise.all([createTestDatabase(), startSimulator(), startEchoingProvider((token) => token.split('-')[0] ?? '')]);
  db = createDb(database.url, { poolMax: 4 });
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  await aDay();
}, 240_000);
afterAll(async () => {
  await db.$disconnect();
  await Promise.all([sim.close(), echo.close(), rm(folder, { recursive: true, force: true })]);
  await database.drop();
});

async function addCredential(clientId: string, provider: CredentialOwner['provider'], token: string, baseUrl?: string): Promise<void> {
  const keys = parseCredentialKeys(`${oldKey.id}:${oldKey.base64}`);
  await db.providerCredential.create({ data: { clientId, provider, baseUrl: baseUrl ?? null, quotaKey: quotaKeyOf(provider, token), ...sealCredential(keys, { clientId, provider }, token) } });
}

async function aDay(): Promise<void> {
  // Good calendars with tokens of the simulator, for the first hours.
  for (const provider of PROVIDERS) {
    const id = `good-${provider}`;
    const { url } = sim.addCalendar({ id, provider, zone: 'UTC' });
    await addWorkspace(db, { id, agencyId: 'agency-a', url, type: provider });
    planted[`${provider} token of the simulator`] = sim.calendar(id).token;
    await addCredential(id, provider, sim.calendar(id).token);
  }
  // Others whose providers say what they are sent; enough of each that every way is met.
  for (const provider of PROVIDERS) {
    for (let i = 0; i < 4; i += 1) {
      const id = `${provider}-${String(i)}`;
      await addWorkspace(db, { id, agencyId: 'agency-a', url: URLS[provider], type: provider });
      await addCredential(id, provider, planted[`${provider} token`] ?? '');
    }
  }
  const base = { leadEmail: 'lee@buyer.example', dueAt: Date.now() - 60_000, template: 'Would {{options}} work?' };
  await db.workspaceSettings.updateMany({ where: { clientId: { startsWith: 'good-' } }, data: { followUpsEnabled: true, firstTouchEnabled: true, firstTouchMinNoticeMinutes: 0 } });
  for (const provider of PROVIDERS) {
    await addCredential(`good-${provider}`, 'emailbison', planted['emailbison token'] ?? '', echo.origin);
    await addCredential(`good-${provider}`, 'webhook', planted["the webhook's signing secret"] ?? '', `${echo.origin}/hook`);
    for (let i = 0; i < 4; i += 1) {
      await createFollowUp(db, { ...base, leadEmail: `lee${String(i)}@buyer.example`, workspaceId: `good-${provider}`, channel: 'emailbison_reply', thread: { replyId: i + 1, replyAll: true }, externalId: `b${String(i)}` });
      await createFollowUp(db, { ...base, leadEmail: `pat${String(i)}@buyer.example`, workspaceId: `good-${provider}`, channel: 'webhook', externalId: `w${String(i)}` });
    }
  }
  const sealed = sealCredential(parseCredentialKeys(`${oldKey.id}:${oldKey.base64}`), { clientId: 'alarm-route:agency:slack:agency-a', provider: 'webhook' }, planted["an alarm's address"] ?? '');
  await db.alarmRoute.create({ data: { scope: 'agency', scopeId: 'agency-a', channel: 'slack', ...sealed } });
  const { key: apiKey } = await addApiKey(db, 'agency-a');
  // Its beginning is shown in lists.
  planted['an API key'] = apiKey.slice(10);
  const webhookPath = await makeWebhookPath(db, 'good-calendly');
  planted["a webhook's address"] = webhookPath.split('/').at(-1) ?? '';

  const cronHeaders = { authorization: `Bearer ${planted.CRON_SECRET ?? ''}` };
  const before = { 'x-cron-secret': planted.CRON_SECRET_PREVIOUS ?? '' };
  const wrong = { authorization: `Bearer ${planted.CONSOLE_PASSWORD ?? ''}` };
  const asA = { authorization: `Bearer ${apiKey}` };
  const get = (path: string, headers: Record<string, string>) => ({ method: 'GET', path, headers });
  const event = JSON.stringify({ event: { type: 'LEAD_REPLIED' }, data: { reply: { id: 1 } } });
  const one = [
    get('/api/cron/availability', cronHeaders), get('/api/cron/availability?mode=due', before), get('/api/cron/availability', wrong), get(`/api/cron/availability?limit=${planted.CRON_SECRET ?? ''}`, wrong),
    get('/api/cron/availability?workspaceId=good-ghl', cronHeaders), get('/api/cron/followups', cronHeaders), get('/api/cron/emailbison/availability-slot', cronHeaders), get('/api/cron/emailbison/availability-slot?dryRun=true', cronHeaders),
    get('/api/health', cronHeaders), get('/api/health', {}), get('/api/openapi.json', {}),
    ...['good-calendly', 'good-hubspot', 'calendly-0', 'hubspot-1', 'ghl-2', 'nobody'].map((id) => get(`/api/availability/${id}?tz=Europe/Berlin`, asA)), get('/api/availability', asA), get('/api/availability', { authorization: `Bearer ${apiKey}x` }),
    { method: 'PUT', path: '/api/bookings/one', headers: asA, body: JSON.stringify({ workspaceId: 'good-ghl', startsAt: '2027-03-01T09:00:00Z', endsAt: '2027-03-01T10:00:00Z' }) },
    { method: 'PUT', path: '/api/bookings/two', headers: asA, body: '{"workspaceId":' }, { method: 'DELETE', path: '/api/bookings/one', headers: asA },
    { method: 'POST', path: '/api/followups', headers: asA, body: JSON.stringify({ workspaceId: 'good-ghl', leadEmail: 'kim@buyer.example', dueAt: '2027-03-01T09:00:00Z', channel: 'webhook' }) },
    ...[1, 2, 3].map(() => ({ method: 'POST', path: webhookPath, headers: {}, body: event })), { method: 'POST', path: `${webhookPath}x`, headers: {}, body: event },
  ];
  // Morning: the simulator answers. Then, turn by turn, the other one; then a database that is gone, and variables that are wrong.
  await run(one, { ...sim.env });
  const origins = Object.fromEntries(['CALENDLY_BOOKING_ORIGIN', 'CALENDLY_API_ORIGIN', 'HUBSPOT_MEETINGS_ORIGIN', 'HUBSPOT_API_ORIGIN', 'GHL_BACKEND_ORIGIN', 'GHL_BOOKING_ORIGIN', 'GHL_API_ORIGIN'].map((name) => [name, echo.origin]));
  const crons = ['/api/cron/availability', '/api/cron/followups', '/api/cron/emailbison/availability-slot'].map((path) => get(path, cronHeaders));
  await run([...Array.from({ length: 5 }, () => crons).flat(), ...one, ...crons], { ...origins, OUTBOUND_ALLOW_HOSTS: new URL(echo.origin).host, QUOTA_SHARE_PERCENT: '100' });
  const few = [crons[0], one[2], one[8], one[9], one[12], one.at(-1)].filter((call) => call !== undefined);
  await run(few, { ...origins, DATABASE_URL: 'postgresql://nobody:a-password-0123456789abcdef@127.0.0.1:1/none', DIRECT_DATABASE_URL: '' });
  planted["the database's password"] = 'a-password-0123456789abcdef';
  await run([...crons, ...few], { ...origins, CREDENTIALS_KEY: `k9:${newKey.base64}`, CRON_SECRET_PREVIOUS: 'short' });
  await cli();
}

/** Calls the routes in a process of their own, whose environment and output are theirs alone. */
async function run(calls: object[], more: Record<string, string>): Promise<void> {
  const file = join(folder, 'calls.json');
  await writeFile(file, JSON.stringify(calls));
  // Between two turns everything is due again, or this day would be a year.
  const waiting = setInterval(() => void makeDue().catch(() => undefined), 300);
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'planted-secrets-child.ts'), file], {
    cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH, NODE_ENV: 'test', LOG_LEVEL: 'debug', DATABASE_URL: database.url, CREDENTIALS_KEY: `${newKey.id}:${newKey.base64},${oldKey.id}:${oldKey.base64}`,
      CRON_SECRET: planted.CRON_SECRET, CRON_SECRET_PREVIOUS: planted.CRON_SECRET_PREVIOUS, CONSOLE_PASSWORD: planted.CONSOLE_PASSWORD, ...more,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { logs.push(chunk.toString()); });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(waiting);
  for (const line of output.split('\n')) (line.startsWith('ANSWER ') ? answers : logs).push(line);
  expect(code, logs.slice(-5).join('\n')).toBe(0);
}

async function makeDue(): Promise<void> {
  await db.workspaceAvailabilityStatus.updateMany({ where: { clientId: { not: { startsWith: 'good-' } } }, data: { retryAt: null, staleAt: new Date(0) } });
  await db.$executeRaw`DELETE FROM "ProviderHost"`;
  await db.followUp.updateMany({ where: { state: 'pending' }, data: { nextAttemptAt: new Date(0) } });
}

async function cli(): Promise<void> {
  for (const args of [['list', '--json'], ['show', 'calendly-0'], ['show', 'good-ghl', '--json'], ['followups', 'list', 'good-calendly', '--json'], ['first-touch', 'show', 'good-calendly', '--json'], ['key', 'list', 'agency-a', '--json']]) {
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
    expect(answers.length).toBeGreaterThan(80);
    expect(new Set(answers.map((line) => /"status":(\d+)/.exec(line)?.[1]))).toEqual(new Set(['200', '201', '400', '401', '404', '503', undefined]));
    expect(await db.workspaceAvailabilityCache.count()).toBe(3);
    const kinds = await db.workspaceAvailabilityStatus.groupBy({ by: ['errorKind'] });
    expect(kinds.length).toBeGreaterThanOrEqual(2);
    for (const vendor of ['calendly', 'hubspot', 'ghl', 'emailbison']) {
      for (let way = 0; way < WAY_COUNT; way += 1) expect([...echo.said]).toContain(`${vendor} ${String(way)}`);
    }
    expect(logs.join('\n')).toContain('"event":"cron_run"');
  });

  it('the whole database as text holds none', async () => { expect(found(await wholeDatabase())).toEqual([]); });
  it('all logs hold none', () => { expect(found(logs.join('\n'))).toEqual([]); });
  it('all answers hold none', () => {
    // The paths that were asked are not what was answered.
    expect(found(answers.map((line) => line.replace(/^ANSWER \{"path":"[^"]*"/, '')).join('\n'))).toEqual([]);
  });
  it('this search would find them', () => {
    for (const [name, plain] of Object.entries(planted)) {
      expect(found(`x ${plain} y`).join()).toContain(name);
      expect(found(`x ${Buffer.from(plain).toString('hex')} y`).join()).toContain(name);
      expect(found(`x ${Buffer.from(plain).toString('base64')} y`).join()).toContain(name);
    }
  });
});
