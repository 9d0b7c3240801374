import { IANAZone } from 'luxon';

/**
 * Wall clocks and instants. A local date is an *epoch day*: the number of days since 1970-01-01 of the
 * date as written on the wall, whatever the zone. Offsets come from the runtime's zone data; everything
 * else is plain arithmetic, because a benchmark asks for millions of slots.
 */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** No zone changes its offset inside a quarter of an hour (in UTC), so one answer serves all of it. */
const OFFSET_BUCKET_MS = 15 * MINUTE_MS;
const MAX_CACHED_OFFSETS = 500_000;

interface ZoneCache {
  zone: IANAZone;
  offsets: Map<number, number>;
}
const zones = new Map<string, ZoneCache>();

export function isZone(name: string): boolean {
  return zones.has(name) || IANAZone.isValidZone(name);
}

function zoneOf(name: string): ZoneCache {
  let entry = zones.get(name);
  if (!entry) {
    const zone = IANAZone.create(name);
    if (!zone.isValid) throw new RangeError(`Unknown time zone: ${name}`);
    entry = { zone, offsets: new Map() };
    zones.set(name, entry);
  }
  return entry;
}

/** What to add to UTC to read the wall clock. */
export function offsetMs(zoneName: string, ms: number): number {
  const entry = zoneOf(zoneName);
  const bucket = Math.floor(ms / OFFSET_BUCKET_MS);
  let offset = entry.offsets.get(bucket);
  if (offset === undefined) {
    if (entry.offsets.size >= MAX_CACHED_OFFSETS) entry.offsets.clear();
    offset = entry.zone.offset(bucket * OFFSET_BUCKET_MS) * MINUTE_MS;
    entry.offsets.set(bucket, offset);
  }
  return offset;
}

export function localDayOf(zoneName: string, ms: number): number {
  return Math.floor((ms + offsetMs(zoneName, ms)) / DAY_MS);
}

/**
 * Every instant at which the wall shows this minute of this day: none in the hour that a clock skips,
 * two in the hour that it repeats. `minuteOfDay` may pass 24 h.
 */
export function instantsAt(zoneName: string, day: number, minuteOfDay: number): number[] {
  const wall = day * DAY_MS + minuteOfDay * MINUTE_MS;
  const before = offsetMs(zoneName, wall - DAY_MS);
  const after = offsetMs(zoneName, wall + DAY_MS);
  const instants: number[] = [];
  for (const offset of before === after ? [before] : [before, after]) {
    const instant = wall - offset;
    if (offsetMs(zoneName, instant) === offset) instants.push(instant);
  }
  return instants.sort((left, right) => left - right);
}

/** The first instant of a local day; where midnight is skipped, the instant of the jump. */
export function startOfDay(zoneName: string, day: number): number {
  const first = instantsAt(zoneName, day, 0)[0];
  return first ?? day * DAY_MS - offsetMs(zoneName, day * DAY_MS - DAY_MS);
}

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The epoch day of `YYYY-MM-DD`; undefined if it is no date of the calendar. */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  const day = ms / DAY_MS;
  return dayText(day) === text ? day : undefined;
}

export interface MonthSpan {
  fromMs: number;
  toMs: number;
}

/** The calendar month that lies `monthOffset` months after the current one, as the zone's wall calendar has it. */
export function monthAt(zoneName: string, nowMs: number, monthOffset: number): MonthSpan {
  const today = new Date(localDayOf(zoneName, nowMs) * DAY_MS);
  const first = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + monthOffset, 1) / DAY_MS;
  const next = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + monthOffset + 1, 1) / DAY_MS;
  return { fromMs: startOfDay(zoneName, first), toMs: startOfDay(zoneName, next) };
}

const isoCache = new Map<string, Map<number, string>>();
const MAX_CACHED_TEXTS = 300_000;

/** `2026-11-24T10:00:00-05:00`: the wall clock of the zone with its offset. */
export function isoWithOffset(zoneName: string, ms: number): string {
  let texts = isoCache.get(zoneName);
  if (!texts) {
    texts = new Map();
    isoCache.set(zoneName, texts);
  }
  const known = texts.get(ms);
  if (known !== undefined) return known;
  const offset = offsetMs(zoneName, ms);
  const wall = new Date(ms + offset).toISOString().slice(0, 19);
  const minutes = Math.abs(offset) / MINUTE_MS;
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0');
  const mm = String(minutes % 60).padStart(2, '0');
  const text = `${wall}${offset < 0 ? '-' : '+'}${hh}:${mm}`;
  if (texts.size >= MAX_CACHED_TEXTS) texts.clear();
  texts.set(ms, text);
  return text;
}

/** `2026-11-24T15:00:00Z`. */
export function isoUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
