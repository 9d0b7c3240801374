/**
 * A workspace's working hours: checked when saved, and asked about meetings and openings.
 *
 * An instant is inside when the zone's clock then shows an open time; a meeting is inside when each of its
 * instants is. So an hour that a clock change skips opens nothing, and one that it repeats is open twice.
 */
import { z } from 'zod';
import { coversStretch, timeOfDayMs, untilOpenMs, WEEKDAYS, type Weekday, type WorkingHours } from './week';
import { DAY_MS, transitionWithin, wallMs, wallStretches } from './zone';

export type { Weekday, WorkingHours };

const MAX_INTERVALS_A_DAY = 12;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const EXAMPLE = '{"mon":[["09:00","17:00"]]}';

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value)).slice(0, 60);
const isDay = (key: string): key is Weekday => (WEEKDAYS as readonly string[]).includes(key);

/** The Json of `WorkspaceSettings.workingHours`; every problem names the day and the value. */
export const workingHoursSchema = z.unknown().transform((given, context): WorkingHours => {
  const problem = (message: string): void => { context.addIssue({ code: 'custom', message }); };
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    problem(`working hours ${shown(given)} must be an object of days such as ${EXAMPLE}, or null for any hour`);
    return z.NEVER;
  }
  const hours: WorkingHours = {};
  for (const [key, intervals] of Object.entries(given)) {
    if (!isDay(key)) problem(`${shown(key)} is not a day; days are ${WEEKDAYS.join(', ')}`);
    else hours[key] = readDay(key, intervals, problem);
  }
  if (context.issues.length === 0 && !Object.values(hours).some((intervals) => intervals.length > 0)) {
    problem(`working hours ${shown(given)} are never open; give at least one day its hours, or null for any hour`);
  }
  return hours;
});

function readDay(day: Weekday, intervals: unknown, problem: (message: string) => void): [string, string][] {
  if (!Array.isArray(intervals)) {
    problem(`${day}: ${shown(intervals)} must be a list of intervals such as [["09:00","17:00"]]`);
    return [];
  }
  if (intervals.length > MAX_INTERVALS_A_DAY) {
    problem(`${day}: ${String(intervals.length)} intervals; at most ${String(MAX_INTERVALS_A_DAY)} a day`);
    return [];
  }
  const read = intervals.flatMap((interval: unknown): [string, string][] => {
    const [from, to] = Array.isArray(interval) && interval.length === 2 ? (interval as unknown[]) : [];
    const message = problemOf(interval, from, to);
    if (message !== null) problem(`${day}: ${message}`);
    return message === null && typeof from === 'string' && typeof to === 'string' ? [[from, to]] : [];
  });
  read.sort(([a], [b]) => a.localeCompare(b));
  read.forEach(([from, to], i) => {
    const before = read[i - 1];
    if (before && before[1] > from) problem(`${day}: ${shown(before)} and ${shown([from, to])} overlap`);
  });
  return read;
}

function problemOf(interval: unknown, from: unknown, to: unknown): string | null {
  if (!Array.isArray(interval) || interval.length !== 2) return `${shown(interval)} must be two times such as ["09:00","17:00"]`;
  if (typeof from !== 'string' || !TIME.test(from)) return `${shown(from)} must be a time from 00:00 to 23:59, as HH:MM`;
  if (typeof to !== 'string' || (!TIME.test(to) && to !== '24:00')) return `${shown(to)} must be a time from 00:01 to 24:00, as HH:MM`;
  if (timeOfDayMs(to) > timeOfDayMs(from)) return null;
  return `${shown(interval)} must end after it begins; a night is two intervals: until 24:00, and from 00:00 on the next day`;
}

export type WorkingHoursCheck = { kind: 'valid'; hours: WorkingHours | null } | { kind: 'invalid'; problems: string[] };

/** Checks stored or given working hours; null and undefined mean any hour. */
export function checkWorkingHours(given: unknown): WorkingHoursCheck {
  if (given === null || given === undefined) return { kind: 'valid', hours: null };
  const parsed = workingHoursSchema.safeParse(given);
  if (parsed.success) return { kind: 'valid', hours: parsed.data };
  return { kind: 'invalid', problems: parsed.error.issues.map(({ message }) => message) };
}

/** Whether the whole of [startMs, endMs) lies inside the hours, on the zone's clock; null hours: always. */
export function isWithinWorkingHours(startMs: number, endMs: number, hours: WorkingHours | null, zone: string): boolean {
  return hours === null || wallStretches(startMs, endMs, zone).every((stretch) => coversStretch(hours, stretch));
}

const ANY_HOUR: WorkingHours = Object.fromEntries(WEEKDAYS.map((day) => [day, [['00:00', '24:00']]]));
/** Monday to Friday, whole days. */
export const NO_WEEKENDS = withoutWeekends(ANY_HOUR);

function withoutWeekends({ sat: _sat, sun: _sun, ...week }: WorkingHours): WorkingHours {
  return week;
}

/** The first instant from `instantMs` on at which the workspace is open; null: it never is. */
export function nextOpening(instantMs: number, hours: WorkingHours | null, zone: string, weekends: boolean): number | null {
  const open = weekends ? (hours ?? ANY_HOUR) : hours === null ? NO_WEEKENDS : withoutWeekends(hours);
  for (let at = Math.ceil(instantMs); ; ) {
    const waitMs = untilOpenMs(open, wallMs(at, zone));
    if (waitMs === null || waitMs === 0) return waitMs === null ? null : at;
    // The wait holds while the clock runs evenly: from a transition on it is asked again.
    const horizon = at + Math.min(waitMs, DAY_MS);
    at = transitionWithin(at, horizon, zone) ?? horizon;
  }
}
