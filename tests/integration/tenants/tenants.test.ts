/** With agency A's key, agency B's data is not there: the same answer as for an id that nobody has, and nothing of B changes. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET as health } from '@/app/api/health/route';
import { GET as metrics } from '@/app/api/metrics/route';
import { availabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { firstTouchJob } from '@/lib/cron/first-touch-job';
import { createFollowUpsJob } from '@/lib/cron/followups-job';
import { createWatchJob } from '@/lib/cron/watch-job';
import { parseEnv } from '@/lib/env';
import { makeWebhookPath } from '@/lib/followups';
import { createHttpTransport } from '@/lib/providers/http';
import { openApiDocument } from '@/lib/reader/openapi';
import { emailBisonWebhook } from '@/lib/webhooks/route';
import { UserError } from '../../../scripts/local/fail';
import { workspacesProgram } from '../../../scripts/workspaces/program';
import { createTestApi, hours, HOUR_MS, iso, type CallOptions, type TestApi } from '../reader/api';
import { SECRET } from '../route/hit';
import { commandsOf } from '../../support/commands';
import { addressesOfApp, consoleEntrances } from './routes';

/** What B has, each with something that must never be seen. */
interface Names {
  workspace: string;
  externalId: string;
  followUpId: string;
  leadEmail: string;
}
const OF_B: Names = { workspace: 'b-home', externalId: 'booking-of-b', followUpId: 'followup-of-b', leadEmail: 'lee.of.b@buyer.example' };
const nobodys = (): Names => ({ workspace: `x-${randomUUID()}`, externalId: `x-${randomUUID()}`, followUpId: `x-${randomUUID()}`, leadEmail: `x-${randomUUID()}@buyer.example` });

const [START = 0] = hours(1);
type Attempt = [path: string, options?: CallOptions];
const booking = (workspaceId: string, more: object = {}): CallOptions => ({ method: 'PUT', body: { workspaceId, startsAt: iso(START), endsAt: iso(START + HOUR_MS), ...more } });
const followUp = (workspaceId: string, more: object = {}): CallOptions => ({ method: 'POST', body: { workspaceId, leadEmail: 'pat@buyer.example', dueAt: iso(START), channel: 'webhook', ...more } });

type Rule =
  /** Reads and writes what is the key's agency's: each attempt is made with B's names and with names that nobody has. */
  | { who: 'agency'; attempts: (names: Names) => Attempt[] }
  /** The operator's secret; an agency's key is refused like no key. */
  | { who: 'operator'; call: (key: string) => Promise<Response> }
  /** Its address is the secret. */
  | { who: 'address'; call: (key: string) => Promise<Response> }
  /** The same for everybody, and of nobody. */
  | { who: 'everybody'; text: (key: string) => Promise<string> };

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
let api: TestApi;
let webhookOfB = '';
const transport = createHttpTransport({ allowHosts: [], trustedOrigins: [] });

const cronDeps = { env: () => ({ ...parseEnv({ DATABASE_URL: api.url, LOG_LEVEL: 'silent' }), CRON_SECRET: SECRET }), db: () => api.db };
const cron = (job: Parameters<typeof cronRoute<never>>[0]) => async (key: string): Promise<Response> =>
  await cronRoute(job, cronDeps)(new Request(`https://app.test/api/cron/x?workspaceId=${OF_B.workspace}`, { headers: { authorization: `Bearer ${key}`, 'x-cron-secret': key } }));

