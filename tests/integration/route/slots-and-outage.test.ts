import { beforeAll, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc } from '@/lib/availability-cache';
import { createDb, type Db } from '@/lib/db';
import { createTestCache, type TestCache } from '../../support/cache';
import { startGate, type Gate } from '../../support/server-gate';
import { routeOver, type Reply } from './hit';

const MINUTE_MS = 60_000;

describe.each(['calendly', 'hubspot', 'ghl'] as const)('a %s calendar of 5,000 slots', (provider) => {
  it('is stored whole by the route and read back whole', async () => {
    const cache = await createTestCache();
    // The first in a while, so that none is past when it is read back.
    const first = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 60 * MINUTE_MS;
    const slots = Array.from({ length: 5_000 }, (_, i) => first + i * 8 * MINUTE_MS);
    const { url } = cache.sim.addCalendar({ id: 'full', provider, zone: 'America/New_York', slots });
    await cache.addWorkspace({ id: 'full', url, type: provider });
    expect((await routeOver(cache)()).body).toMatchObject({ success: true, refreshed: 1 });
    const answer = await getWorkspaceAvailabilitySlotsUtc('full', { refreshIfStale: false }, cache.context);
    expect(answer.storedCount).toBe(5_000);
    expect(answer.slotsUtc.map(Date.parse)).toEqual(slots);
    await cache.close();
  });
});

describe('while the database', () => {
  const BUDGET_MS = 3_000;
  let cache: TestCache;
  let gate: Gate;
  let throughGate: Db;
  let get: (query: string) => Promise<Reply>;

  beforeAll(async () => {
    cache = await createTestCache();
    const { url } = cache.sim.addCalendar({ id: 'w', provider: 'ghl', zone: 'UTC' });
    await cache.addWorkspace({ id: 'w', url, type: 'ghl' });
    gate = await startGate(cache.url);
    const gated = new URL(cache.url);
    gated.host = gate.host;
    throughGate = createDb(gated.href, { poolMax: 2 });
    get = routeOver(cache, { env: { DATABASE_URL: gated.href }, db: throughGate });
    return async () => {
      gate.open();
      await throughGate.$disconnect();
      await gate.close();
      await cache.close();
    };
  });

  it.each([
    ['is down', 'cut', ''],
    ['hangs', 'hold', ''],
    ['is down, a single workspace', 'cut', '&workspaceId=w'],
  ] as const)('%s the answer is a 503 in time, nothing stored is lost, and the next run works', async (_name, trouble, query) => {
    const good = { status: 200, body: { success: true } };
    expect(await get(`timeBudgetMs=${String(BUDGET_MS)}${query}`)).toMatchObject(good);
    const before = await cache.db.workspaceAvailabilityCache.findMany();
    gate[trouble]();
    const startedAt = performance.now();
    const reply = await get(`timeBudgetMs=${String(BUDGET_MS)}${query}`);
    expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS + 2_000);
    expect(reply).toMatchObject({ status: 503, body: { success: false, error: 'database' } });
    expect(JSON.stringify(reply.body)).not.toContain(new URL(cache.url).password);
    expect(await cache.db.workspaceAvailabilityCache.findMany()).toEqual(before);
    gate.open();
    expect(await get(`timeBudgetMs=${String(BUDGET_MS)}${query}`)).toMatchObject(good);
  });
});
