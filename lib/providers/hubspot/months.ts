import { DateTime } from 'luxon';
import { windowOf } from '../window';

/** Our clock and the provider's may differ by this much on which month is the current one. */
export const CLOCK_DISAGREEMENT_MS = 5 * 60 * 1000;

/**
 * HubSpot pages by calendar month, counted from the month that is current in the zone of the request.
 * Every offset that the window touches, smallest first. Near a month's turn one more: for a provider whose
 * clock is behind ours, offset 0 is still the month that has just ended.
 */
export function monthOffsets(nowMs: number, days: number, zone: string): number[] {
  const { startMs, endMs } = windowOf(nowMs, days);
  const touched = monthNumber(endMs - 1, zone) - monthNumber(startMs, zone) + 1;
  const isNearTurn =
    monthNumber(nowMs - CLOCK_DISAGREEMENT_MS, zone) !== monthNumber(nowMs + CLOCK_DISAGREEMENT_MS, zone);
  return Array.from({ length: touched + (isNearTurn ? 1 : 0) }, (_, offset) => offset);
}

const MINUTE_MS = 60_000;
/** Some zones, some minutes: a sweep asks the same again and again, and a zone's offset costs a date formatter's work. */
const MAX_REMEMBERED = 2_000;
const remembered = new Map<string, number>();

/** Offsets are whole minutes, so a month turns at one. */
function monthNumber(ms: number, zone: string): number {
  const minute = Math.floor(ms / MINUTE_MS);
  const key = `${zone} ${minute}`;
  let month = remembered.get(key);
  if (month === undefined) {
    const local = DateTime.fromMillis(minute * MINUTE_MS, { zone });
    month = local.year * 12 + local.month;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, month);
  }
  return month;
}
