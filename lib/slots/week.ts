/** The week as a list of open stretches, in wall milliseconds since Monday 00:00. Pure arithmetic. */
import { DAY_MS, HOUR_MS, MINUTE_MS, type WallStretch } from './zone';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Local hours as `[from, to]` in HH:MM; `to` may be 24:00; a day left out is closed. */
export type WorkingHours = Partial<Record<Weekday, [string, string][]>>;

const WEEK_MS = 7 * DAY_MS;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 3;

export function weekdayOf(wall: number): Weekday {
  return WEEKDAYS[Math.floor(sinceMonday(wall) / DAY_MS)] ?? 'mon';
}

function sinceMonday(wall: number): number {
  const into = (wall + EPOCH_WEEKDAY * DAY_MS) % WEEK_MS;
  return into < 0 ? into + WEEK_MS : into;
}

export function timeOfDayMs(time: string): number {
  return Number(time.slice(0, 2)) * HOUR_MS + Number(time.slice(3, 5)) * MINUTE_MS;
}

const weeks = new WeakMap<WorkingHours, WallStretch[]>();

/**
 * Two weeks of open stretches, sorted, those that touch joined: a meeting may cross midnight or Sunday's end
 * where both sides are open.
 */
function weekOf(hours: WorkingHours): WallStretch[] {
  const known = weeks.get(hours);
  if (known) return known;
  const week = WEEKDAYS.flatMap((day, index) =>
    (hours[day] ?? []).map(([from, to]) => ({ fromMs: index * DAY_MS + timeOfDayMs(from), toMs: index * DAY_MS + timeOfDayMs(to) })));
  const later = week.map(({ fromMs, toMs }) => ({ fromMs: fromMs + WEEK_MS, toMs: toMs + WEEK_MS }));
  const joined: WallStretch[] = [];
  for (const { fromMs, toMs } of [...week, ...later].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else joined.push({ fromMs, toMs });
  }
  weeks.set(hours, joined);
  return joined;
}

/** Whether the hours are open during the whole stretch, of at most a week. */
export function coversStretch(hours: WorkingHours, stretch: WallStretch): boolean {
  const from = sinceMonday(stretch.fromMs);
  const to = from + (stretch.toMs - stretch.fromMs);
  return weekOf(hours).some((open) => open.fromMs <= from && to <= open.toMs && from < open.toMs);
}

/** How long from a wall time until the hours are open, if the clock ran evenly: 0 inside them; null: never. */
export function untilOpenMs(hours: WorkingHours, wall: number): number | null {
  const from = sinceMonday(wall);
  const open = weekOf(hours).find(({ toMs }) => toMs > from);
  return open === undefined ? null : Math.max(0, open.fromMs - from);
}
