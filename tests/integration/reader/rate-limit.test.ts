import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { admit, BURST_REQUESTS, SUSTAINED_REQUESTS_PER_SECOND } from '@/lib/reader/admit';
import { createDb, Prisma } from '@/lib/db';
import { availabilityRoute } from '@/lib/reader/routes';
import { createTestApi, ORIGIN, type TestApi } from './api';

let api: TestApi;
const PATH = '/api/availability/a-home';

beforeAll(async () => { api = await createTestApi(); });
afterAll(async () => { await api.close(); });
beforeEach(() => api.restKeys());

/** As if the key had last been used so long ago, or was ahead of its limit by so much. */
async function setNextFree(ms: number): Promise<void> {
  await api.db.$executeRaw`UPDATE "ApiKey" SET "nextFreeAt" = clock_timestamp() + ${ms}::float8 * interval '1 millisecond' WHERE "agencyId" = 'agency-a'`;
}

const aheadMs = async (): Promise<number> => {
  const [row] = await api.db.$queryRaw<{ ms: number }[]>`SELECT (extract(epoch FROM "nextFreeAt" - clock_timestamp()) * 1000)::float8 AS ms FROM "ApiKey" WHERE "agencyId" = 'agency-a'`;
  return row?.ms ?? NaN;
};

describe('the rate limit of a key', () => {
  it('over its burst it answers 429 with the seconds to wait, for one statement that writes nothing', async () => {
    await setNextFree(((BURST_REQUESTS - 1) / SUSTAINED_REQUESTS_PER_SECOND) * 1_000 + 2_500);
    const before = await api.db.apiKey.findMany({ orderBy: { id: 'asc' } });
    api.statements();
    const refused = await api.call(PATH);
    expect(api.statements()).toBe(1);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('content-type')]).toEqual([429, '3', 'application/problem+json']);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
    expect(await api.db.apiKey.findMany({ orderBy: { id: 'asc' } })).toEqual(before);
  });

  it('the wait that it tells is enough', async () => {
    await setNextFree(((BURST_REQUESTS - 1) / SUSTAINED_REQUESTS_PER_SECOND) * 1_000 + 400);
    const seconds = Number((await api.call(PATH)).headers.get('retry-after'));
    await api.db.$executeRaw`UPDATE "ApiKey" SET "nextFreeAt" = "nextFreeAt" - ${seconds}::float8 * interval '1 second'`;
    expect((await api.call(PATH)).status).toBe(200);
  });

  it("one agency's limit is not another's", async () => {
    await setNextFree(3_600_000);
    expect((await api.call(PATH)).status).toBe(429);
    expect((await api.call('/api/availability/b-home', { key: api.keys.b })).status).toBe(200);
  });

  it('a long rest saves up no more than the burst', async () => {
    await setNextFree(-3_600_000);
    expect((await api.call(PATH)).status).toBe(200);
    expect(await aheadMs()).toBeGreaterThan(-1_000);
  });

  it('holds over processes: of 300 requests at once through three pools, the burst and what the time gave get through', async () => {
    const pools = Array.from({ length: 3 }, () => createDb(api.url, { poolMax: 6 }));
    const routes = pools.map((db) => availabilityRoute(() => ({ ...api.deps, db })));
    await api.restKeys();
    const startedAt = performance.now();
    const statuses = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      const route = routes[i % routes.length] ?? routes[0];
      return (await route?.GET(new Request(ORIGIN + PATH, { headers: { authorization: `Bearer ${api.keys.a}` } })))?.status;
    }));
    const gained = Math.ceil(((performance.now() - startedAt) / 1_000) * SUSTAINED_REQUESTS_PER_SECOND);
    await Promise.all(pools.map((db) => db.$disconnect()));
    const through = statuses.filter((status) => status === 200).length;
    expect(statuses.filter((status) => status === 429).length).toBe(300 - through);
    expect(through).toBeGreaterThanOrEqual(BURST_REQUESTS);
    expect(through).toBeLessThanOrEqual(BURST_REQUESTS + gained);
  });

  it('a request with a bad parameter, and one for what is not there, count too', async () => {
    await api.call(`${PATH}?limit=x`);
    await api.call('/api/availability/nowhere');
    expect(await aheadMs()).toBeGreaterThan(1_000 / SUSTAINED_REQUESTS_PER_SECOND);
  });

  it('nothing is read of a workspace for a key that is over its limit, not of its agency, or unknown', async () => {
    const key = `Bearer ${api.keys.a}`;
    // Fails when it is evaluated; volatile, so that no plan does it before.
    const reading = Prisma.sql`to_json(1 / (random() * 0)::int)`;
    await expect(admit(api.db, key, 'a-home', reading)).rejects.toThrow(/division by zero/);
    expect(await admit(api.db, key, 'b-home', reading)).toMatchObject({ kind: 'admitted', ownsWorkspace: false, found: null });
    expect(await admit(api.db, key, 'nowhere', reading)).toMatchObject({ kind: 'admitted', ownsWorkspace: false, found: null });
    expect(await admit(api.db, `${key.slice(0, -4)}nope`, 'a-home', reading)).toEqual({ kind: 'unknown' });
    await setNextFree(3_600_000);
    expect(await admit(api.db, key, 'a-home', reading)).toMatchObject({ kind: 'limited' });
  });
});
