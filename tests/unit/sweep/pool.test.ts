import { describe, expect, it } from 'vitest';
import { runPool, type PoolItem, type PoolOptions } from '@/lib/refresh/pool';

interface Item extends PoolItem { id: string; lane: string }

const item = (id: string, lane = 'a', notBefore: number | null = null): Item => ({ id, lane, notBefore });
const names = (n: number, prefix = 'i', lane = 'a'): Item[] => Array.from({ length: n }, (_, i) => item(`${prefix}${i}`, lane));

/** A pool whose work is settled by the test; `begun` tells what has started, in order. */
function harness(over: Partial<PoolOptions<Item>> & { items: Item[] }) {
  const begun: string[] = [];
  const givenUp: string[] = [];
  const settle = new Map<string, (outcome: 'done' | 'again') => void>();
  const end = new AbortController();
  const started = new Map<string, () => void>();
  const report = runPool<Item>({
    laneOf: (i) => i.lane, limitOf: () => 2, maxInFlight: undefined, closedUntil: () => null, now: () => performance.now(),
    endsAt: Infinity, signal: end.signal, parkAfterMs: 60_000, maxParked: 0,
    giveUp: (i) => givenUp.push(i.id),
    work: (i, { isRetry }) => new Promise((resolve) => {
      const name = isRetry ? `${i.id}!` : i.id;
      begun.push(name);
      settle.set(name, resolve);
      started.get(name)?.();
    }),
    ...over,
  });
  /** Resolves when that work has begun. */
  const hasBegun = (name: string): Promise<void> => begun.includes(name) ? Promise.resolve() : new Promise((resolve) => started.set(name, resolve));
  const finish = async (name: string, outcome: 'done' | 'again' = 'done'): Promise<void> => {
    await hasBegun(name);
    settle.get(name)?.(outcome);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { begun, givenUp, report, end, finish, hasBegun };
}

describe('the pool', () => {
  it('starts in order and never more than a lane allows', async () => {
    const pool = harness({ items: names(4) });
    expect(pool.begun).toEqual(['i0', 'i1']);
    await pool.finish('i1');
    expect(pool.begun).toEqual(['i0', 'i1', 'i2']);
    for (const name of ['i0', 'i2', 'i3']) await pool.finish(name);
    expect(await pool.report).toEqual({ closedOut: [], tooLate: [], notReached: [] });
  });

  it('lets a full lane not hold another up', async () => {
    const pool = harness({ items: [...names(5, 'slow', 'slow'), ...names(2, 'fast', 'fast')] });
    expect(pool.begun).toEqual(['slow0', 'slow1', 'fast0', 'fast1']);
    pool.end.abort();
    for (const name of ['slow0', 'slow1', 'fast0', 'fast1']) await pool.finish(name);
    expect((await pool.report).notReached.map((i) => i.id)).toEqual(['slow2', 'slow3', 'slow4']);
  });

  it('keeps the limit of all lanes together', () => {
    const pool = harness({ items: [...names(2, 'a', 'a'), ...names(2, 'b', 'b')], maxInFlight: 3 });
    expect(pool.begun).toEqual(['a0', 'a1', 'b0']);
    pool.end.abort();
  });

  it('gives the places of hanging items to others, up to a number of them', async () => {
    const pool = harness({ items: [...names(4, 'hang'), ...names(2, 'fine')], parkAfterMs: 5, maxParked: 4 });
    await pool.finish('fine0');
    await pool.finish('fine1');
    expect(pool.begun.slice(0, 4)).toEqual(['hang0', 'hang1', 'hang2', 'hang3']);
    pool.end.abort();
    for (const name of ['hang0', 'hang1', 'hang2', 'hang3']) await pool.finish(name);
    await pool.report;
  });

  it('tries again only after every first try, and once', async () => {
    const pool = harness({ items: names(3), limitOf: () => 1 });
    await pool.finish('i0', 'again');
    await pool.finish('i1');
    await pool.finish('i2');
    await pool.finish('i0!');
    await pool.report;
    expect(pool.begun).toEqual(['i0', 'i1', 'i2', 'i0!']);
    expect(pool.givenUp).toEqual([]);
  });

  it('gives a retry up when the run has ended', async () => {
    const pool = harness({ items: names(2), limitOf: () => 1 });
    await pool.finish('i0', 'again');
    await pool.hasBegun('i1');
    pool.end.abort();
    await pool.finish('i1', 'again');
    expect((await pool.report).notReached).toEqual([]);
    expect(pool.givenUp.sort()).toEqual(['i0', 'i1']);
  });

  it('starts nothing after the end, waits for what is under way and reports the rest', async () => {
    const pool = harness({ items: names(5) });
    pool.end.abort();
    let isOver = false;
    void pool.report.then(() => { isOver = true; });
    await pool.finish('i0');
    expect(isOver).toBe(false);
    await pool.finish('i1');
    expect((await pool.report).notReached.map((i) => i.id)).toEqual(['i2', 'i3', 'i4']);
    expect(pool.begun).toEqual(['i0', 'i1']);
  });

  it('holds an item until its place in time, and refuses one whose place is beyond the end', async () => {
    const now = performance.now();
    const pool = harness({ items: [item('later', 'a', now + 20), item('beyond', 'a', now + 90_000), item('first')], endsAt: now + 60_000 });
    expect(pool.begun).toEqual(['first']);
    await pool.finish('later');
    await pool.finish('first');
    expect((await pool.report).tooLate.map((i) => i.id)).toEqual(['beyond']);
    expect(performance.now()).toBeGreaterThanOrEqual(now + 20);
  });

  it('closes a lane out that stays closed, and waits for one that opens in time', async () => {
    const now = performance.now();
    const pool = harness({
      items: [...names(2, 'shut', 'shut'), ...names(1, 'soon', 'soon')], endsAt: now + 60_000,
      closedUntil: (lane) => (lane === 'shut' ? now + 90_000 : performance.now() < now + 20 ? now + 20 : null),
    });
    expect(pool.begun).toEqual([]);
    await pool.finish('soon0');
    expect((await pool.report).closedOut.map((i) => i.id)).toEqual(['shut0', 'shut1']);
  });

  it('ends at once when there is nothing to do', async () => {
    expect(await harness({ items: [] }).report).toEqual({ closedOut: [], tooLate: [], notReached: [] });
  });
});