const RULES: Record<string, Rule> = {
  '/sign-in (page)': { who: 'everybody', text: () => Promise.resolve('') },
  '/api/availability': {
    who: 'agency',
    attempts: ({ workspace }) => [['/api/availability'], ['/api/availability?limit=1000'], [`/api/availability?changedSince=${workspace}`], ...METHODS.map((method): Attempt => ['/api/availability', { method }])],
  },
  '/api/availability/[workspaceId]': {
    who: 'agency',
    attempts: ({ workspace }) => [
      ...METHODS.map((method): Attempt => [`/api/availability/${workspace}`, { method }]),
      [`/api/availability/${workspace}?tz=Europe/Berlin&limit=1`], [`/api/availability/${workspace}?limit=nonsense`], [`/api/availability/${workspace}`, { headers: { 'if-none-match': '*' } }],
      [`/api/availability/%20${workspace}`], [`/api/availability/${workspace.toUpperCase()}`], [`/api/availability/${workspace}%00`], [`/api/availability/a-home%2F..%2F${workspace}`],
    ],
  },
  '/api/bookings/[externalId]': {
    who: 'agency',
    attempts: ({ workspace, externalId, leadEmail }) => [
      [`/api/bookings/${externalId}`, booking(workspace)], [`/api/bookings/new-${externalId}`, booking(workspace, { leadEmail })], [`/api/bookings/${externalId}`, booking(workspace, { endsAt: 'nonsense' })],
      [`/api/bookings/${externalId}`, { method: 'DELETE' }], [`/api/bookings/${externalId}?workspaceId=${workspace}`, { method: 'DELETE' }], [`/api/bookings/${externalId}?workspaceId=a-home`, { method: 'DELETE' }],
      // Into A's own workspace, by a name or a person that B has: A's own booking, and B's stays as it is.
      [`/api/bookings/${externalId}`, booking('a-home', { leadEmail })], [`/api/bookings/${externalId}`, { method: 'DELETE' }],
      ...METHODS.filter((method) => method !== 'PUT').map((method): Attempt => [`/api/bookings/${externalId}`, { method }]),
    ],
  },
  '/api/followups': {
    who: 'agency',
    attempts: ({ workspace, followUpId, leadEmail }) => [
      ['/api/followups', followUp(workspace)], ['/api/followups', followUp(workspace, { externalId: followUpId, leadEmail })], ['/api/followups', followUp(workspace, { channel: 'nonsense' })],
      ['/api/followups', followUp('a-home', { externalId: followUpId, leadEmail })], ['/api/followups', { method: 'GET' }],
    ],
  },
  '/api/cron/availability': { who: 'operator', call: cron(availabilityJob as never) },
  '/api/cron/emailbison/availability-slot': { who: 'operator', call: cron(firstTouchJob as never) },
  '/api/cron/followups': { who: 'operator', call: cron(createFollowUpsJob() as never) },
  '/api/cron/watch': { who: 'operator', call: cron(createWatchJob() as never) },
  '/api/metrics': { who: 'everybody', text: async (key) => { const answer = await metrics(new Request('https://app.test/api/metrics', { headers: { authorization: `Bearer ${key}` } })); return `${String(answer.status)} ${await answer.text()}`; } },
  '/api/health': { who: 'everybody', text: async (key) => Object.keys((await (await health(new Request('https://app.test/api/health', { headers: { authorization: `Bearer ${key}` } }))).json()) as object).join() },
  '/api/openapi.json': { who: 'everybody', text: () => Promise.resolve(JSON.stringify(openApiDocument())) },
  '/api/webhooks/emailbison/[token]': {
    who: 'address',
    call: async (key) => await emailBisonWebhook(new Request('https://app.test/', { method: 'POST', body: '{"event":{"type":"lead_replied"},"data":{"reply":{"id":1}}}', headers: { authorization: `Bearer ${key}` } }), key, () => ({ db: api.db, http: transport.apiClient(), credentialsKey: undefined })),
  },
};

/** Every row that is B's, in every table that holds any. */
async function everythingOfB(): Promise<string> {
  const tables = await api.db.$queryRaw<{ name: string; of: string }[]>`
    SELECT c.relname::text AS name, a.attname::text AS of FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attname IN ('clientId', 'userId', 'agencyId') ORDER BY 1, 2`;
  const rows = [];
  for (const { name, of } of tables) {
    rows.push([name, await api.db.$queryRawUnsafe(`SELECT to_jsonb(t) - 'nextFreeAt' - 'lastUsedAt' AS row FROM "${name}" t WHERE "${of}" = ANY(ARRAY['b-home', 'agency-b']) ORDER BY 1`)]);
  }
  expect(tables.length).toBeGreaterThan(10);
  return JSON.stringify(rows);
}

