import type { Rendered } from '../body-cache';
import { BOOKED, BLOCKED } from '../bookings';
import { indexAt, type Snapshot } from '../calendar';
import { dayText, isoUtc, isoWithOffset, localDayOf, startOfDay } from '../zones';

/**
 * The public calendar range. Every date of the range is listed, in the requested zone. Spots that cannot
 * be taken stay listed on days that have others, and they look different on purpose: a booked spot is
 * `unavailable` with 0 remaining, one that only touches a meeting is `unavailable` with 1 remaining, a
 * full group spot is `available` with 0 remaining. A client must check both fields.
 */
export interface RangeRequest {
  timezone: string;
  firstDay: number;
  lastDay: number;
  nowMs: number;
  availabilityZone: string;
  seats: number;
}

interface Spot {
  status: 'available' | 'unavailable';
  start_time: string;
  invitees_remaining: number;
}

export function renderRange(snapshot: Snapshot, request: RangeRequest): Rendered {
  const { timezone, firstDay, lastDay, nowMs } = request;
  const spots = new Map<number, Spot[]>();
  const bookableDays = new Set<number>();
  const end = indexAt(snapshot.starts, startOfDay(timezone, lastDay + 1));
  for (let index = indexAt(snapshot.starts, startOfDay(timezone, firstDay)); index < end; index += 1) {
    const start = snapshot.starts[index];
    if (start === undefined) continue;
    const left = snapshot.left[index] ?? BOOKED;
    const day = localDayOf(timezone, start);
    if (left > 0) bookableDays.add(day);
    const list = spots.get(day);
    const spot = spotOf(timezone, start, left, request.seats);
    if (list) list.push(spot);
    else spots.set(day, [spot]);
  }
  const days: unknown[] = [];
  for (let day = firstDay; day <= lastDay; day += 1) {
    const isBookable = bookableDays.has(day);
    days.push({
      date: dayText(day),
      status: isBookable ? 'available' : 'unavailable',
      spots: isBookable ? spots.get(day) : [],
      invitee_events: [],
    });
  }
  const today = localDayOf(timezone, nowMs);
  const text = JSON.stringify({
    invitee_publisher_error: false,
    today: dayText(today),
    availability_timezone: request.availabilityZone,
    days,
    diagnostic_data: null,
    current_user: {
      email: null,
      locale: 'en',
      date_notation: null,
      time_notation: null,
      avatar_url: null,
      calendar_accounts: [],
      is_pretending: false,
      diagnostics: { available: false, enabled: false },
    },
  });
  return { text, validUntilMs: Math.min(snapshot.validUntilMs, startOfDay(timezone, today + 1)) };
}

function spotOf(timezone: string, start: number, left: number, seats: number): Spot {
  const isUtc = timezone === 'UTC' || timezone === 'Etc/UTC';
  const start_time = isUtc ? isoUtc(start) : isoWithOffset(timezone, start);
  if (left > 0) return { status: 'available', start_time, invitees_remaining: left };
  if (left === BLOCKED) return { status: 'unavailable', start_time, invitees_remaining: 1 };
  return { status: seats > 1 ? 'available' : 'unavailable', start_time, invitees_remaining: 0 };
}
