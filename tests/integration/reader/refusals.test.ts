import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '@/lib/db';
import { EnvError } from '@/lib/env';
import { availabilityRoute } from '@/lib/reader/routes';
import { revokeApiKey, addApiKey } from '@/lib/reader/keys';
import { createTestApi, hours, iso, type CallOptions, type TestApi } from './api';

let api: TestApi;
const SLOTS = hours(3);
const BOOKING = { workspaceId: 'w', startsAt: iso(SLOTS[0] ?? 0), endsAt: iso(SLOTS[1] ?? 0) };

beforeAll(async () => {
  api = await createTestApi();
  await api.addWorkspace('w');
  await api.addWorkspace('theirs', 'agency-b');
  await api.storeSlots('theirs', SLOTS);
});
afterAll(async () => { await api.close(); });
beforeEach(() => api.restKeys());

interface ProblemBody {
  status: number;
  code: string;
  detail: string;
  errors?: { field: string; message: string }[];
}

async function refusal(path: string, options: CallOptions = {}): Promise<ProblemBody & { headers: Headers }> {
  const response = await api.call(path, options);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const body = (await response.json()) as ProblemBody;
  expect(body.status).toBe(response.status);
  expect(JSON.stringify(body)).not.toMatch(/select|insert|prisma|postgres|avk_/i);
  return { ...body, headers: response.headers };
}

