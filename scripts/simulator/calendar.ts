import { type Booking, BOOKED, seatsLeft, syntheticBookings } from './bookings';
import { explicitStarts, LOOKBACK_DAYS, mergeDays, openingsOf } from './openings';
import { hashText, mix } from './random';
import type { ResolvedSpec } from './spec';
import { localDayOf, MINUTE_MS, parseDay, startOfDay } from './zones';

/** The pure calendar model: which starts exist, which are bookable, as of an instant. No I/O, no clock. */

/** Everything in the future that the provider knows about, sorted by start. */
export interface Snapshot {
  /** True from here … */
  computedAtMs: number;
  /** … until just before here, if nobody changes the calendar. */
  validUntilMs: number;
  durationMinutes: number;
  starts: readonly number[];
  /** Beside each start: seats left (> 0: bookable), or BOOKED, or BLOCKED. */
  left: Int16Array;
  /** The bookings that exist, of all durations; for busy times. */
  bookings: readonly Booking[];
}

export interface CalendarModel {
  spec: ResolvedSpec;
  salt: number;
  /** Made through the API or by a test; in force at once. Cancelled ones stay, for the truth of earlier instants. */
  manualBookings: readonly Booking[];
}

export function calendarSalt(seed: number, calendarId: string): number {
  return mix(hashText(calendarId), seed);
}

export function takeSnapshot(model: CalendarModel, durationMinutes: number, nowMs: number): Snapshot {
  const { spec } = model;
  const today = localDayOf(spec.zone, nowMs);
  const firstDuration = spec.durationsMinutes[0] ?? 30;
  const base = candidates(spec, firstDuration, today);
  const listed = durationMinutes === firstDuration ? base : candidates(spec, durationMinutes, today);

  const noticeMs = spec.minimumNoticeMinutes * MINUTE_MS;
  const starts = listed.filter((start) => start > nowMs && start >= nowMs + noticeMs);
  let validUntilMs = startOfDay(spec.zone, today + 1);
  const next = starts[0];
  if (next !== undefined) validUntilMs = Math.min(validUntilMs, noticeMs > 0 ? next - noticeMs + 1 : next);

  const bookings: Booking[] = [];
  if (spec.bookingRate > 0) {
    const all: Booking[] = [];
    for (const start of base) {
      syntheticBookings(model.salt, start, firstDuration, spec.seats, spec.bookingRate, all);
    }
    for (const booking of all) {
      if (booking.arrivesAtMs <= nowMs) bookings.push(booking);
      else validUntilMs = Math.min(validUntilMs, booking.arrivesAtMs);
    }
  }
  for (const booking of model.manualBookings) {
    if (booking.arrivesAtMs <= nowMs && nowMs < (booking.cancelledAtMs ?? Infinity)) bookings.push(booking);
  }
  bookings.sort((left, right) => left.startMs - right.startMs);

  const left = seatsLeft(
    starts,
    durationMinutes * MINUTE_MS,
    spec.bufferMinutes * MINUTE_MS,
    spec.seats,
    bookings,
  );
  fillDays(spec, starts, left);
  if (spec.paused) left.fill(BOOKED);
  return { computedAtMs: nowMs, validUntilMs, durationMinutes, starts, left, bookings };
}

/** All starts of today and the horizon (and of windows that began yesterday), booked or not. */
function candidates(spec: ResolvedSpec, durationMinutes: number, today: number): readonly number[] {
  const explicit = explicitStarts(spec, durationMinutes);
  if (explicit) return explicit;
  const openings = openingsOf(spec.zone, spec.workingHours, spec.incrementMinutes, durationMinutes);
  const holidays = new Set(spec.holidays.map(parseDay));
  const days: (readonly number[])[] = [];
  for (let day = today - LOOKBACK_DAYS; day <= today + spec.horizonDays; day += 1) {
    if (!holidays.has(day)) days.push(openings(day));
  }
  return mergeDays(days);
}

function fillDays(spec: ResolvedSpec, starts: readonly number[], left: Int16Array): void {
  if (spec.fullDays.length === 0) return;
  const full = new Set(spec.fullDays.map(parseDay));
  starts.forEach((start, index) => {
    if (full.has(localDayOf(spec.zone, start))) left[index] = BOOKED;
  });
}

export function emptySnapshot(durationMinutes: number, nowMs: number): Snapshot {
  return {
    computedAtMs: nowMs,
    validUntilMs: nowMs,
    durationMinutes,
    starts: [],
    left: new Int16Array(0),
    bookings: [],
  };
}

/** The first index whose start is not before `ms`. */
export function indexAt(starts: readonly number[], ms: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bookable starts in [from, to). */
export function bookableIn(snapshot: Snapshot, fromMs: number, toMs: number): number[] {
  const bookable: number[] = [];
  const end = indexAt(snapshot.starts, toMs);
  for (let index = indexAt(snapshot.starts, fromMs); index < end; index += 1) {
    const start = snapshot.starts[index];
    if (start !== undefined && (snapshot.left[index] ?? 0) > 0) bookable.push(start);
  }
  return bookable;
}
