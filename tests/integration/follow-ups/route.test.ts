/** The cron route, the API and the CLI of follow-ups. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cronRoute } from '@/lib/cron/cron-route';
import { createFollowUpsJob } from '@/lib/cron/followups-job';
import { openCredential, parseCredentialKeys } from '@/lib/credentials';
import { parseEnv, type Env } from '@/lib/env';
import { cancelFollowUp } from '@/lib/followups';
import { addApiKey } from '@/lib/reader/keys';
import { followUpsRoute } from '@/lib/reader/routes';
import { createContext } from '@/lib/refresh/context';
import { workspacesProgram } from '../../../scripts/workspaces/program';
import { createStage, followUp, KEY, type Stage } from './support';

const CRON = 'a cron secret for tests';
const NOWHERE = 'http://127.0.0.1:1';
let stage: Stage;
let env: Env;
beforeAll(async () => {
  stage = await createStage();
  env = parseEnv({
    ...Object.fromEntries(['CALENDLY_BOOKING_ORIGIN', 'CALENDLY_API_ORIGIN', 'HUBSPOT_MEETINGS_ORIGIN', 'HUBSPOT_API_ORIGIN', 'GHL_BACKEND_ORIGIN', 'GHL_BOOKING_ORIGIN', 'GHL_API_ORIGIN'].map((name) => [name, NOWHERE])),
    DATABASE_URL: stage.url, CRON_SECRET: CRON, CREDENTIALS_KEY: KEY, LOG_LEVEL: 'silent', AVAILABILITY_CRON_LIMIT: '0', OUTBOUND_ALLOW_HOSTS: stage.allowHosts.join(','),
  });
});
afterAll(async () => { await stage.close(); });
beforeEach(async () => { await stage.db.client.deleteMany(); });

describe('GET /api/cron/followups', () => {
  const hit = async (query = '', secret = CRON): Promise<{ status: number; body: Record<string, unknown> }> => {
    const handler = cronRoute(createFollowUpsJob(() => stage.context), { env: () => env, db: () => stage.db });
    const response = await handler(new Request(`https://app.test/api/cron/followups${query}`, { headers: { authorization: `Bearer ${secret}` } }));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('sends from a stale cache though AVAILABILITY_CRON_LIMIT is 0, refreshes nothing and says so', async () => {
    const workspaceId = await stage.addWorkspace();
    await stage.addFollowUps(workspaceId, 'webhook', 2);
    const before = await stage.db.workspaceAvailabilityStatus.findUniqueOrThrow({ where: { clientId: workspaceId } });
    await stage.db.workspaceAvailabilityStatus.update({ where: { clientId: workspaceId }, data: { staleAt: new Date(Date.now() - 600_000) } });
    expect(await hit()).toMatchObject({ status: 200, body: { success: true, skipped: false, sent: 2, availabilityRefresh: 'dedicated-cron', finishedWithinBudget: true } });
    expect(await stage.db.workspaceAvailabilityStatus.findUniqueOrThrow({ where: { clientId: workspaceId } })).toMatchObject({ fetchedAt: before.fetchedAt, refreshingUntil: null });
    expect(stage.sim.stats().byCalendar).toEqual({});
    expect(await stage.db.cronRun.findFirst({ where: { job: 'followups' } })).toMatchObject({ outcome: 'good' });
  });

  it('refuses a wrong secret and names a bad parameter', async () => {
    expect((await hit('', 'wrong')).status).toBe(401);
    expect(await hit('?timeBudgetMs=5')).toMatchObject({ status: 400, body: { parameter: 'timeBudgetMs' } });
    expect(await hit('?limit=5')).toMatchObject({ status: 400, body: { parameter: 'limit' } });
  });

  it('ends with its budget and loses no row: what it did not reach is due for the next run', async () => {
    const workspaceId = await stage.addWorkspace();
    await stage.addFollowUps(workspaceId, 'webhook', 20);
    const slow = stage.contextWith({ at: (step) => (step === 'claimed' ? new Promise((resolve) => setTimeout(resolve, 1_700)) : Promise.resolve()) });
    const report = await stage.run(slow, 3_000);
    expect(report).toMatchObject({ success: false, finishedWithinBudget: false });
    expect(report.durationMs).toBeLessThan(5_000);
    expect(report.claimed).toBeLessThan(20);
    await stage.letTimePass();
    const rest = await stage.run();
    expect(report.sent + rest.sent).toBe(20);
    expect(new Set(stage.receiver.received.map(({ key }) => key)).size).toBe(stage.receiver.received.length);
  });
});

describe('POST /api/followups', () => {
  const BODY = { leadEmail: 'Pat@Lead.test', dueAt: '2027-03-01T09:00:00+01:00', channel: 'webhook', externalId: 'mine-1', template: 'Would {{option1}} work?' };
  const post = async (key: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> => {
    const context = createContext(env, stage.db);
    const route = followUpsRoute(() => ({ db: stage.db, context }));
    const response = await route.POST(new Request('https://app.test/api/followups', { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) }));
    await context.transport.close();
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('adds one, for any number of repetitions at once, and keeps the first', async () => {
    const workspaceId = await stage.addWorkspace({ agencyId: 'north' });
    const { key } = await addApiKey(stage.db, 'north');
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(key, { ...BODY, workspaceId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({ leadEmail: 'pat@lead.test', dueAt: '2027-03-01T08:00:00.000Z', state: 'pending', externalId: 'mine-1' });
    expect(await post(key, { ...BODY, workspaceId, dueAt: '2028-01-01T00:00:00Z' })).toMatchObject({ status: 200, body: { dueAt: '2027-03-01T08:00:00.000Z' } });
  });

  it("another agency's workspace is a 404, and nothing is written", async () => {
    const workspaceId = await stage.addWorkspace({ agencyId: 'north' });
    await stage.addWorkspace({ agencyId: 'south' });
    const { key } = await addApiKey(stage.db, 'south');
    expect((await post(key, { ...BODY, workspaceId })).status).toBe(404);
    expect([await stage.db.lead.count(), await stage.db.followUp.count()]).toEqual([0, 0]);
  });

  it.each([
    ['template', { template: 'Would {{optoin1}} work?' }], ['template', { template: 'no times' }], ['thread', { channel: 'emailbison_reply' }], ['thread', { thread: 'a\u0000b' }], ['thread', { thread: '\ud800' }],
    ['dueAt', { dueAt: '2027-03-01' }], ['leadEmail', { leadEmail: 'pat' }], ['channel', { channel: 'fax' }], ['externalId', { externalId: 'a\u0000' }], ['leadTimezone', { leadTimezone: 'Mars/Base' }], ['more', { more: 1 }],
  ])('a bad %s is a 400 that names it: %j', async (field, more) => {
    const workspaceId = await stage.addWorkspace({ agencyId: 'north' });
    const { key } = await addApiKey(stage.db, 'north');
    expect(await post(key, { ...BODY, workspaceId, ...more })).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });
});

describe('npm run workspaces', () => {
  const said: string[] = [];
  const run = async (args: string[], input = ''): Promise<string> => {
    said.length = 0;
    const cli = {
      withDatabase: <T>(work: (script: { env: Env & { DATABASE_URL: string }; db: typeof stage.db }) => Promise<T>) => work({ env: { ...env, DATABASE_URL: stage.url }, db: stage.db }),
      say: (line: string) => { said.push(line); }, warn: (line: string) => { said.push(`! ${line}`); },
      readFile: () => Promise.resolve(input), readSecret: () => Promise.resolve(input), endWith: () => undefined,
    };
    await workspacesProgram(cli).exitOverride().parseAsync(args, { from: 'user' });
    return said.join('\n');
  };

  it('followups add, import, list, cancel, resolve, on, off', async () => {
    const id = await stage.addWorkspace({ settings: { followUpsEnabled: false } });
    expect(await run(['followups', 'add', id, '--email', 'a@b.test', '--due', '2026-01-01T00:00:00Z', '--channel', 'webhook', '--id', 'x', '--zone', 'Europe/Berlin'])).toMatch(/^Added /);
    expect(await run(['followups', 'add', id, '--email', 'a@b.test', '--due', '2026-01-01T00:00:00Z', '--channel', 'webhook', '--id', 'x'])).toMatch(/there already/);
    const csv = `workspace,email,due,channel,thread,id\n${id},c@d.test,2027-01-01T00:00:00Z,emailbison_reply,"{""replyId"":5,""replyAll"":true}",y\n${id},nobody,2027-01-01T00:00:00Z,webhook,,z\nnone,c@d.test,2027-01-01T00:00:00Z,webhook,,z\n${id},c@d.test,2027-01-01T00:00:00Z,emailbison_reply,,w\n`;
    expect(await run(['followups', 'import', '-'], csv)).toMatch(/! line 3: email must be.*\n! line 4: There is no workspace "none".*\n! line 5: thread must hold replyId.*\n1 added, 0 there already, 3 refused$/s);
    expect(await run(['followups', 'import', '-'], csv)).toContain('0 added, 1 there already, 3 refused');
    expect(await run(['followups', 'on', id])).toContain('1 are due now');
    expect(await run(['followups', 'off', id])).toContain('are off');
    const [row] = await stage.db.followUp.findMany({ where: { externalId: 'y' } });
    await stage.db.followUp.update({ where: { id: row?.id ?? '' }, data: { state: 'unknown', finishedAt: new Date(), intendedAt: new Date(), lastError: 'silence' } });
    expect(await run(['followups', 'list', id])).toMatch(/unknown .*silence\n.*pending .*\n! 1 may have been sent/s);
    await expect(run(['followups', 'resolve', row?.id ?? '', 'perhaps'])).rejects.toThrow('sent or not-sent');
    expect(await run(['followups', 'resolve', row?.id ?? '', 'not-sent'])).toContain('is sent anew');
    expect(await followUp(stage.db, row?.id ?? '')).toMatchObject({ state: 'pending', intendedAt: null, lastError: null });
    expect(await run(['followups', 'cancel', row?.id ?? ''])).toContain('Cancelled');
    await expect(run(['followups', 'cancel', row?.id ?? ''])).rejects.toThrow('is over');
    expect(await cancelFollowUp(stage.db, randomUUID())).toBe(false);
  });

  it('webhook set stores the secret sealed; webhook token makes an address', async () => {
    const id = await stage.addWorkspace();
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    expect(await run(['webhook', 'set', id, '--url', 'https://hooks.example.com/f'], secret)).not.toContain(secret);
    const stored = await stage.db.providerCredential.findUniqueOrThrow({ where: { clientId_provider: { clientId: id, provider: 'webhook' } } });
    expect(stored.baseUrl).toBe('https://hooks.example.com/f');
    expect(openCredential(parseCredentialKeys(KEY), { clientId: id, provider: 'webhook' }, stored)).toBe(secret);
    for (const url of ['http://hooks.example.com/', 'https://10.0.0.1/', 'ftp://x.example.com', 'x']) await expect(run(['webhook', 'set', id, '--url', url], secret)).rejects.toThrow('url');
    await expect(run(['webhook', 'set', id, '--url', 'https://hooks.example.com/f'], 'short')).rejects.toThrow('24 to 500');
    expect(await run(['webhook', 'token', id])).toMatch(/^\/api\/webhooks\/emailbison\/[\w-]{43}\n/);
  });
});
