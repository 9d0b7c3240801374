import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_BOUNDS, HostLimits } from '@/lib/refresh/concurrency';
import { runPool, type PoolItem } from '@/lib/refresh/pool';

interface Item extends PoolItem { host: string }

const HOSTS = ['calendly', 'hubspot', 'ghl'] as const;
const ITEMS_A_HOST = 1_000;
const NORMAL_MS = 250;
const END_MS = 6_000;
const SLOW_FROM_MS = 1_500;

interface Outcome {
  /** Refreshes done by host. */
  done: Record<string, number>;
  /** Places at the end, by host. */
  limits: Record<string, number>;
}

/** Six seconds of a sweep over three hosts on a clock of its own; `slowMs` is what one of them takes after a while. */
async function sweep(slowMs: number, fixed?: number): Promise<Outcome> {
  const limits = new HostLimits({ ...DEFAULT_BOUNDS, max: 32 }, fixed, new Map());
  const done: Record<string, number> = {};
  const items = Array.from({ length: ITEMS_A_HOST }, () => HOSTS.map((host): Item => ({ host, notBefore: null }))).flat();
  const startedAt = Date.now();
  const end = new AbortController();
  const report = runPool<Item>({
    items, laneOf: ({ host }) => host, limitOf: (host) => limits.limitOf(host), maxInFlight: fixed, closedUntil: () => null, now: () => Date.now(),
    endsAt: Infinity, signal: end.signal, parkAfterMs: 3_000, maxParked: 256, giveUp: () => undefined,
    work: async ({ host }) => {
      const durationMs = host === 'calendly' && Date.now() - startedAt >= SLOW_FROM_MS ? slowMs : NORMAL_MS;
      await new Promise((resolve) => { setTimeout(resolve, durationMs); });
      limits.record(host, { durationMs, failed: false });
      if (!end.signal.aborted) done[host] = (done[host] ?? 0) + 1;
      return 'done';
    },
  });
  await vi.advanceTimersByTimeAsync(END_MS);
  end.abort();
  await vi.advanceTimersByTimeAsync(10 * NORMAL_MS);
  await report;
  return { done, limits: Object.fromEntries(HOSTS.map((host) => [host, limits.limitOf(host)])) };
}

describe('a provider that slows down tenfold', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('is asked less at once, and the others refresh as many as without its trouble', async () => {
    const healthy = await sweep(NORMAL_MS);
    const troubled = await sweep(10 * NORMAL_MS);
    expect(healthy.done.calendly).toBeGreaterThan(600);
    expect(troubled.done.calendly).toBeLessThan((healthy.done.calendly ?? 0) / 2);
    expect(troubled.limits.calendly).toBeLessThan(healthy.limits.calendly ?? 0);
    for (const host of ['hubspot', 'ghl']) {
      expect(troubled.done[host]).toBe(healthy.done[host]);
      expect(troubled.limits[host]).toBe(healthy.limits[host]);
    }
  });

  it('shares the places with the others where the operator has fixed their number', async () => {
    const { done, limits } = await sweep(NORMAL_MS, 30);
    expect(limits).toEqual({ calendly: 30, hubspot: 30, ghl: 30 });
    // Thirty places, a quarter of a second each.
    const total = Object.values(done).reduce((sum, count) => sum + count, 0);
    expect(total).toBeLessThanOrEqual(30 * (END_MS / NORMAL_MS));
    expect(total).toBeGreaterThan(29 * (END_MS / NORMAL_MS - 1));
  });
});
