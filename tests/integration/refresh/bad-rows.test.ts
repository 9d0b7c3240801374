import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkItem } from '@/lib/refresh/types';
import { createTestCache, type TestCache } from '../../support/cache';
import { abandoned, DAY_MS, failure, itemsOf, MINUTE_MS, store, STORE_SETTINGS, success } from './writes';
import { storeBatch } from '@/lib/refresh/store';

const T = Date.UTC(2026, 10, 23, 12, 0);
const SLOTS = [T + DAY_MS];

let cache: TestCache;
let items: WorkItem[];
let beganAt = T;

beforeAll(async () => {
  cache = await createTestCache();
  for (let i = 0; i < 12; i++) await cache.addWorkspace({ id: `w${i}`, url: 'https://calendly.com/acme/intro', type: 'calendly' });
  const planned = await itemsOf(cache.context);
  items = Array.from({ length: 12 }, (_, i) => planned.get(`w${i}`)).filter((item) => item !== undefined);
});
afterAll(async () => { await cache.close(); });

function itemAt(index: number): WorkItem {
  const item = items[index];
  if (!item) throw new Error(`no item ${index}`);
  return item;
}

describe('a row that the database refuses', () => {
  it.each([
    ['a slot beyond its range', () => success(itemAt(7), beganAt, [9e18])],
    ['a NUL in the metadata', () => success(itemAt(7), beganAt, SLOTS, { meta: { resolvedId: 'a\0b' } })],
    ['a NUL in a message', () => failure(itemAt(7), beganAt, 'server_error', 'a\0b')],
    ['a retry time beyond its range', () => {
      const write = failure(itemAt(7), beganAt);
      return write.kind === 'failure' ? { ...write, decision: { ...write.decision, retryAt: 9e18 } } : write;
    }],
  ] as const)('is alone reported, and every other of its batch is stored: %s', async (_name, bad) => {
    beganAt += MINUTE_MS;
    const badBefore = await cache.status('w7');
    const writes = items.filter((item) => item.workspaceId !== 'w7').map((item, i) => (i % 2 === 0 ? success(item, beganAt, SLOTS) : failure(item, beganAt)));
    const stored = await store(cache.db, ...writes, bad());
    expect(stored).toHaveLength(items.length);
    for (const { write, outcome, error } of stored) {
      const { item } = write.result;
      if (item.workspaceId === 'w7') {
        expect({ outcome, error }).toEqual({ outcome: 'failed', error: expect.stringMatching(/SQLSTATE [0-9A-Z]{5}/) as unknown });
        expect(await cache.status('w7')).toEqual(badBefore);
      } else {
        expect(outcome).toBe(write.kind === 'failure' ? 'recorded' : beganAt === T + MINUTE_MS ? 'changed' : 'unchanged');
        expect((await cache.status(item.workspaceId)).fetchedAt).toEqual(new Date(beganAt));
      }
    }
  });

  it('does not make the batch be sent more often than halving needs', async () => {
    beganAt += MINUTE_MS;
    let transactions = 0;
    const timeLeft = (): number => { transactions++; return 10_000; };
    await storeBatch(cache.db, [...items.slice(1).map((item) => failure(item, beganAt)), success(itemAt(0), beganAt, [9e18])], STORE_SETTINGS, timeLeft);
    expect(transactions).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(items.length)) + 1);
  });
});

describe('a workspace that was deleted', () => {
  it('is reported as gone whatever its attempt was, and the others of its batch are stored', async () => {
    beganAt += MINUTE_MS;
    await cache.db.client.deleteMany({ where: { id: { in: ['w0', 'w1', 'w2', 'w3'] } } });
    const stored = await store(cache.db,
      success(itemAt(0), beganAt, SLOTS), success(itemAt(1), beganAt, SLOTS, { sendSlots: false }), failure(itemAt(2), beganAt), abandoned(itemAt(3), beganAt),
      ...items.slice(4).map((item) => success(item, beganAt, [...SLOTS, T + 2 * DAY_MS])));
    const outcomes = new Map(stored.map(({ write, outcome }) => [write.result.item.workspaceId, outcome]));
    expect(items.map((item) => outcomes.get(item.workspaceId))).toEqual([...Array<string>(4).fill('gone'), ...Array<string>(8).fill('changed')]);
    expect(await cache.db.workspaceAvailabilityStatus.count()).toBe(8);
  });
});

describe('a batch without time left', () => {
  it('is unknown, and nothing of it is sent', async () => {
    beganAt += MINUTE_MS;
    const stored = await storeBatch(cache.db, items.slice(4).map((item) => failure(item, beganAt)), STORE_SETTINGS, () => 0);
    expect(stored.map((s) => s.outcome)).toEqual(Array(8).fill('unknown'));
    expect((await cache.status('w4')).fetchedAt).not.toEqual(new Date(beganAt));
  });
});
