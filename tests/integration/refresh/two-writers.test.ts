import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '@/lib/db';
import { slotsHashOf } from '@/lib/refresh/hashes';
import { storeBatch, type StoredWrite, type Write } from '@/lib/refresh/store';
import type { WorkItem } from '@/lib/refresh/types';
import { createRandom } from '../../../scripts/simulator/random';
import { createTestCache, type TestCache } from '../../support/cache';
import { DAY_MS, failure, itemsOf, STORE_SETTINGS, success } from './writes';

const WRITERS = 3;
const WORKSPACES = 12;
const ROUNDS = 100;
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
      slotsUtc: good.slots.map((ms) => new Date(ms)), slotCount: good.slots.length,
      slotsHash: slotsHashOf(good.slots), slotsFingerprint: good.item.fingerprint,
    });
  }
}