describe('keys', () => {
  it.each([
    ['none', null], ['no key of ours', 'secret'], ['an unknown one', `avk_${'A'.repeat(43)}`], ['an empty one', ''], ['one with its end cut off', 'cut'],
  ])('%s: 401', async (name, given) => {
    const key = name.endsWith('cut off') ? api.keys.a.slice(0, -1) : given;
    for (const path of ['/api/availability/w', '/api/availability', '/api/bookings/x']) {
      const { status, headers } = await refusal(path, { key, method: path.includes('bookings') ? 'DELETE' : 'GET' });
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });

  it('a revoked key is refused at once; the hash is all that is stored of it', async () => {
    const { key, prefix } = await addApiKey(api.db, 'agency-a', 'n8n');
    expect((await api.call('/api/availability/w', { key })).status).toBe(200);
    const dump = await api.db.$queryRaw<{ row: string }[]>`SELECT row_to_json(k)::text AS row FROM "ApiKey" k WHERE prefix = ${prefix}`;
    expect(dump[0]?.row).not.toContain(key.slice(prefix.length));
    await revokeApiKey(api.db, 'agency-a', prefix, new Date());
    expect((await refusal('/api/availability/w', { key })).status).toBe(401);
  });

  it('the scheme is told apart without regard to case; anything else is no key', async () => {
    const status = async (authorization: string): Promise<number> => (await api.call('/api/availability/w', { key: null, headers: { authorization } })).status;
    expect([await status(`bearer ${api.keys.a}`), await status(api.keys.a), await status(`Basic ${api.keys.a}`)]).toEqual([200, 401, 401]);
  });
});

describe("an agency's key against another agency's everything", () => {
  it('a workspace of theirs is the same 404 as one that does not exist', async () => {
    const answers = await Promise.all(['theirs', 'nowhere', '%00', '%zz', encodeURIComponent("' OR 1=1 --")].map(async (id) => {
      const response = await api.call(`/api/availability/${id}?limit=nonsense`);
      return { status: response.status, headers: [...response.headers], text: await response.text() };
    }));
    expect(answers[0]?.status).toBe(404);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('a booking in their workspace is neither made, moved nor cancelled', async () => {
    const theirs = { ...BOOKING, workspaceId: 'theirs', leadEmail: 'p@b.test' };
    const missing = { ...BOOKING, workspaceId: 'nowhere' };
    const put = async (body: object, key = api.keys.a): Promise<Response> => await api.call('/api/bookings/theirs-1', { method: 'PUT', body, key });
    const [foreign, absent] = [await put(theirs), await put(missing)];
    expect(foreign.status).toBe(404);
    expect(await foreign.text()).toBe(await absent.text());
    expect(await api.db.booking.count()).toBe(0);
    expect(await api.db.lead.count()).toBe(0);

    expect((await put(theirs, api.keys.b)).status).toBe(201);
    expect((await put({ ...theirs, endsAt: iso(SLOTS[2] ?? 0) })).status).toBe(404);
    for (const query of ['', '?workspaceId=theirs']) {
      const [other, none] = [await refusal(`/api/bookings/theirs-1${query}`, { method: 'DELETE' }), await refusal(`/api/bookings/none${query}`, { method: 'DELETE' })];
      expect([other.status, other.detail]).toEqual([404, none.detail]);
    }
    expect(await api.db.booking.findMany()).toMatchObject([{ clientId: 'theirs', cancelledAt: null, endsAt: SLOTS[1] === undefined ? null : new Date(SLOTS[1]) }]);
  });

  it('their workspaces are not in the feed', async () => {
    // A change is told of when every transaction of the cluster that began before it is over, and other tests have theirs.
    await expect.poll(async () => (await (await api.call('/api/availability', { key: api.keys.b })).json()) as unknown, { timeout: 10_000 }).toMatchObject({ changes: [{ workspaceId: 'theirs' }] });
    const { changes } = (await (await api.call('/api/availability', { key: api.keys.a })).json()) as { changes: unknown[] };
    expect(changes).toEqual([]);
  });
});

describe('bad input is a 400 that names the field', () => {
  it.each([
    ['/api/availability/w?limit=0', ['limit']], ['/api/availability/w?limit=1.5', ['limit']], ['/api/availability/w?limit=', ['limit']],
    ['/api/availability/w?from=tomorrow&to=2027-13-01T00:00:00Z', ['from', 'to']], ['/api/availability/w?from=2027-01-01', ['from']],
    ['/api/availability/w?from=2027-01-01T00:00:00+01:00', ['from']], ['/api/availability/w?from=0000-01-01T00:00:00Z', ['from']],
    ['/api/availability/w?from=2027-01-02T00:00:00Z&to=2027-01-02T00:00:00Z', ['to']],
    ['/api/availability/w?tz=Mars', ['tz']], ['/api/availability/w?tz=utc%2B3', ['tz']], ['/api/availability/w?changedSince=x', ['changedSince']],
    ['/api/availability/w?limit=1&limit=2', ['limit']], ['/api/availability/w?__proto__=1&Limit=3', ['__proto__', 'Limit']],
    ['/api/availability?changedSince=', ['changedSince']], ['/api/availability?changedSince=MXx8fA', ['changedSince']], ['/api/availability?limit=1001', ['limit']],
    [`/api/availability?changedSince=${Buffer.from('1|ab|99999999999999999999|w').toString('base64url')}`, ['changedSince']],
    [`/api/availability?changedSince=${Buffer.from('2|ab|1|w').toString('base64url')}`, ['changedSince']],
  ])('GET %s', async (path, fields) => {
    const { status, errors, detail } = await refusal(path);
    expect([status, errors?.map(({ field }) => field)]).toEqual([400, fields]);
    for (const field of fields) expect(detail).toContain(field);
  });

  const { startsAt, ...noStart } = BOOKING;
  it.each<[string, unknown, string[]]>([
    ['no body', undefined, ['body']], ['not JSON', '{', ['body']], ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), ['body']], ['a list', [], ['body']], ['null', null, ['body']],
    ['too long', ' '.repeat(20_000), ['body']], ['nothing', {}, ['workspaceId', 'startsAt', 'endsAt']], ['a field missing', noStart, ['startsAt']],
    ['another type', { ...BOOKING, workspaceId: 7 }, ['workspaceId']], ['no zone', { ...BOOKING, startsAt: startsAt.slice(0, -1) }, ['startsAt']],
    ['ends before it starts', { ...BOOKING, endsAt: BOOKING.startsAt }, ['endsAt']], ['a year too long', { ...BOOKING, endsAt: '2099-01-01T00:00:00Z' }, ['endsAt']],
    ['no address', { ...BOOKING, leadEmail: 'nobody' }, ['leadEmail']], ['an empty source', { ...BOOKING, source: '' }, ['source']],
    ['an unknown field', { ...BOOKING, attendee: 'x' }, ['attendee']], ['a NUL', { ...BOOKING, workspaceId: 'w\0' }, ['workspaceId']],
    ['half a character', { ...BOOKING, workspaceId: '\ud800' }, ['workspaceId']],
  ])('PUT a booking: %s', async (_name, body, fields) => {
    const { status, errors } = await refusal('/api/bookings/x', { method: 'PUT', body });
    expect([status, errors?.map(({ field }) => field)]).toEqual([400, fields]);
  });

  it.each(['%00', '%20', '%zz', 'x'.repeat(201)])('the id of a booking: %s', async (id) => {
    const put = await refusal(`/api/bookings/${id}`, { method: 'PUT', body: BOOKING });
    expect([put.status, put.errors?.map(({ field }) => field)]).toEqual([400, ['externalId']]);
  });
});

describe('methods, failures', () => {
  it('another method is a 405 with the ones there are; OPTIONS tells them, without CORS', async () => {
    const expected = { '/api/availability/w': 'GET, HEAD, OPTIONS', '/api/availability': 'GET, HEAD, OPTIONS', '/api/bookings/x': 'PUT, DELETE, OPTIONS' };
    for (const [path, allow] of Object.entries(expected)) {
      const { status, headers } = await refusal(path, { method: 'POST' });
      expect([status, headers.get('allow')]).toEqual([405, allow]);
      const options = await api.call(path, { method: 'OPTIONS', key: null });
      expect([options.status, options.headers.get('allow'), options.headers.get('access-control-allow-origin')]).toEqual([204, allow, null]);
    }
    const head = await api.call('/api/bookings/x', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([405, '']);
  });

  it('a database that cannot be reached is a 503, and a mistake of ours a 500, that tell nothing of either', async () => {
    const gone = createDb('postgresql://someone:hidden@127.0.0.1:1/x');
    const readOnly = createDb(`${api.url}?options=${encodeURIComponent('-c default_transaction_read_only=on')}`);
    const answer = async (deps: Parameters<typeof availabilityRoute>[0]): Promise<ProblemBody> => {
      const response = await availabilityRoute(deps).GET(new Request('https://app.test/api/availability/w', { headers: { authorization: `Bearer ${api.keys.a}` } }));
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      return (await response.json()) as ProblemBody;
    };
    const results = [
      await answer(() => ({ ...api.deps, db: gone })),
      await answer(() => ({ ...api.deps, db: readOnly })),
      await answer(() => { throw new EnvError([{ variable: 'DATABASE_URL', expected: 'must be set' }]); }),
      await answer(() => { throw new TypeError('hidden'); }),
    ];
    await gone.$disconnect();
    await readOnly.$disconnect();
    expect(results.map(({ status, code }) => [status, code])).toEqual([[503, 'unavailable'], [503, 'unavailable'], [503, 'unavailable'], [500, 'internal_error']]);
    expect(JSON.stringify(results)).not.toMatch(/hidden|someone|127\.0\.0\.1|DATABASE_URL/);
  });
});
