import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, slotsInWindow, splitWindow, windowOf } from '@/lib/providers/window';

const instants = fc.integer({ min: -5_000, max: 5_000 });

describe('slotsInWindow', () => {
  it('keeps the start of the window and leaves out its end', () => {
    expect(slotsInWindow([9, 10, 19, 20], { startMs: 10, endMs: 20 })).toEqual([10, 19]);
  });

  it('sorts by number and keeps each start once', () => {
    expect(slotsInWindow([100, 9, 20, 9], { startMs: 0, endMs: 1_000 })).toEqual([9, 20, 100]);
  });

  it('answers exactly the distinct starts inside, whatever comes in', () => {
    fc.assert(
      fc.property(fc.array(instants), instants, fc.nat(5_000), (startsMs, startMs, lengthMs) => {
        const window = { startMs, endMs: startMs + lengthMs };
        const slots = slotsInWindow(startsMs, window);
        for (const [index, slot] of slots.entries()) expect(slot).toBeGreaterThan(index === 0 ? -Infinity : Number(slots[index - 1]));
        const expected = new Set(startsMs.filter((ms) => ms >= startMs && ms < startMs + lengthMs));
        expect(new Set(slots)).toEqual(expected);
      }),
    );
  });
});

describe('splitWindow', () => {
  it('leaves a window that fits as it is', () => {
    expect(splitWindow(windowOf(7, 30), 30)).toEqual([{ startMs: 7, endMs: 7 + 30 * DAY_MS }]);
  });

  it('covers the window without gap or overlap, in parts within the bound', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 31 }), (now, days, maxDays) => {
        const parts = splitWindow(windowOf(now, days), maxDays);
        expect(parts[0]?.startMs).toBe(now);
        expect(parts.at(-1)?.endMs).toBe(now + days * DAY_MS);
        for (const [index, { startMs, endMs }] of parts.entries()) {
          expect(endMs - startMs).toBeGreaterThan(0);
          expect(endMs - startMs).toBeLessThanOrEqual(maxDays * DAY_MS);
          if (index > 0) expect(startMs).toBe(parts[index - 1]?.endMs);
        }
      }),
    );
  });
});
