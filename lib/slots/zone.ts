/**
 * Wall clocks. A wall time is epoch milliseconds as if the zone's clock showed UTC: instant plus offset.
 * Between two transitions it runs evenly, so a stretch of time is cut at transitions and then compared as
 * plain numbers; no local time is ever turned back into an instant, which a gap or a fold makes ambiguous.
 */
import { millisecondsInDay as DAY_MS, millisecondsInHour as HOUR_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { IANAZone } from 'luxon';

export { MINUTE_MS, HOUR_MS, DAY_MS };

/** Days of zones that are remembered; a day is one small entry. */
const MAX_REMEMBERED_DAYS = 50_000;

/** The zone if it is one, else null: a lead's zone comes from outside and may be anything. */
export function knownZone(zone: string | null | undefined): string | null {
  const name = zone?.trim();
  return name && IANAZone.isValidZone(name) ? name : null;
}

// Asking Intl for an offset takes 8 µs, too long for thousands of slots under a lock: a UTC day that begins and
// ends with the same offset has it all day (null: the day has a transition).
const offsetOfDay = new Map<string, number | null>();

function offsetMs(instantMs: number, zone: string): number {
  const day = Math.floor(instantMs / DAY_MS);
  const key = `${zone} ${String(day)}`;
  let offset = offsetOfDay.get(key);
  if (offset === undefined) {
    const first = exactOffsetMs(day * DAY_MS, zone);
    offset = first === exactOffsetMs((day + 1) * DAY_MS, zone) ? first : null;
    if (offsetOfDay.size >= MAX_REMEMBERED_DAYS) offsetOfDay.clear();
    offsetOfDay.set(key, offset);
  }
  return offset ?? exactOffsetMs(instantMs, zone);
}

/** @throws RangeError for what is no zone: the caller checks zones from outside with `knownZone` */
function exactOffsetMs(instantMs: number, zone: string): number {
  const minutes = IANAZone.create(zone).offset(instantMs);
  if (!Number.isFinite(minutes)) throw new RangeError(`No offset at ${String(instantMs)} in zone ${JSON.stringify(zone)}`);
  return minutes * MINUTE_MS;
}

export function wallMs(instantMs: number, zone: string): number {
  return instantMs + offsetMs(instantMs, zone);
}

/** The first instant in (fromMs, toMs] with another offset than at `fromMs`; the two at most a day apart. */
export function transitionWithin(fromMs: number, toMs: number, zone: string): number | null {
  const before = offsetMs(fromMs, zone);
  if (offsetMs(toMs, zone) === before) return null;
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle, zone) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Half-open, in wall milliseconds. */
export interface WallStretch {
  fromMs: number;
  toMs: number;
}

/** What the zone's clock shows during [startMs, endMs): one stretch, or more around transitions. */
export function wallStretches(startMs: number, endMs: number, zone: string): WallStretch[] {
  const stretches: WallStretch[] = [];
  let from = startMs;
  do {
    const horizon = Math.min(endMs, from + DAY_MS / 2);
    // An instant is at its end still on the old clock: only a transition before the end cuts the stretch.
    const transition = horizon > from ? transitionWithin(from, horizon, zone) : null;
    const to = transition ?? horizon;
    const wall = wallMs(from, zone);
    stretches.push({ fromMs: wall, toMs: wall + (to - from) });
    from = to;
  } while (from < endMs);
  return stretches;
}
