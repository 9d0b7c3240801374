import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '@/lib/db';
import { slotsHashOf } from '@/lib/refresh/hashes';
import { storeBatch, type StoredWrite, type Write } from '@/lib/refresh/store';
import type { WorkItem } from '@/lib/refresh/types';
import { createRandom } from '../../../scripts/simulator/random';
import { createTestCache, type TestCache } from '../../support/cache';
import { DAY_MS, failure, isWaitingForLock, itemsOf, STORE_SETTINGS, success } from './writes';

const WRITERS = 3;
const WORKSPACES = 12;
const ROUNDS = 60;
const T = Date.UTC(2026, 10, 23, 12, 0);

let cache: TestCache;
let clients: Db[];
let items: WorkItem[];

beforeAll(async () => {
  cache = await createTestCache();
  for (let i = 0; i < WORKSPACES; i++) await cache.addWorkspace({ id: `w${i}`, url: 'https://calendly.com/acme/intro', type: 'calendly' });
  items = [...(await itemsOf(cache.context)).values()];
  // Writers of the same rows cross in nearly every round; a second's wait for each would be most of this test.
  await cache.db.$executeRaw`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = %L', current_database(), '10ms'); END $$`;
  clients = Array.from({ length: WRITERS }, () => createDb(cache.url, { poolMax: 1 }));
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.$disconnect()));
  await cache.close();
});

/** Two answers a calendar may give; equal ones from different attempts are the usual case. */
const ANSWERS = [[T + DAY_MS, T + 2 * DAY_MS], [T + DAY_MS, T + 3 * DAY_MS], []];

describe('several writers at once', () => {
  it('leave every row as its newest attempts say, whatever the order in which they arrive', async () => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    const random = createRandom(seed);
    const pick = (below: number): number => Math.floor(random.next() * below);
    const newestSuccess = new Map<string, Extract<Write, { kind: 'success' }>>();
    const newest = new Map<string, Write>();
    let began = T;
    let fewest = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      // What each writer planned from: the content it believes to be stored.
      const planned = new Map((await cache.db.workspaceAvailabilityStatus.findMany()).map((s) => [s.clientId, s.contentHash]));
      const batches: Write[][] = Array.from({ length: WRITERS }, () => []);
      for (const item of items) {
        for (const batch of batches) {
          if (pick(4) === 0) continue;
          // A writer's attempts began before or after another's, no two at the same instant.
          const at = began + 1 + pick(1_000) * WRITERS + batches.indexOf(batch);
          const write = pick(4) === 0 ? failure(item, at, 'server_error', `at ${at}`) : success(item, at, ANSWERS[pick(3)] ?? []);
          if (write.kind === 'success') {
            write.sendSlots = planned.get(item.workspaceId) !== write.result.contentHash;
            if (at > (newestSuccess.get(item.workspaceId)?.result.beganAt ?? 0)) newestSuccess.set(item.workspaceId, write);
          }
          if (at > (newest.get(item.workspaceId)?.result.beganAt ?? 0)) newest.set(item.workspaceId, write);
          batch.push(write);
        }
      }
      began += 10_000;
      const stored: StoredWrite[] = (await Promise.all(batches.map(async (batch, i) => {
        const client = clients[i];
        return client ? await storeBatch(client, batch, STORE_SETTINGS, () => 10_000) : [];
      }))).flat();
      fewest = Math.min(fewest, stored.length);
      expect(stored.filter((s) => ['failed', 'unknown', 'gone'].includes(s.outcome)), `seed ${seed}, round ${round}`).toEqual([]);
      await checkRows(newest, newestSuccess, `seed ${seed}, round ${round}`);
    }
    expect(fewest).toBeGreaterThan(WORKSPACES);
  });
});

describe('a writer that had to wait for another', () => {
  it('compares with what the other left, not with what was there before', async () => {
    const [item] = items;
    const [waiting, holding] = clients;
    if (!item || !waiting || !holding) throw new Error('nothing to write');
    const { workspaceId } = item;
    const at = T + 40 * DAY_MS;
    const [first, other] = [[at + DAY_MS], [at + 2 * DAY_MS]];
    await storeBatch(waiting, [success(item, at, first)], STORE_SETTINGS, () => 10_000);

    // The other one's reading, newer and different, is written but not yet committed when ours comes.
    let ours: Promise<StoredWrite[]> | undefined;
    await holding.$transaction(async (tx) => {
      const { contentHash, slotsHash } = success(item, at + 1, other).result;
      await tx.workspaceAvailabilityStatus.update({ where: { clientId: workspaceId }, data: { succeededAt: new Date(at + 1), fetchedAt: new Date(at + 1), contentHash } });
      await tx.workspaceAvailabilityCache.update({ where: { clientId: workspaceId }, data: { slotsUtc: other.map((ms) => new Date(ms)), slotsHash } });
      ours = storeBatch(waiting, [success(item, at + 2, first)], STORE_SETTINGS, () => 10_000);
      await isWaitingForLock(cache.db);
    });
    const [stored] = (await ours) ?? [];
    expect(stored?.outcome).toBe('changed');
    expect(await cache.status(workspaceId)).toMatchObject({ succeededAt: new Date(at + 2) });
    expect((await cache.stored(workspaceId))?.slotsUtc.map(Number)).toEqual(first);
  });
});

async function checkRows(newest: Map<string, Write>, newestSuccess: Map<string, Extract<Write, { kind: 'success' }>>, where: string): Promise<void> {
  const statuses = new Map((await cache.db.workspaceAvailabilityStatus.findMany()).map((row) => [row.clientId, row]));
  const cold = new Map((await cache.db.workspaceAvailabilityCache.findMany()).map((row) => [row.clientId, row]));
  for (const [id, last] of newest) {
    const good = newestSuccess.get(id)?.result;
    expect(statuses.get(id), `${where}, ${id}`).toMatchObject({
      fetchedAt: new Date(last.result.beganAt),
      succeededAt: good ? new Date(good.beganAt) : null,
      staleAt: good ? new Date(good.beganAt + STORE_SETTINGS.ttlMs) : null,
      contentHash: good?.contentHash ?? null,
      lastError: last.kind === 'failure' ? last.result.message : null,
      errorKind: last.kind === 'failure' ? last.result.errorKind : null,
    });
    if (!good) continue;
    expect(cold.get(id), `${where}, ${id}`).toMatchObject({
      slotsUtc: Array.from(good.slots, (ms) => new Date(ms)), slotCount: good.slots.length,
      slotsHash: slotsHashOf(good.slots), slotsFingerprint: good.item.fingerprint,
    });
  }
}
