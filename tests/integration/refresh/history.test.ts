import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDb } from '@/lib/db';
import { storeBatch } from '@/lib/refresh/store';
import { MAX_LISTED_SLOTS } from '@/lib/refresh/history';
import type { WorkItem } from '@/lib/refresh/types';
import { remove, setDuration } from '@/lib/workspaces';
import { createTestCache, type TestCache } from '../../support/cache';
import { DAY_MS, failure, HOUR_MS, isWaitingForLock, itemOf, itemsOf, LATENCY_MS, MINUTE_MS, store, STORE_SETTINGS, success } from './writes';

const T = Date.UTC(2026, 10, 23, 12, 0);
const DAY = [T + DAY_MS, T + 2 * DAY_MS, T + 3 * DAY_MS];

let cache: TestCache;
let item: WorkItem;
let count = 0;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });
beforeEach(async () => {
  const id = `w${++count}`;
  await cache.addWorkspace({ id, url: 'https://calendly.com/acme/intro', type: 'calendly' });
  item = await itemOf(cache.context, id);
});

const again = async (): Promise<WorkItem> => (item = await itemOf(cache.context, item.workspaceId));
const transitions = async () => await cache.db.workspaceTransition.findMany({ where: { clientId: item.workspaceId }, orderBy: { id: 'asc' } });
const hours = async () => await cache.db.workspaceHour.findMany({ where: { clientId: item.workspaceId }, orderBy: { hour: 'asc' } });
const dates = (ms: number[]): Date[] => ms.map((one) => new Date(one));

describe('transitions', () => {
  it('of the first success are its count alone', async () => {
    await store(cache.db, success(item, T, DAY));
    expect(await transitions()).toMatchObject([{ kind: 'changed', at: new Date(T), runId: null, slotCount: 3, addedCount: 3, removedCount: 0, slotsAdded: [], slotsRemoved: [] }]);
  });

  it('are not written by an unchanged refresh, with its slots or without, nor by the passing of time', async () => {
    const soon = T + 30 * MINUTE_MS;
    await store(cache.db, success(item, T, [soon, ...DAY]));
    await store(cache.db, success(await again(), T + MINUTE_MS, [soon, ...DAY], { sendSlots: false }));
    await store(cache.db, success(await again(), T + 2 * MINUTE_MS, [soon, ...DAY]));
    await store(cache.db, success(await again(), T + HOUR_MS, [...DAY, T + 30 * DAY_MS + HOUR_MS / 2]));
    expect(await transitions()).toHaveLength(1);
  });

  it('name exactly the slots that appeared and disappeared, and the run that saw it', async () => {
    await store(cache.db, success(item, T, [T + MINUTE_MS, ...DAY]));
    const now = [T + DAY_MS, T + 5 * DAY_MS, T + 4 * DAY_MS, T + 31 * DAY_MS].sort((a, b) => a - b);
    await storeBatch(cache.db, [success(await again(), T + HOUR_MS, now)], { ...STORE_SETTINGS, runId: 'run-7' }, () => 10_000);
    expect((await transitions())[1]).toMatchObject({
      kind: 'changed', at: new Date(T + HOUR_MS), runId: 'run-7', slotCount: 4, addedCount: 2, removedCount: 2,
      slotsAdded: dates([T + 4 * DAY_MS, T + 5 * DAY_MS]), slotsRemoved: dates([T + 2 * DAY_MS, T + 3 * DAY_MS]), message: null,
    });
  });

  it('count all of a large change and list the soonest', async () => {
    await store(cache.db, success(item, T, DAY));
    const many = Array.from({ length: 300 }, (_, i) => T + 10 * DAY_MS + i * MINUTE_MS);
    await store(cache.db, success(await again(), T + MINUTE_MS, many));
    const [, change] = await transitions();
    expect(change).toMatchObject({ slotCount: 300, addedCount: 300, removedCount: 3 });
    expect(change?.slotsAdded.map(Number)).toEqual(many.slice(0, MAX_LISTED_SLOTS));
  });

  it("say that the meeting's length changed", async () => {
    await store(cache.db, success(item, T, DAY));
    await setDuration(cache.db, item.workspaceId, 60);
    await store(cache.db, success(await again(), T + MINUTE_MS, DAY));
    expect((await transitions())[1]).toMatchObject({ kind: 'changed', addedCount: 0, removedCount: 0, message: 'The meeting takes 60 min instead of 30.' });
  });

  it('tell the first failure of each kind, not its repetitions, and the recovery, though nothing changed', async () => {
    await store(cache.db, success(item, T, DAY));
    let at = T;
    for (const kind of ['timeout', 'server_error', 'server_error', 'server_error'] as const) {
      at += MINUTE_MS;
      await store(cache.db, failure(await again(), at, kind));
    }
    await store(cache.db, success(await again(), at + MINUTE_MS, DAY, { sendSlots: false }));
    await store(cache.db, success(await again(), at + 2 * MINUTE_MS, DAY, { sendSlots: false }));
    expect((await transitions()).slice(1)).toMatchObject([
      { kind: 'failed', at: new Date(T + MINUTE_MS), errorKind: 'timeout', message: `failed at ${T + MINUTE_MS}` },
      { kind: 'failed', at: new Date(T + 2 * MINUTE_MS), errorKind: 'server_error' },
      { kind: 'recovered', at: new Date(at + MINUTE_MS), errorKind: 'server_error', failures: 4, slotCount: 3 },
    ]);
    expect(await transitions()).toHaveLength(4);
  });

  it('are not told of attempts that came too late to be stored', async () => {
    await store(cache.db, success(item, T + HOUR_MS, DAY));
    await store(cache.db, failure(item, T, 'timeout'));
    await store(cache.db, success(item, T, [T + DAY_MS]));
    expect(await transitions()).toHaveLength(1);
    // A success that is older than the last failure does not end that failure.
    await store(cache.db, failure(await again(), T + HOUR_MS + 2, 'timeout'));
    await store(cache.db, success(await again(), T + HOUR_MS + 1, DAY));
    expect((await transitions()).map(({ kind }) => kind)).toEqual(['changed', 'failed']);
  });

  it('go with their workspace, and so do its hours', async () => {
    await store(cache.db, success(item, T, DAY));
    await store(cache.db, success(await again(), T + HOUR_MS, DAY));
    expect([(await transitions()).length, (await hours()).length]).toEqual([1, 1]);
    await remove(cache.db, item.workspaceId);
    expect([await transitions(), await hours()]).toEqual([[], []]);
  });
});

