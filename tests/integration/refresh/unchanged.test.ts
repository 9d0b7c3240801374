import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkItem } from '@/lib/refresh/types';
import { createTestCache, type TestCache } from '../../support/cache';
import { DAY_MS, HOUR_MS, itemOf, MINUTE_MS, store, success, type SuccessOptions } from './writes';

const T = Date.UTC(2026, 10, 23, 12, 0);
const WINDOW_MS = 30 * DAY_MS;
/** One soon past, two inside every window here, and one at the window's end. */
const SOON = T + 5 * MINUTE_MS;
const INSIDE = [T + DAY_MS, T + 2 * DAY_MS];
const LAST = T + WINDOW_MS - MINUTE_MS;
const SLOTS = [SOON, ...INSIDE, LAST];
const LATER = T + HOUR_MS;

let cache: TestCache;
let item: WorkItem;
let count = 0;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });
beforeEach(async () => {
  const id = `w${++count}`;
  await cache.addWorkspace({ id, url: 'https://calendly.com/acme/intro', type: 'calendly' });
  item = await itemOf(cache.context, id);
  await store(cache.db, success(item, T, SLOTS));
});

async function cold(): Promise<{ version: string; generation: bigint; changedAt: Date; slots: number[] }> {
  const rows = await cache.db.$queryRaw<{ version: string }[]>`
    SELECT xmin::text || ctid::text AS version FROM "WorkspaceAvailabilityCache" WHERE "clientId" = ${item.workspaceId}`;
  const row = await cache.stored(item.workspaceId);
  if (!row || !rows[0]) throw new Error('nothing is stored');
  return { version: rows[0].version, generation: row.generation, changedAt: row.changedAt, slots: row.slotsUtc.map(Number) };
}

interface Case {
  name: string;
  slots: number[];
  options?: SuccessOptions;
  isRewritten: boolean;
  isChange: boolean;
}

const CASES: Case[] = [
  { name: 'nothing differs', slots: SLOTS, isRewritten: true, isChange: false },
  { name: 'past slots are dropped', slots: [...INSIDE, LAST], isRewritten: false, isChange: false },
  { name: 'a slot beyond the old window comes', slots: [...INSIDE, LAST, T + WINDOW_MS + 30 * MINUTE_MS], isRewritten: true, isChange: false },
  { name: 'a slot at the very end of the old window comes', slots: [...INSIDE, LAST, T + WINDOW_MS], isRewritten: true, isChange: false },
  { name: 'a slot inside both windows comes', slots: [...INSIDE, T + 3 * DAY_MS, LAST], isRewritten: true, isChange: true },
  { name: 'the last slot inside the old window goes', slots: INSIDE, isRewritten: true, isChange: true },
  { name: 'a slot inside both windows goes', slots: [T + DAY_MS, LAST], isRewritten: true, isChange: true },
  { name: 'as many come as go', slots: [T + DAY_MS, T + 3 * DAY_MS, LAST], isRewritten: true, isChange: true },
  { name: 'all go', slots: [], isRewritten: true, isChange: true },
  { name: 'the duration changes', slots: [...INSIDE, LAST], options: { durationMinutes: 60 }, isRewritten: true, isChange: true },
  { name: 'only the metadata changes', slots: [...INSIDE, LAST], options: { meta: { resolvedId: 'new' } }, isRewritten: true, isChange: false },
];

describe('an hour later', () => {
  it.each(CASES.filter((c) => c.name !== 'nothing differs'))('when $name: rewritten is $isRewritten, a change is $isChange', async ({ slots, options, isRewritten, isChange }) => {
    const before = await cold();
    const [stored] = await store(cache.db, success(item, LATER, slots, options));
    const after = await cold();
    expect(after.version !== before.version).toBe(isRewritten);
    expect(after.generation - before.generation).toBe(isChange ? 1n : 0n);
    expect(after.changedAt).toEqual(isChange ? new Date(LATER) : before.changedAt);
    expect(stored?.outcome).toBe(isChange ? 'changed' : 'unchanged');
    expect(after.slots).toEqual(isRewritten ? slots : SLOTS);
    expect(await cache.status(item.workspaceId)).toMatchObject({ succeededAt: new Date(LATER), fetchedAt: new Date(LATER) });
  });

  it('the same slots, sent again because the hot row had forgotten them, do not rewrite the cold row', async () => {
    const before = await cold();
    await store(cache.db, success(item, T + MINUTE_MS, SLOTS));
    expect(await cold()).toEqual(before);
  });
});

describe('the window of the comparison', () => {
  it('is that of the last success, also where that left the cold row alone', async () => {
    // The second reading saw the same slots, so its row is the first one's; its window is an hour later.
    await store(cache.db, success(item, LATER, [...INSIDE, LAST]));
    const beyondFirst = T + WINDOW_MS + 30 * MINUTE_MS;
    const before = await cold();
    const [stored] = await store(cache.db, success(item, LATER + MINUTE_MS, [...INSIDE, LAST, beyondFirst]));
    expect(stored?.outcome).toBe('changed');
    expect((await cold()).generation - before.generation).toBe(1n);
  });

  it('leaves out what begins about now: a slot whose time comes while it is asked for is missing, and is no change', async () => {
    const soon = [10, 29].map((seconds) => LATER + seconds * 1_000);
    await store(cache.db, success(item, LATER - MINUTE_MS, [...soon, ...INSIDE, LAST]));
    const { generation } = await cold();
    expect((await store(cache.db, success(item, LATER, [...INSIDE, LAST])))[0]?.outcome).toBe('unchanged');
    expect((await store(cache.db, success(item, LATER + 1_000, [soon[1] ?? 0, ...INSIDE, LAST])))[0]?.outcome).toBe('unchanged');
    expect(await cold()).toMatchObject({ generation, slots: [soon[1], ...INSIDE, LAST] });
    // A little later begins what has really been taken.
    const later = LATER + MINUTE_MS;
    await store(cache.db, success(item, LATER + 2_000, [later, ...INSIDE, LAST]));
    expect((await store(cache.db, success(item, LATER + 3_000, [...INSIDE, LAST])))[0]?.outcome).toBe('changed');
  });

  it('sees an hourly calendar through a week with no change at all', async () => {
    const open = Array.from({ length: 40 * 24 }, (_, i) => T + i * HOUR_MS);
    const { generation } = await cold();
    for (let at = T + MINUTE_MS; at < T + 7 * DAY_MS; at += 5 * HOUR_MS + 7 * MINUTE_MS) {
      await store(cache.db, success(item, at, open.filter((slot) => slot >= at && slot < at + WINDOW_MS)));
    }
    // One change: from the slots of the preparation to the hourly ones.
    expect((await cold()).generation - generation).toBe(1n);
  });
});

describe('an attempt that knows what is stored', () => {
  it('sends no slots and leaves the cold row alone', async () => {
    const before = await cold();
    const [stored] = await store(cache.db, success(item, T + MINUTE_MS, SLOTS, { sendSlots: false }));
    expect(stored?.outcome).toBe('unchanged');
    expect(await cold()).toEqual(before);
    expect(await cache.status(item.workspaceId)).toMatchObject({ succeededAt: new Date(T + MINUTE_MS) });
  });

  it('sends them after all when another writer came between', async () => {
    await store(cache.db, success(item, T + MINUTE_MS, INSIDE));
    const [stored] = await store(cache.db, success(item, T + 2 * MINUTE_MS, SLOTS, { sendSlots: false }));
    expect(stored?.outcome).toBe('changed');
    expect((await cold()).slots).toEqual(SLOTS);
  });
});
