/**
 * What a zone's clock shows, said a second time with nothing of the app's: a zone is a list of offsets read off
 * `Intl`'s clock, its transitions found to the millisecond; dates are counted by the rules of the calendar, without `Date`.
 */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
export const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
export const daysInMonth = (year: number, month: number): number => (month === 2 ? (isLeapYear(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);

/** 1 January 2000 was a Saturday, 10,957 days after the epoch. */
const DAY_2000 = 10_957;
const SATURDAY = 5;

const yearStarts = new Map<number, number>([[2000, DAY_2000]]);
function yearStart(year: number): number {
  const known = yearStarts.get(year);
  if (known !== undefined) return known;
  const start = yearStart(year - 1) + (isLeapYear(year - 1) ? 366 : 365);
  yearStarts.set(year, start);
  return start;
}

/** Days since the epoch of a date from the year 2000 on; months from 1. */
export function dayNumber(year: number, month: number, day: number): number {
  let days = yearStart(year) + day - 1;
  for (let m = 1; m < month; m += 1) days += daysInMonth(year, m);
  return days;
}

export interface Clock {
  year: number;
  month: number;
  day: number;
  /** 0: Monday. */
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  /** Minutes that the clock is ahead of UTC. */
  offset: number;
}

/** The date and time on a clock that is `offset` minutes ahead of UTC. */
export function clockAt(instant: number, offset: number): Clock {
  const shown = instant + offset * MINUTE;
  const days = Math.floor(shown / DAY);
  const inDay = shown - days * DAY;
  let year = 2000;
  while (yearStart(year + 1) <= days) year += 1;
  let [month, day] = [1, days - yearStart(year) + 1];
  for (let length = daysInMonth(year, month); day > length; length = daysInMonth(year, month)) {
    day -= length;
    month += 1;
  }
  const weekday = (((days - DAY_2000 + SATURDAY) % 7) + 7) % 7;
  return { year, month, day, weekday, hour: Math.floor(inDay / HOUR), minute: Math.floor((inDay % HOUR) / MINUTE), second: Math.floor((inDay % MINUTE) / 1_000), offset };
}

/** One offset, from an instant on. */
interface Span {
  fromMs: number;
  offset: number;
}

export interface Timeline {
  zone: string;
  spans: Span[];
  /** The first instants of a new offset. */
  transitions: number[];
  offsetAt: (instant: number) => number;
  at: (instant: number) => Clock;
}

const SHOWN = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/;

/** Every offset of a zone in [fromMs, toMs]. No zone changes its clock twice within a day. */
export function readTimeline(zone: string, fromMs: number, toMs: number): Timeline {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const ask = (instant: number): number => {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (SHOWN.exec(format.format(instant)) ?? []).slice(1).map(Number);
    const shown = dayNumber(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * 1_000;
    return (shown - Math.floor(instant / 1_000) * 1_000) / MINUTE;
  };
  const spans: Span[] = [{ fromMs, offset: ask(fromMs) }];
  for (let at = fromMs; at < toMs; at += DAY) {
    const offset = ask(at + DAY);
    const before = spans.at(-1)?.offset;
    if (offset === before) continue;
    let [low, high] = [at, at + DAY];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (ask(middle) === before) low = middle;
      else high = middle;
    }
    spans.push({ fromMs: high, offset });
  }
  const offsetAt = (instant: number): number => {
    let last = spans.length - 1;
    while (last > 0 && (spans[last]?.fromMs ?? 0) > instant) last -= 1;
    return spans[last]?.offset ?? 0;
  };
  return { zone, spans, transitions: spans.slice(1).map((span) => span.fromMs), offsetAt, at: (instant) => clockAt(instant, offsetAt(instant)) };
}

export type Hours = Partial<Record<'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun', [string, string][]>>;
const KEYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

export function isOpen(timeline: Timeline, hours: Hours, instant: number): boolean {
  const { weekday, hour, minute } = timeline.at(instant);
  const now = hour * 60 + minute;
  return (hours[KEYS[weekday] ?? 'mon'] ?? []).some(([from, to]) => minutesOf(from) <= now && now < minutesOf(to));
}

/** Whether every instant of [startMs, endMs) is open; hours, offsets and transitions all lie on five minutes. */
export function isOpenThroughout(timeline: Timeline, hours: Hours, startMs: number, endMs: number): boolean {
  const STEP = 5 * MINUTE;
  for (let at = startMs; at < endMs; at = Math.floor(at / STEP) * STEP + STEP) {
    if (!isOpen(timeline, hours, at)) return false;
  }
  return true;
}

/** The first open instant from `fromMs` on within nine days, or null. Hours and offsets here lie on quarters. */
export function firstOpen(timeline: Timeline, hours: Hours, fromMs: number): number | null {
  const STEP = 15 * MINUTE;
  for (let at = fromMs; at < fromMs + 9 * DAY; at = Math.floor(at / STEP) * STEP + STEP) {
    if (isOpen(timeline, hours, at)) return at;
  }
  return null;
}

/** Short names of zones that have one, in minutes ahead of UTC, written down by hand: what a lead will take them to mean. */
export const ABBREVIATIONS: Record<string, number> = {
  UTC: 0, GMT: 0, WET: 0, WEST: 60, BST: 60, IST: 60, CET: 60, CEST: 120, EET: 120, EEST: 180, WAT: 60, CAT: 120, SAST: 120, EAT: 180, GST: 240,
  AST: -240, ADT: -180, EST: -300, EDT: -240, CST: -360, CDT: -300, MST: -420, MDT: -360, PST: -480, PDT: -420, AKST: -540, AKDT: -480,
  HST: -600, HAST: -600, HADT: -540, AWST: 480, ACWST: 525, ACST: 570, ACDT: 630, AEST: 600, AEDT: 660, LHST: 630, LHDT: 660, NZST: 720, NZDT: 780,
};

/** Minutes ahead of UTC that a zone's short name says, or undefined. */
export function offsetOfName(name: string): number | undefined {
  const [, sign, hours, minutes] = /^GMT([+\u2212-])(\d{1,2})(?::(\d{2}))?$/.exec(name) ?? [];
  if (hours === undefined) return ABBREVIATIONS[name];
  return (sign === '+' ? 1 : -1) * (Number(hours) * 60 + Number(minutes ?? 0));
}
