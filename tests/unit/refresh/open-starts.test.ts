import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStarts } from '@/lib/refresh/open-starts';

const HALF_HOUR = 30;
const open = (starts: readonly number[], bookings: readonly (readonly [number, number])[], now = 0): number[] =>
  openStarts(Float64Array.from(starts), { durationMs: HALF_HOUR, bookings: bookings.map(([startMs, endMs]) => ({ startMs, endMs })), now });

describe('openStarts', () => {
  it('leaves out what is past, and what begins now', () => {
    expect(open([100, 200, 300], [], 200)).toEqual([300]);
  });

  it('leaves out a slot that overlaps a booking, and keeps one that only touches it', () => {
    expect(open([70, 71, 99, 100, 109, 110], [[100, 110]])).toEqual([70, 110]);
  });

  it('remembers a long booking behind a short one that began later', () => {
    expect(open([100, 300, 500], [[90, 400], [95, 110]])).toEqual([500]);
  });

  it('is what asking each booking about each slot says', () => {
    const minute = fc.integer({ min: 0, max: 400 });
    const bookings = fc.array(fc.tuple(minute, fc.integer({ min: 1, max: 120 })).map(([from, length]) => [from, from + length] as const), { maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(minute), bookings, minute, (starts, busy, now) => {
        const expected = starts.toSorted((a, b) => a - b).filter((start) => start > now && !busy.some(([from, to]) => from < start + HALF_HOUR && start < to));
        expect(open(starts, busy, now)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
