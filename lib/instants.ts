/** Instants, and their texts, which sweeps read and readers are written by the million. Pure. */

/** Half-open, epoch milliseconds. */
export interface Interval {
  startMs: number;
  endMs: number;
}

const ZERO = 48;
const MAX_DIGIT = 9;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A date that does not exist must not roll over into one that does. February's 29th is left to others. */
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Slots of one day follow one another, so a date is seldom another than that of the instant before. */
let lastDate = 0;
let lastDateMs = 0;

/**
 * Epoch milliseconds of an instant written as providers write nearly all of theirs, whole seconds with an offset:
 * `2026-11-24T15:00:00Z`, `2026-11-24T15:00:00-05:00`. Undefined for every other text, which may still be an
 * instant. A sweep reads millions of them: a pattern and `Date.parse` took ten times as long.
 */
export function parseWholeSecond(text: string): number | undefined {
  const { length } = text;
  if (length !== 20 && length !== 25) return undefined;
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return undefined;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined;
  const offset = length === 20 ? (text[19] === 'Z' ? 0 : undefined) : offsetMinutes(text);
  const dateMs = dateMsOf(text);
  if (offset === undefined || dateMs === undefined) return undefined;
  return dateMs + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS - offset * MINUTE_MS;
}

/** Midnight in UTC of the `YYYY-MM-DD` that the text begins with. */
function dateMsOf(text: string): number | undefined {
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  // Date.UTC reads the years before 100 as of the last century.
  if (century < 1 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0)) return undefined;
  const year = century * 100 + yearOfCentury;
  const date = (year * 100 + month) * 100 + day;
  if (date !== lastDate) {
    lastDate = date;
    lastDateMs = Date.UTC(year, month - 1, day);
  }
  return lastDateMs;
}

/** Of `±HH:MM` at the end of 25 characters. */
function offsetMinutes(text: string): number | undefined {
  const sign = text[19];
  if ((sign !== '+' && sign !== '-') || text[22] !== ':') return undefined;
  const hours = twoDigits(text, 20);
  const minutes = twoDigits(text, 23);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  return sign === '-' ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** The instant of a text that `isoOf` wrote, or `Date`. */
export function epochOf(iso: string): number {
  return (iso.endsWith('.000Z') ? parseWholeSecond(`${iso.slice(0, -'.000Z'.length)}Z`) : undefined) ?? Date.parse(iso);
}

/** ECMAScript's last instant. */
const LAST_MS = 8.64e15;
const TIMES = Array.from({ length: DAY_MS / MINUTE_MS }, (_, minute) => new Date(minute * MINUTE_MS).toISOString().slice('1970-01-01'.length));
let lastDay: number | undefined;
let lastDayText = '';

/**
 * ISO text of epoch milliseconds, as `Date` writes it: `2026-11-24T15:00:00.000Z`. Made for slots, which
 * begin at whole minutes and come sorted; other instants are left to `Date`.
 * @throws RangeError when there is no such date
 */
export function isoOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  const time = TIMES[(ms - day * DAY_MS) / MINUTE_MS];
  if (time === undefined || ms > LAST_MS) return new Date(ms).toISOString();
  if (day !== lastDay) {
    lastDayText = new Date(ms).toISOString().slice(0, -time.length);
    lastDay = day;
  }
  return lastDayText + time;
}

/** -1: they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  if (tens < 0 || tens > MAX_DIGIT || ones < 0 || ones > MAX_DIGIT) return -1;
  return tens * 10 + ones;
}
