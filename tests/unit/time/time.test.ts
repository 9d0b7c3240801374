/**
 * Windows, labels, working hours and month paging of every zone, against an oracle that shares no date code with the
 * app. Here some tens of thousands of cases; all transitions, month ends and leap days of five years of all zones:
 * TIME_CASES=1000000 npm run test:fuzz. The seed is printed when a test fails; TIME_SEED takes it back.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { splitIntoDateRanges, datesOf, MAX_RANGE_DATES } from '@/lib/providers/calendly/chunks';
import { CLOCK_DISAGREEMENT_MS, monthOffsets } from '@/lib/providers/hubspot/months';
import { slotsInWindow, splitWindow, windowOf } from '@/lib/providers/window';
import { localTimes } from '@/lib/reader/local-time';
import { formatSlot } from '@/lib/slots/format';
import { weekdayOf } from '@/lib/slots/week';
import { isWithinWorkingHours, nextOpening } from '@/lib/slots/working-hours';
import { transitionWithin, wallMs } from '@/lib/slots/zone';
import { clockAt, DAY, dayNumber, daysInMonth, firstOpen, HOUR, isOpenThroughout, MINUTE, MONTHS, offsetOfName, readTimeline, WEEKDAYS, type Hours, type Timeline } from './oracle';

const CASES = Number(process.env.TIME_CASES ?? 30_000);
const SEED = Number(process.env.TIME_SEED ?? Date.now() % 1_000_000);
const FROM = dayNumber(2026, 11, 1) * DAY;
const TO = dayNumber(2032, 4, 1) * DAY;
const YEARS = [2026, 2027, 2028, 2029, 2030, 2031];

const ALL_ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
/** Half-hour summer time, an hour in winter instead, months of fasting, both ends of the date line, quarters of an hour. */
const ODD_ZONES = ['UTC', 'Australia/Lord_Howe', 'Europe/Dublin', 'Africa/Casablanca', 'Asia/Gaza', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Pacific/Apia', 'Pacific/Chatham', 'Asia/Kathmandu', 'America/St_Johns', 'America/Nuuk', 'America/Santiago', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Dubai'];
const isLong = CASES >= 1_000_000;

/** mulberry32 */
function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = draws(SEED);
const below = (n: number): number => Math.floor(random() * n);
const pick = <T,>(items: readonly [T, ...T[]] | readonly T[]): T => items[below(items.length)] as T;

/** In the short run a few zones by chance beside the odd ones: each run tries others. */
function zonesOfThisRun(): string[] {
  if (isLong) return ALL_ZONES;
  const others = ALL_ZONES.filter((zone) => !ODD_ZONES.includes(zone));
  return [...ODD_ZONES, ...Array.from({ length: 10 }, () => pick(others))];
}

let timelines: Timeline[] = [];
beforeAll(() => { timelines = zonesOfThisRun().map((zone) => readTimeline(zone, FROM, TO)); }, 120_000);

const NEAR = [0, -1, 1, -MINUTE, MINUTE, -15 * MINUTE, 15 * MINUTE, -30 * MINUTE, 30 * MINUTE, -HOUR, HOUR, -90 * MINUTE, 2 * HOUR, -3 * HOUR, 12 * HOUR, -DAY, DAY];

/** Instants where dates go wrong: around transitions, the local turns of months and years, and leap days. */
function edgesOf({ transitions, offsetAt }: Timeline): number[] {
  const edges = [...transitions];
  for (const year of YEARS) {
    for (let month = 1; month <= 12; month += 1) {
      const turn = dayNumber(year, month, daysInMonth(year, month)) * DAY + DAY;
      edges.push(turn - offsetAt(turn) * MINUTE);
    }
  }
  const leap = dayNumber(2028, 2, 29) * DAY;
  edges.push(leap - offsetAt(leap) * MINUTE, leap + 12 * HOUR);
  return edges.filter((edge) => edge > FROM + 3 * DAY && edge < TO - 60 * DAY);
}

/**
 * Calls `check` with instants near every edge of every zone (short run: near edges by chance) until there were `cases`.
 * @param nears how near to each edge; by default, at one distance by chance
 */