describe('the hourly roll-up', () => {
  it('is written once the hour is over, complete, and the counters begin anew', async () => {
    await store(cache.db, success(item, T, DAY));
    await store(cache.db, success(await again(), T + 20 * MINUTE_MS, DAY, { sendSlots: false }));
    await store(cache.db, failure(await again(), T + 40 * MINUTE_MS, 'timeout'));
    expect(await hours()).toEqual([]);
    await store(cache.db, success(await again(), T + 3 * HOUR_MS, [T + DAY_MS]));
    expect(await hours()).toEqual([{ clientId: item.workspaceId, hour: new Date(T), refreshes: 3, changes: 1, failures: 1, latencyMs: 3 * LATENCY_MS }]);
    expect(await cache.status(item.workspaceId)).toMatchObject({ hour: T / HOUR_MS + 3, hourRefreshes: 1, hourChanges: 1, hourFailures: 0, hourLatencyMs: LATENCY_MS });
  });

  it('of two writers that see the new hour first is written once', async () => {
    await store(cache.db, success(item, T, DAY));
    await again();
    const clients = Array.from({ length: 2 }, () => createDb(cache.url, { poolMax: 1 }));
    await Promise.all(clients.map((client, i) => storeBatch(client, [success(item, T + HOUR_MS + i, DAY, { sendSlots: i > 0 })], STORE_SETTINGS, () => 10_000)));
    await Promise.all(clients.map((client) => client.$disconnect()));
    expect(await hours()).toMatchObject([{ hour: new Date(T), refreshes: 1, changes: 1, latencyMs: LATENCY_MS }]);
    const { hourRefreshes, hourLatencyMs } = await cache.status(item.workspaceId);
    expect(hourLatencyMs).toBe(hourRefreshes * LATENCY_MS);
  });

  it('has what another writer counted while the first of the new hour waited for its row', async () => {
    await store(cache.db, success(item, T, DAY));
    await again();
    const waiting = createDb(cache.url, { poolMax: 1 });
    let ours: Promise<unknown> | undefined;
    await cache.db.$transaction(async (tx) => {
      await tx.workspaceAvailabilityStatus.update({ where: { clientId: item.workspaceId }, data: { hourRefreshes: { increment: 1 } } });
      ours = storeBatch(waiting, [success(item, T + HOUR_MS, DAY, { sendSlots: false })], STORE_SETTINGS, () => 10_000);
      await isWaitingForLock(cache.db);
    });
    await ours;
    await waiting.$disconnect();
    expect(await hours()).toMatchObject([{ refreshes: 2 }]);
    expect(await cache.status(item.workspaceId)).toMatchObject({ hourRefreshes: 1 });
  });
});

it('a batch in which nothing changed is one UPDATE', async () => {
  for (let i = 0; i < 5; i++) await cache.addWorkspace({ id: `batch-${String(i)}`, url: 'https://calendly.com/acme/intro', type: 'calendly' });
  const planned = async (): Promise<WorkItem[]> => [...(await itemsOf(cache.context)).values()].filter((one) => one.workspaceId.startsWith('batch-'));
  await store(cache.db, ...(await planned()).map((one) => success(one, T, DAY)));
  const before = await cache.db.$queryRaw<{ n: bigint }[]>`SELECT count(*) AS n FROM "WorkspaceTransition"`;
  const statements: string[] = [];
  const spy = new Proxy(cache.db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== '$queryRaw' || typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        statements.push(String((args[0] as string[])[0]));
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  await store(spy, ...(await planned()).map((one) => success(one, T + MINUTE_MS, DAY, { sendSlots: false })));
  expect(statements.map((text) => text.trim().split(/\s/)[0])).toEqual(['UPDATE']);
  expect(await cache.db.$queryRaw`SELECT count(*) AS n FROM "WorkspaceTransition"`).toEqual(before);
});
