import { describe, expect, it } from 'vitest';
import { afterSample, HostLimits, initialLimit, type LimitState } from '@/lib/refresh/concurrency';

const BOUNDS = { initial: 16, min: 2, max: 128 };

function after(state: LimitState, samples: number, sample: { durationMs: number; failed: boolean }): LimitState {
  let next = state;
  for (let i = 0; i < samples; i++) next = afterSample(next, sample, BOUNDS);
  return next;
}
const good = { durationMs: 250, failed: false };

describe('a host\'s concurrency', () => {
  it('doubles each round from its start to its ceiling while all is well', () => {
    const state = after(initialLimit(BOUNDS, null), 16 + 32 + 64, good);
    expect(state.limit).toBe(128);
    expect(after(state, 1_000, good).limit).toBe(128);
  });

  it('begins where the last run ended, within its bounds', () => {
    expect(initialLimit(BOUNDS, 90).limit).toBe(90);
    expect(initialLimit(BOUNDS, 900).limit).toBe(128);
    expect(initialLimit(BOUNDS, 1).limit).toBe(2);
  });

  it('shrinks when errors come, never below its floor, and grows again slowly', () => {
    const grown = after(initialLimit(BOUNDS, null), 16 + 32, good);
    const shrunk = after(grown, 64, { durationMs: 250, failed: true });
    expect(shrunk.limit).toBeLessThan(grown.limit);
    expect(after(shrunk, 10_000, { durationMs: 250, failed: true }).limit).toBe(2);
    const again = after(shrunk, Math.ceil(shrunk.limit), good);
    expect(again.limit).toBeGreaterThan(shrunk.limit);
    expect(again.limit).toBeLessThan(shrunk.limit * 1.2);
  });

  it('shrinks when latency rises well over its best, and accepts a slower normal in time', () => {
    const grown = after(initialLimit(BOUNDS, null), 16 + 32 + 64, good);
    const slow = { durationMs: 2_500, failed: false };
    const shrunk = after(grown, 128, slow);
    expect(shrunk.limit).toBeLessThan(grown.limit);
    const settled = after(shrunk, 20_000, slow);
    expect(settled.limit).toBeGreaterThan(16);
  });

  it('leaves other hosts alone', () => {
    const limits = new HostLimits(BOUNDS, undefined, new Map());
    for (let i = 0; i < 200; i++) limits.record('slow', { durationMs: 100, failed: true });
    expect(limits.limitOf('slow')).toBe(2);
    expect(limits.limitOf('fine')).toBe(16);
  });

  it('is a fixed number where the operator sets one', () => {
    const limits = new HostLimits(BOUNDS, 5, new Map([['h', 100]]));
    for (let i = 0; i < 200; i++) limits.record('h', good);
    expect(limits.limitOf('h')).toBe(5);
  });
});
