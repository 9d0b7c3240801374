import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkItem } from '@/lib/refresh/types';
import { createTestCache, type TestCache } from '../../support/cache';
import { abandoned, DAY_MS, failure, itemOf, MINUTE_MS, store, success } from './writes';

/** Attempts of one workspace, minutes apart. */
const T1 = Date.UTC(2026, 10, 23, 12, 0);
const T2 = T1 + MINUTE_MS;
const T3 = T2 + MINUTE_MS;
const OLD_SLOTS = [T1 + DAY_MS, T1 + 2 * DAY_MS];
const NEW_SLOTS = [T1 + DAY_MS, T1 + 3 * DAY_MS];

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

/** Both rows, without what tells the versions apart. */
async function rows(): Promise<{ hot: object; cold: object | null }> {
  const { clientId: _hot, ...hot } = await cache.status(item.workspaceId);
  const stored = await cache.stored(item.workspaceId);
  if (!stored) return { hot, cold: null };
  const { clientId: _cold, generation: _generation, ...cold } = stored;
  return { hot, cold };
}

async function slots(): Promise<number[] | undefined> {
  return (await cache.stored(item.workspaceId))?.slotsUtc.map(Number);
}

describe('a success', () => {
  it('that is older than the stored one changes nothing', async () => {
    await store(cache.db, success(item, T2, NEW_SLOTS));
    const before = await rows();
    const [stored] = await store(cache.db, success(item, T1, OLD_SLOTS));
    expect(stored?.outcome).toBe('unchanged');
    expect(await rows()).toEqual(before);
  });

  it('that is older and saw what is stored does not move the hot row back either', async () => {
    await store(cache.db, success(item, T2, NEW_SLOTS));
    const before = await rows();
    await store(cache.db, success(item, T1, NEW_SLOTS, { sendSlots: false }));
    expect(await rows()).toEqual(before);
  });

  it.each([true, false])('that is older than a newer failure brings its slots and keeps what the failure said (slots sent: %s)', async (sendSlots) => {
    await store(cache.db, success(item, T1, OLD_SLOTS));
    const known = sendSlots ? NEW_SLOTS : OLD_SLOTS;
    await store(cache.db, failure(item, T3, 'unsupported_duration', 'newest word'));
    await store(cache.db, success(item, T2, known, { sendSlots }));
    expect(await slots()).toEqual(known);
    const status = await cache.status(item.workspaceId);
    expect(status).toMatchObject({
      fetchedAt: new Date(T3), succeededAt: new Date(T2), staleAt: new Date(T2 + MINUTE_MS),
      errorKind: 'unsupported_duration', lastError: 'newest word', actionRequired: true, consecutiveFailures: 1,
    });
    expect(status.retryAt?.getTime()).toBeGreaterThan(T3);
  });

  it('that is newer than a failure ends what the failure said', async () => {
    await store(cache.db, failure(item, T1, 'not_found'));
    await store(cache.db, success(item, T2, NEW_SLOTS));
    expect(await cache.status(item.workspaceId)).toMatchObject({
      fetchedAt: new Date(T2), succeededAt: new Date(T2), errorKind: null, lastError: null, retryAt: null,
      actionRequired: false, consecutiveFailures: 0, abandonedRuns: 0, attemptFingerprint: item.fingerprint,
    });
  });

  it('stored twice, as after a lost answer, is the same as stored once', async () => {
    await store(cache.db, success(item, T1, OLD_SLOTS));
    await store(cache.db, success(item, T2, NEW_SLOTS));
    const generation = (await cache.stored(item.workspaceId))?.generation;
    const before = await rows();
    await store(cache.db, success(item, T2, NEW_SLOTS));
    expect(await rows()).toEqual(before);
    expect((await cache.stored(item.workspaceId))?.generation).toBe(generation);
  });
});

describe('a failure', () => {
  it.each([['success', () => success(item, T2, NEW_SLOTS)], ['failure', () => failure(item, T2, 'timeout')]] as const)(
    'that is older than a stored %s changes nothing', async (_name, newer) => {
      await store(cache.db, newer());
      const before = await rows();
      await store(cache.db, failure(item, T1, 'not_found'));
      expect(await rows()).toEqual(before);
    });

  it('keeps slots, meta and the last success, and counts up only for the same configuration', async () => {
    await store(cache.db, success(item, T1, OLD_SLOTS));
    const { cold } = await rows();
    await store(cache.db, failure(item, T2));
    await store(cache.db, failure(item, T3));
    expect((await rows()).cold).toEqual(cold);
    expect(await cache.status(item.workspaceId)).toMatchObject({ succeededAt: new Date(T1), fetchedAt: new Date(T3), consecutiveFailures: 2 });
    const other = { ...item, fingerprint: 'other' };
    await store(cache.db, failure(other, T3 + MINUTE_MS));
    expect(await cache.status(item.workspaceId)).toMatchObject({ consecutiveFailures: 1, attemptFingerprint: 'other' });
  });

  it('stored twice counts once', async () => {
    await store(cache.db, failure(item, T1));
    await store(cache.db, failure(item, T1));
    expect(await cache.status(item.workspaceId)).toMatchObject({ consecutiveFailures: 1 });
  });
});

describe('an abandoned attempt', () => {
  it('counts, and keeps the workspace its place', async () => {
    await store(cache.db, success(item, T1, OLD_SLOTS));
    await store(cache.db, abandoned(item, T2));
    expect(await cache.status(item.workspaceId)).toMatchObject({ abandonedRuns: 1, fetchedAt: new Date(T1), errorKind: null });
  });

  it('does not count against a workspace that was read after it began', async () => {
    await store(cache.db, success(item, T2, OLD_SLOTS));
    await store(cache.db, abandoned(item, T1));
    expect(await cache.status(item.workspaceId)).toMatchObject({ abandonedRuns: 0 });
  });
});

describe('a claim', () => {
  it.each([
    ['a success', () => success(item, T1, OLD_SLOTS)], ['a failure', () => failure(item, T1)], ['an abandonment', () => abandoned(item, T1)],
  ] as const)('taken by another is not ended by %s of a sweep that was already under way', async (_name, write) => {
    const refreshingUntil = new Date('2027-01-01T00:00:00Z');
    await cache.db.workspaceAvailabilityStatus.update({ where: { clientId: item.workspaceId }, data: { refreshingUntil } });
    await store(cache.db, write());
    expect((await cache.status(item.workspaceId)).refreshingUntil).toEqual(refreshingUntil);
  });
});