async function answerTo([path, options]: Attempt, names: Names): Promise<string> {
  await api.restKeys();
  const response = await api.call(path, options);
  const headers = [...response.headers].filter(([name]) => !['etag', 'x-availability-as-of', 'x-availability-age-ms'].includes(name));
  let text = JSON.stringify([response.status, headers, await response.text()]);
  for (const [kind, value] of Object.entries({ ...names } satisfies Record<string, string>)) text = text.replaceAll(value, `<${kind}>`);
  // What A made by the attempt itself has an id of its own.
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '<uuid>').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<instant>').replace(/(nextCursor\W+)[\w-]+/g, '$1<cursor>');
}

beforeAll(async () => {
  api = await createTestApi();
  await api.db.client.update({ where: { id: 'b-home' }, data: { name: 'B, confidential' } });
  await api.storeSlots('a-home', hours(3));
  await api.storeSlots('b-home', hours(5));
  const asB = { key: api.keys.b };
  expect((await api.call(`/api/bookings/${OF_B.externalId}`, { ...booking('b-home', { leadEmail: OF_B.leadEmail }), ...asB })).status).toBe(201);
  expect((await api.call('/api/followups', { ...followUp('b-home', { externalId: OF_B.followUpId, leadEmail: OF_B.leadEmail }), ...asB })).status).toBe(201);
  webhookOfB = await makeWebhookPath(api.db, 'b-home');
});
afterAll(async () => {
  await transport.close();
  await api.close();
});

it('every route and page has a rule of who may read it', () => {
  // The console's pages are the operator's, whose session no key of an agency can be.
  expect(addressesOfApp().filter((address) => !address.startsWith('/(console)'))).toEqual(Object.keys(RULES).sort());
});

it('every page, route and action of the console asks for the operator itself', () => {
  const entrances = consoleEntrances();
  expect(entrances.length).toBeGreaterThan(3);
  const asks = (text: string): boolean => /\b(?:requireOperator|requireOperatorForChange|currentOperator)\(/.test(text);
  expect(entrances.filter(({ text }) => !asks(text)).map(({ file }) => file)).toEqual([]);
  // Each exported action, itself or by a function of its file that begins so.
  for (const { file, text } of entrances.filter((entrance) => /^['"]use server['"]/m.test(entrance.text))) {
    const functions = text.split(/^(?=(?:export )?async function )/m).slice(1);
    const asking = functions.filter((one) => !one.startsWith('export') && asks(one)).map((one) => /function (\w+)/.exec(one)?.[1] ?? '');
    const actions = functions.filter((one) => one.startsWith('export'));
    expect(actions.filter((action) => !asks(action) && !asking.some((name) => action.includes(` ${name}(`))).map((action) => action.slice(0, 60)), file).toEqual([]);
  }
});

describe.each(Object.entries(RULES))('%s', (address, rule) => {
  it(`${rule.who}: tells A nothing of B, and changes nothing of B`, async () => {
    const before = await everythingOfB();
    switch (rule.who) {
      case 'agency': {
        const nobody = nobodys();
        const ofB = rule.attempts(OF_B);
        for (const [i, attempt] of rule.attempts(nobody).entries()) {
          const ofNobody = await answerTo(attempt, nobody);
          const answer = await answerTo(ofB[i] ?? attempt, OF_B);
          expect(answer, `${JSON.stringify(ofB[i])} and the same of nobody`).toBe(ofNobody);
          expect(answer).not.toMatch(/b-home|agency-b|confidential|lee\.of\.b/);
        }
        break;
      }
      case 'operator': {
        const answers = await Promise.all([api.keys.a, api.keys.b, 'avk_nobody'].map(async (key) => await rule.call(key)));
        expect(new Set(await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))).size).toBe(1);
        expect(answers[0]?.status).toBe(401);
        break;
      }
      case 'address': {
        const answers = await Promise.all([api.keys.a, api.keys.b, randomUUID(), `${webhookOfB.split('/').at(-1) ?? ''}x`].map(async (key) => await rule.call(key)));
        expect(new Set(await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))).size).toBe(1);
        expect(answers[0]?.status).toBe(404);
        break;
      }
      case 'everybody': {
        const texts = await Promise.all([api.keys.a, 'nobody'].map(rule.text));
        expect(texts[0]).toBe(texts[1]);
        expect(texts[0]).not.toMatch(/b-home|agency-b|confidential/);
      }
    }
    expect(await everythingOfB(), address).toBe(before);
  });
});

