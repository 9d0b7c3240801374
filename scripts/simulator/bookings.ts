import { mix, unit } from './random';
import { DAY_MS, MINUTE_MS } from './zones';

export interface Booking {
  startMs: number;
  endMs: number;
  /** The booking exists from this instant on. */
  arrivesAtMs: number;
  /** … and until before this one; absent: for ever. */
  cancelledAtMs?: number;
}

/** Bookings come in up to three weeks before their meeting. */
const MAX_LEAD_MS = 21 * DAY_MS;

/** The bookings that will have been made for one start by the time it begins: a pure function of the salt. */
export function syntheticBookings(
  salt: number,
  startMs: number,
  durationMinutes: number,
  seats: number,
  bookingRate: number,
  into: Booking[],
): void {
  for (let seat = 0; seat < seats; seat += 1) {
    const hash = mix(mix(salt, startMs), seat);
    if (unit(hash) >= bookingRate) continue;
    into.push({
      startMs,
      endMs: startMs + durationMinutes * MINUTE_MS,
      arrivesAtMs: startMs - Math.floor(unit(mix(hash, 1)) * MAX_LEAD_MS),
    });
  }
}

/** What the bookings leave of each start. */
export const BOOKED = 0;
/** Nobody booked this start, but it touches another meeting or its buffer. */
export const BLOCKED = -1;

/**
 * Seats left for each start (both lists sorted): a positive number, BOOKED or BLOCKED. In a group event a
 * booking of the same start takes one seat; anything else that overlaps takes the host.
 */
export function seatsLeft(
  starts: readonly number[],
  durationMs: number,
  bufferMs: number,
  seats: number,
  bookings: readonly Booking[],
): Int16Array {
  const left = new Int16Array(starts.length).fill(seats);
  if (bookings.length === 0) return left;
  let longestMs = 0;
  for (const booking of bookings) longestMs = Math.max(longestMs, booking.endMs - booking.startMs);
  let first = 0;
  for (let index = 0; index < starts.length; index += 1) {
    const start = starts[index] ?? 0;
    while (first < bookings.length && (bookings[first]?.startMs ?? 0) + longestMs + bufferMs <= start) first += 1;
    let remaining = seats;
    let isBlocked = false;
    for (let at = first; at < bookings.length; at += 1) {
      const booking = bookings[at];
      if (!booking || booking.startMs >= start + durationMs + bufferMs) break;
      if (booking.endMs + bufferMs <= start) continue;
      if (booking.startMs === start) remaining -= 1;
      else isBlocked = true;
    }
    if (remaining <= 0) left[index] = BOOKED;
    else left[index] = isBlocked ? BLOCKED : remaining;
  }
  return left;
}
