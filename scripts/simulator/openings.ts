import type { ResolvedSpec, WorkingHours } from './spec';
import { instantsAt, weekdayOf } from './zones';

/**
 * The starts that a set of working hours gives on a local day. Thousands of calendars of a benchmark
 * share a handful of hours and zones, so days are computed once for all of them.
 */
/** A window may run up to 48:00, so the hours of the day before can reach into today. */
export const LOOKBACK_DAYS = 1;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export type DayOpenings = (day: number) => readonly number[];

export function openingsOf(
  zone: string,
  hours: WorkingHours,
  incrementMinutes: number,
  durationMinutes: number,
): DayOpenings {
  const key = JSON.stringify([zone, hours, incrementMinutes, durationMinutes]);
  let days = sharedDays.get(key);
  if (!days) {
    days = new Map();
    sharedDays.set(key, days);
  }
  const known = days;
  return (day) => {
    let starts = known.get(day);
    if (!starts) {
      starts = computeDay(zone, hours, incrementMinutes, durationMinutes, day);
      known.set(day, starts);
    }
    return starts;
  };
}

const sharedDays = new Map<string, Map<number, number[]>>();

function computeDay(
  zone: string,
  hours: WorkingHours,
  incrementMinutes: number,
  durationMinutes: number,
  day: number,
): number[] {
  const weekday = WEEKDAYS[weekdayOf(day)];
  const starts = new Set<number>();
  for (const [from, to] of weekday ? hours[weekday] : []) {
    for (let minute = from; minute + durationMinutes <= to; minute += incrementMinutes) {
      for (const instant of instantsAt(zone, day, minute)) starts.add(instant);
    }
  }
  return [...starts].sort((left, right) => left - right);
}

/** Explicit lists by local day make no sense: they stand beside the working hours, not inside them. */
export function explicitStarts(spec: ResolvedSpec, durationMinutes: number): number[] | undefined {
  const own = spec.slotsByDuration?.[String(durationMinutes)];
  const list = own ?? (spec.slotsByDuration ? [] : spec.slots);
  return list ? [...new Set(list)].sort((left, right) => left - right) : undefined;
}

/** Merges day lists; only hours that run past midnight put them out of order. */
export function mergeDays(lists: readonly (readonly number[])[]): number[] {
  const merged: number[] = [];
  let isOrdered = true;
  for (const list of lists) {
    for (const start of list) {
      const last = merged[merged.length - 1];
      if (last !== undefined && start <= last) isOrdered = false;
      merged.push(start);
    }
  }
  return isOrdered ? merged : [...new Set(merged)].sort((left, right) => left - right);
}