it("B's place in the feed shows A its own workspaces only", async () => {
  const { nextCursor } = (await (await api.call('/api/availability', { key: api.keys.b })).json()) as { nextCursor: string };
  const response = await api.call(`/api/availability?changedSince=${nextCursor}`);
  expect(response.status).toBe(200);
  expect(await response.text()).not.toMatch(/b-home/);
});

it("of two bookings of one name, A's own is cancelled and is not ambiguous", async () => {
  expect((await api.call(`/api/bookings/${OF_B.externalId}`, booking('a-home'))).status).toBeLessThan(300);
  const before = await everythingOfB();
  expect((await api.call(`/api/bookings/${OF_B.externalId}`, { method: 'DELETE' })).status).toBe(200);
  expect(await everythingOfB()).toBe(before);
});

it("A's requests use up A's limit, and B's key still has its own", async () => {
  await api.restKeys();
  const statuses = await Promise.all(Array.from({ length: 120 }, async () => (await api.call('/api/availability')).status));
  expect(statuses).toContain(429);
  expect((await api.call('/api/availability', { key: api.keys.b })).status).toBe(200);
});

describe('the command line', () => {
  /** The operator's, who sees all; those that name an agency keep to it. */
  const COMMANDS: Record<string, 'operator' | 'agency'> = {
    add: 'operator', import: 'operator', list: 'agency', show: 'operator', refresh: 'operator', set: 'operator', choose: 'operator', credential: 'operator', pause: 'operator', resume: 'operator', remove: 'operator',
    'key add': 'agency', 'key list': 'agency', 'key revoke': 'agency',
    'bookings import': 'operator', 'lead erase': 'operator',
    'first-touch on': 'operator', 'first-touch off': 'operator', 'first-touch preview': 'operator', 'first-touch show': 'operator',
    'followups add': 'operator', 'followups import': 'operator', 'followups list': 'operator', 'followups cancel': 'operator', 'followups resolve': 'operator', 'followups on': 'operator', 'followups off': 'operator',
    'webhook set': 'operator', 'webhook token': 'operator',
    'agency pause': 'operator', 'agency resume': 'operator', 'provider pause': 'operator', 'provider resume': 'operator', paused: 'operator', status: 'operator', explain: 'operator', 'alarm-route set': 'operator', 'alarm-route list': 'operator', 'alarm-route remove': 'operator', 'alarm-route test': 'operator', offers: 'operator', 'offer-rules': 'operator',
  };

  const said: string[] = [];
  const program = (): Command => workspacesProgram({
    withDatabase: (work) => work({ db: api.db, env: { ...parseEnv({}), DATABASE_URL: api.url } }),
    say: (line) => { said.push(line); },
    warn: (line) => { said.push(line); },
    readFile: () => Promise.resolve(''),
    readSecret: () => Promise.resolve(''),
    endWith: () => undefined,
  });
  const run = async (...args: string[]): Promise<string> => {
    said.length = 0;
    await program().parseAsync(args, { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      said.push(error.message);
    });
    return said.join('\n');
  };

  it('has a rule for every command', () => {
    expect(commandsOf(program()).sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  it('that names agency A shows and ends nothing of B', async () => {
    const before = await everythingOfB();
    expect(await run('list', '--agency', 'agency-a')).not.toMatch(/b-home|agency-b|confidential/);
    expect(await run('list', '--agency', 'agency-a', '--json')).not.toMatch(/b-home|agency-b|confidential/);
    expect(await run('key', 'list', 'agency-a')).not.toContain(api.keys.b.slice(0, 10));
    const ofB = await run('key', 'revoke', 'agency-a', api.keys.b);
    const ofNobody = await run('key', 'revoke', 'agency-a', `avk_nobody${'x'.repeat(37)}`);
    expect(ofB.replace(api.keys.b.slice(0, 10), '…')).toBe(ofNobody.replace('avk_nobody', '…'));
    expect(await everythingOfB()).toBe(before);
  });
});
