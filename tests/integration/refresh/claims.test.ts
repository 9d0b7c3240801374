import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc, refreshWorkspaceAvailabilityCache, type CacheContext } from '@/lib/availability-cache';
import { createDb, type Db } from '@/lib/db';
import { createContext } from '@/lib/refresh/context';
import { changeLink } from '@/lib/workspaces';
import { createTestCache, type TestCache } from '../../support/cache';

const PROCESSES = 4;
const READERS = 20;

let cache: TestCache;
/** What separate processes would have: a pool and connections each. */
let processes: CacheContext[];
let id: string;
let count = 0;

beforeAll(async () => {
  cache = await createTestCache();
  processes = Array.from({ length: PROCESSES }, () => createContext(cache.env, createDb(cache.url, { poolMax: 3 })));
});
afterAll(async () => {
  for (const { transport, db } of processes) {
    await transport.close();
    await db.$disconnect();
  }
  await cache.close();
});
beforeEach(async () => {
  cache.sim.clearFaults();
  await cache.db.providerHost.deleteMany();
  id = `g${++count}`;
  await cache.addCalendar({ id, provider: 'ghl', zone: 'UTC' });
  expect(await refreshWorkspaceAvailabilityCache(id, cache.context)).toMatchObject({ kind: 'refreshed' });
  await letGoStale(31);
  cache.sim.resetStats();
});

async function letGoStale(seconds: number): Promise<void> {
  await cache.db.$executeRaw`
    UPDATE "WorkspaceAvailabilityStatus" SET "staleAt" = clock_timestamp() - ${seconds} * interval '1 second' WHERE "clientId" = ${id}`;
}
async function setInstant(column: 'retryAt' | 'refreshingUntil', secondsFromNow: number): Promise<void> {
  const at = new Date(Date.now() + secondsFromNow * 1_000);
  await cache.db.workspaceAvailabilityStatus.update({ where: { clientId: id }, data: { [column]: at } });
}
const read = (refreshIfStale = true, context = cache.context) => getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale }, context);
const requests = (): number => cache.sim.stats().byCalendar[id] ?? 0;

describe('a reader that may refresh', () => {
  it('does so when stale by more than 30 s, and hands out what it got', async () => {
    const before = await cache.status(id);
    const answer = await read();
    expect(requests()).toBe(1);
    expect(answer.state).toBe('fresh');
    expect(Date.parse(answer.asOf ?? '')).toBeGreaterThan(before.succeededAt?.getTime() ?? Infinity);
  });

  it('does not when stale by less: the next sweep is that near', async () => {
    await letGoStale(28);
    expect((await read()).state).toBe('stale');
    expect(requests()).toBe(0);
  });

  it('asks for a workspace that was never read', async () => {
    await cache.db.workspaceAvailabilityStatus.deleteMany({ where: { clientId: id } });
    await cache.db.workspaceAvailabilityCache.deleteMany({ where: { clientId: id } });
    expect((await read(false)).state).toBe('unavailable');
    expect(requests()).toBe(0);
    expect((await read()).state).toBe('fresh');
  });

  it('respects a wait, unless the configuration changed since', async () => {
    await setInstant('retryAt', 60);
    expect((await read()).state).toBe('stale');
    expect(requests()).toBe(0);
    await changeLink(cache.db, id, cache.sim.addCalendar({ id: `${id}-new`, provider: 'ghl', zone: 'UTC' }).url);
    expect((await read()).state).toBe('fresh');
    expect(cache.sim.stats().byCalendar[`${id}-new`]).toBe(1);
  });

  it('does not ask again and again for a reader whose age limit is below the TTL', async () => {
    await letGoStale(-30);
    for (let i = 0; i < 3; i++) expect((await getWorkspaceAvailabilitySlotsUtc(id, { maxAgeMs: 0 }, cache.context)).state).toBe('unavailable');
    expect(requests()).toBe(0);
  });

  it('leaves a host alone whose breaker is open; a person\'s refresh asks, and its failure does not count', async () => {
    const host = new URL(cache.sim.origins.ghlBackend).host;
    await cache.db.providerHost.create({ data: { host, openUntil: new Date(Date.now() + 60_000), opens: 1 } });
    expect((await read()).state).toBe('stale');
    expect(requests()).toBe(0);
    cache.sim.setFaults([{ match: { calendarId: id }, fault: { kind: 'status', status: 500 } }]);
    expect(await refreshWorkspaceAvailabilityCache(id, cache.context)).toMatchObject({ kind: 'failed', errorKind: 'server_error' });
    expect(requests()).toBe(1);
    expect(await cache.status(id)).toMatchObject({ errorKind: 'server_error', consecutiveFailures: 0, refreshingUntil: null });
  });

  it('answers from the cache when the calendar fails, and says so', async () => {
    cache.sim.setFaults([{ match: { calendarId: id }, fault: { kind: 'html' } }]);
    const answer = await read();
    expect(answer.state).toBe('stale');
    expect(answer.slotsUtc.length).toBeGreaterThan(100);
    expect(answer.lastError).toMatch(/html/i);
  });

  it('keeps the time it was asked for', async () => {
    const now = Date.now() + 3_600_000;
    const answer = await getWorkspaceAvailabilitySlotsUtc(id, { now, maxAgeMs: 2 * 3_600_000 }, cache.context);
    expect(requests()).toBe(1);
    expect(answer.ageMs).toBeGreaterThan(3_500_000);
  });
});

