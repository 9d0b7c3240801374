import { DAY_MS, type Window } from '../window';

/** Which range requests cover a window. Pure. */

/** Ranges wider than "about a month" are refused with 400; 28 is the widest that every client found to work. */
export const MAX_RANGE_DATES = 28;

export interface DateRange {
  /** `YYYY-MM-DD`, both inclusive. */
  first: string;
  last: string;
}

/** UTC dates that the window touches, in ranges of at most 28. Thirty days are 31 dates unless they begin at midnight. */
export function splitIntoDateRanges({ startMs, endMs }: Window): DateRange[] {
  const ranges: DateRange[] = [];
  const lastDay = Math.floor((endMs - 1) / DAY_MS);
  for (let day = Math.floor(startMs / DAY_MS); day <= lastDay; day += MAX_RANGE_DATES) {
    ranges.push({ first: dateOf(day), last: dateOf(Math.min(day + MAX_RANGE_DATES - 1, lastDay)) });
  }
  return ranges;
}

/** Every UTC date of a range. */
export function datesOf({ first, last }: DateRange): string[] {
  const dates: string[] = [];
  for (let day = Date.parse(first) / DAY_MS; day <= Date.parse(last) / DAY_MS; day += 1) dates.push(dateOf(day));
  return dates;
}

/** The dates of a window are the same for every calendar of a sweep. */
const MAX_REMEMBERED = 1_000;
const remembered = new Map<number, string>();

function dateOf(day: number): string {
  let date = remembered.get(day);
  if (date === undefined) {
    date = new Date(day * DAY_MS).toISOString().substring(0, 10);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(day, date);
  }
  return date;
}
