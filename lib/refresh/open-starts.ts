/** Which of the stored slots can still be had. Pure. */
import type { Interval } from '../instants';

export interface Occupied {
  /** Length of a slot. */
  durationMs: number;
  /** In any order; they may overlap one another. */
  bookings: readonly Interval[];
  now: number;
}

/**
 * The starts that are in the future and whose slot overlaps no booking: it may end as one begins, and begin as one ends.
 * @param starts epoch milliseconds, in any order
 * @returns them ascending
 */
export function openStarts(starts: Float64Array, { durationMs, bookings, now }: Occupied): number[] {
  const byStart = bookings.toSorted((a, b) => a.startMs - b.startMs);
  const open: number[] = [];
  let next = 0;
  let busyUntil = -Infinity;
  for (const start of starts.toSorted()) {
    for (let booking = byStart[next]; booking && booking.startMs < start + durationMs; booking = byStart[++next]) {
      busyUntil = Math.max(busyUntil, booking.endMs);
    }
    if (start > now && start >= busyUntil) open.push(start);
  }
  return open;
}