describe('of many that want a refresh at once', () => {
  it('one fetches, in whatever process, and all are answered', async () => {
    cache.sim.setFaults([{ match: { calendarId: id }, fault: { kind: 'slow', ms: 200 } }]);
    const before = (await cache.status(id)).succeededAt?.getTime() ?? Infinity;
    const answers = await Promise.all(Array.from({ length: READERS }, (_, i) => read(true, processes[i % PROCESSES])));
    expect(requests()).toBe(1);
    for (const answer of answers) {
      expect(answer.state).toBe('fresh');
      expect(Date.parse(answer.asOf ?? '')).toBeGreaterThan(before);
    }
    expect((await cache.status(id)).refreshingUntil).toBeNull();
  });

  it('none fetches that looked before another was done and comes to claim after it', async () => {
    const late = gateAtClaim(cache.db);
    const second = refreshWorkspaceAvailabilityCache(id, { ...cache.context, db: late.db });
    await late.isAtClaim;
    expect(await refreshWorkspaceAvailabilityCache(id, cache.context)).toMatchObject({ kind: 'refreshed' });
    late.open();
    expect(await second).toEqual({ kind: 'skipped', reason: 'claimed' });
    expect(requests()).toBe(1);
  });
});

describe('a claim', () => {
  it('of a process that died ends by itself; until then readers answer from the cache and sweeps leave it alone', async () => {
    await setInstant('refreshingUntil', 60);
    expect(await cache.sweep()).toMatchObject({ skippedClaimed: 1 });
    expect(await refreshWorkspaceAvailabilityCache(id, cache.context)).toEqual({ kind: 'skipped', reason: 'claimed' });
    await setInstant('refreshingUntil', 1);
    expect((await read()).state).toBe('stale');
    expect(requests()).toBe(0);
    // That reader waited until the claim ended.
    expect((await read()).state).toBe('fresh');
    expect(requests()).toBe(1);
  });
});

/** A client that stops where a refresh, having read what is known, is about to claim. */
function gateAtClaim(db: Db): { db: Db; isAtClaim: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const gate = new Promise<void>((resolve) => { open = resolve; });
  const isAtClaim = new Promise<void>((resolve) => { arrive = resolve; });
  let transactions = 0;
  const gated = new Proxy(db, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (key !== '$transaction') return method;
      return async (...args: unknown[]) => {
        if (++transactions === 2) {
          arrive();
          await gate;
        }
        return await method(...args);
      };
    },
  });
  return { db: gated, isAtClaim, open };
}