function forInstants(cases: number, check: (timeline: Timeline, instant: number) => void, nears?: readonly number[]): number {
  let tried = 0;
  const edges = timelines.map((timeline) => ({ timeline, edges: edgesOf(timeline) }));
  if (isLong) {
    for (const { timeline, edges: all } of edges) {
      for (const edge of all) {
        for (const near of nears ?? [pick(NEAR)]) {
          check(timeline, edge + near);
          tried += 1;
        }
      }
    }
  }
  while (tried < cases) {
    const { timeline, edges: all } = pick(edges);
    check(timeline, random() < 0.5 ? pick(all) + pick(NEAR) : FROM + 3 * DAY + below(TO - FROM - 70 * DAY));
    tried += 1;
  }
  return tried;
}

const tried: Record<string, number> = {};
const report = (what: string, cases: number): void => {
  tried[what] = cases;
  if (isLong) console.log(`${what}: ${String(cases)} cases, ${String(timelines.length)} zones, seed ${String(SEED)}`);
};
const two = (n: number): string => String(n).padStart(2, '0');
const isoOf = (c: { year: number; month: number; day: number; hour: number; minute: number; second: number }): string =>
  `${String(c.year)}-${two(c.month)}-${two(c.day)}T${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
/** Fails with what is needed to see it again. */
function expectSame(zone: string, instant: number, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  expect(actual, `${zone} at ${new Date(instant).toISOString()} (${String(instant)}), TIME_SEED=${String(SEED)}`).toBe(expected);
}

/** The n-th Sunday of a month, or with 0 the last, as days since the epoch. */
function sunday(year: number, month: number, n: number): number {
  const last = daysInMonth(year, month);
  const sundays = Array.from({ length: last }, (_, i) => dayNumber(year, month, i + 1)).filter((day) => clockAt(day * DAY, 0).weekday === 6);
  return (n === 0 ? sundays.at(-1) : sundays[n - 1]) ?? Number.NaN;
}

describe('the oracle itself', () => {
  it.each([
    ['Europe/Berlin', (year: number) => [sunday(year, 3, 0) * DAY + HOUR, sunday(year, 10, 0) * DAY + HOUR]],
    ['America/New_York', (year: number) => [sunday(year, 3, 2) * DAY + 7 * HOUR, sunday(year, 11, 1) * DAY + 6 * HOUR]],
    ['Australia/Lord_Howe', (year: number) => [sunday(year, 4, 1) * DAY - 9 * HOUR, sunday(year, 10, 1) * DAY - 8.5 * HOUR]],
  ])('has the transitions of %s that its law names', (zone, lawOf) => {
    expect(readTimeline(zone, dayNumber(2027, 1, 1) * DAY, dayNumber(2032, 1, 1) * DAY).transitions).toEqual(YEARS.slice(1).flatMap(lawOf));
  });

  it('counts leap years as the calendar does', () => {
    expect([2000, 2024, 2028, 2100, 2400].map((year) => daysInMonth(year, 2))).toEqual([29, 29, 29, 28, 29]);
    expect(isoOf(clockAt(Date.parse('2028-02-29T23:59:59Z'), 0))).toBe('2028-02-29T23:59:59');
  });
});

describe('time, in every zone', { timeout: isLong ? 1_800_000 : 30_000 }, () => {
  it('the wall clock, its weekday, and every transition are the oracle\'s', () => {
    let cases = forInstants(CASES * 0.43, (timeline, instant) => {
      const clock = timeline.at(instant);
      const wall = wallMs(instant, timeline.zone);
      expectSame(timeline.zone, instant, wall, instant + clock.offset * MINUTE);
      expectSame(timeline.zone, instant, weekdayOf(wall), WEEKDAYS[clock.weekday]?.slice(0, 3).toLowerCase());
    }, NEAR);
    for (const { zone, transitions } of timelines) {
      for (const transition of transitions) {
        const before = below(12 * HOUR) + 1;
        expectSame(zone, transition, transitionWithin(transition - before, transition + below(12 * HOUR), zone), transition);
        cases += 1;
      }
    }
    report('wall clocks', cases);
  });

  it('a meeting is inside working hours exactly when each of its minutes is', () => {
    report('working hours', forInstants(CASES * 0.35, (timeline, near) => {
      const start = Math.floor(near / (5 * MINUTE)) * 5 * MINUTE + below(3) * 5 * MINUTE;
      const end = start + pick([15, 20, 30, 45, 60, 90, 240]) * MINUTE;
      const hours = someHours();
      expectSame(timeline.zone, start, isWithinWorkingHours(start, end, hours, timeline.zone), isOpenThroughout(timeline, hours, start, end));
    }, NEAR));
  });

  it('the next opening is the first open minute', () => {
    report('openings', forInstants(CASES * 0.02, (timeline, instant) => {
      const hours = someHours();
      expectSame(timeline.zone, instant, nextOpening(instant, hours, timeline.zone, true), firstOpen(timeline, hours, instant));
    }));
  });

  it('a label says weekday, date, time and a zone name of the right offset', () => {
    report('labels', forInstants(CASES * 0.03, (timeline, near) => {
      const instant = Math.floor(near / MINUTE) * MINUTE;
      expectLabel(timeline, instant, formatSlot(instant, timeline.zone, 'en-US'));
    }));
  });

  it('a 24-hour label says the same time', () => {
    report('24-hour labels', forInstants(CASES * 0.005, (timeline, near) => {
      const instant = Math.floor(near / MINUTE) * MINUTE;
      const { day, month, hour, minute } = timeline.at(instant);
      const label = formatSlot(instant, timeline.zone, 'de-DE');
      const [, saidDay, saidMonth, saidHour, saidMinute] = /^\p{L}+, (\d+)\. (\p{L}+) um (\d+):(\d+) /u.exec(label) ?? [];
      expectSame(timeline.zone, instant, [saidDay, GERMAN_MONTHS.indexOf(saidMonth ?? '') + 1, saidHour, saidMinute].join(' '), [day, month, two(hour), two(minute)].join(' '));
    }));
  });

  it('the reader API says the local time, its offset and its label', () => {
    const byZone = new Map<string, ReturnType<typeof localTimes>>();
    report('local times', forInstants(CASES * 0.05, (timeline, near) => {
      const instant = Math.floor(near / MINUTE) * MINUTE;
      const localTime = byZone.get(timeline.zone) ?? localTimes(timeline.zone);
      byZone.set(timeline.zone, localTime);
      const clock = timeline.at(instant);
      const { local, label } = localTime(instant);
      const ahead = Math.abs(clock.offset);
      expectSame(timeline.zone, instant, local, `${isoOf(clock)}${clock.offset < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`);
      const [, weekday, month, day, hour, minute, half, name] = /^(\w+), (\w+) (\d+), (\d+):(\d+) ([AP])M (.+)$/.exec(label) ?? [];
      expectSame(timeline.zone, instant, [weekday, month, day, hour, minute, half].join(' '), [WEEKDAYS[clock.weekday]?.slice(0, 3), MONTHS[clock.month - 1]?.slice(0, 3), clock.day, clock.hour % 12 || 12, two(clock.minute), clock.hour < 12 ? 'A' : 'P'].join(' '));
      expectSame(timeline.zone, instant, offsetOfName(name ?? ''), clock.offset);
    }));
  });

  it('HubSpot is asked for every month that the window touches, and no month too many', () => {
    report('months', forInstants(CASES * 0.06, (timeline, now) => {
      const days = pick([1, 7, 28, 29, 30, 31, 59]);
      const month = (instant: number): number => { const c = timeline.at(instant); return c.year * 12 + c.month; };
      const touched = new Set<number>([0]);
      for (let at = now; at < now + days * DAY; at += DAY) touched.add(month(at) - month(now));
      touched.add(month(now + days * DAY - 1) - month(now));
      const last = Math.max(...touched);
      const asked = monthOffsets(now, days, timeline.zone);
      const isNearTurn = month(now - CLOCK_DISAGREEMENT_MS) !== month(now + CLOCK_DISAGREEMENT_MS);
      expectSame(timeline.zone, now, asked.join(), Array.from({ length: last + (isNearTurn ? 2 : 1) }, (_, i) => i).join());
    }));
  });

  it('Calendly is asked for every date of the window once, in ranges that it accepts', () => {
    report('date ranges', forInstants(CASES * 0.03, (_timeline, now) => {
      const days = pick([1, 7, 28, 29, 30, 31, 90]);
      const ranges = splitIntoDateRanges(windowOf(now, days));
      const expected: string[] = [];
      for (let day = Math.floor(now / DAY); day * DAY < now + days * DAY; day += 1) expected.push(isoOf(clockAt(day * DAY, 0)).slice(0, 10));
      expectSame('UTC', now, ranges.flatMap(datesOf).join(), expected.join());
      expectSame('UTC', now, ranges.every((range) => datesOf(range).length <= MAX_RANGE_DATES), true);
    }));
  });

  it('GoHighLevel is asked for the window without a gap or an overlap, and slots outside it are dropped', () => {
    report('windows', forInstants(CASES * 0.03, (_timeline, now) => {
      const days = pick([1, 29, 30, 31, 60, 90]);
      const window = windowOf(now, days);
      const parts = splitWindow(window, 30);
      expectSame('UTC', now, parts.map(({ startMs, endMs }) => `${String(startMs)}-${String(endMs)}`).join('-'), joinedParts(now, now + days * DAY));
      const starts = [now - 1, now, now + days * DAY - 1, now + days * DAY, now, now + below(days * DAY)];
      const inside = new Set(starts.filter((at) => at - now >= 0 && at - now < days * DAY));
      expectSame('UTC', now, slotsInWindow(starts, window).join(), [...inside].sort((a, b) => a - b).join());
    }));
  });

  it('tried as many cases as it says', () => {
    const total = Object.values(tried).reduce((a, b) => a + b, 0);
    if (isLong) console.log(`in all ${String(total)} cases of time, ${String(timelines.reduce((n, { transitions }) => n + transitions.length, 0))} transitions, seed ${String(SEED)}`);
    expect(total).toBeGreaterThanOrEqual(CASES);
  });
});

const GERMAN_MONTHS = ['Januar', 'Februar', 'März', 'April', 'Mai', 'Juni', 'Juli', 'August', 'September', 'Oktober', 'November', 'Dezember'];

function joinedParts(from: number, to: number): string {
  const edges = [];
  for (let at = from; at < to; at += 30 * DAY) edges.push(`${String(at)}-${String(Math.min(at + 30 * DAY, to))}`);
  return edges.join('-');
}

function expectLabel(timeline: Timeline, instant: number, label: string): void {
  const { weekday, month, day, hour, minute, offset } = timeline.at(instant);
  const [, saidWeekday, saidMonth, saidDay, saidHour, saidMinute = '00', half, name] = /^(\w+), (\w+) (\d+) at (\d+)(?::(\d+))? ([AP])M (.+)$/.exec(label) ?? [];
  expectSame(timeline.zone, instant, [saidWeekday, saidMonth, saidDay, saidHour, saidMinute, half].join(' '), [WEEKDAYS[weekday], MONTHS[month - 1], day, hour % 12 || 12, two(minute), hour < 12 ? 'A' : 'P'].join(' '));
  expectSame(timeline.zone, instant, offsetOfName(name ?? ''), offset);
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Drawn once: the app remembers hours by their object, as it does in life. Days that touch at midnight, nights, lone quarters. */
const SOME_HOURS: Hours[] = Array.from({ length: 60 }, (_, n): Hours => {
  if (n === 0) return Object.fromEntries(DAYS.map((day) => [day, [['00:00', '24:00']]]));
  return Object.fromEntries(DAYS.filter(() => random() < 0.85).map((day) => [day, someDay()]));
}).map((hours) => (Object.keys(hours).length === 0 ? { mon: [['00:00', '24:00']] } : hours));
function someDay(): [string, string][] {
  if (random() < 0.2) return [['00:00', '24:00']];
  const edges = [...new Set(Array.from({ length: 4 }, () => below(97)))].sort((a, b) => a - b).map((quarters) => `${two(Math.floor(quarters / 4))}:${two((quarters % 4) * 15)}`);
  const [a, b, c, d] = edges;
  if (a === undefined || b === undefined) return [['09:00', '17:00']];
  return c !== undefined && d !== undefined ? [[a, b], [c, d]] : [[a, b]];
}
const someHours = (): Hours => pick(SOME_HOURS);
