/** The slot rules said a second time, the slow way: by asking Intl what the clock shows, minute by minute. */
import fc from 'fast-check';
import type { WorkingHours } from '@/lib/slots/working-hours';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Zones with odd offsets, half-hour DST, both sides of the date line, and none. */
export const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Pacific/Apia', 'Asia/Kathmandu', 'America/St_Johns', 'Africa/Casablanca'];

/** Instants near which some zone above changes its clock; the third is the day that Samoa left out. */
const CHANGES = ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2011-12-30T10:00:00Z', '2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z', '2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z', '2026-02-15T02:00:00Z', '2026-12-31T22:00:00Z', '2026-11-23T12:00:00Z'].map((at) => Date.parse(at));

const QUARTER = 15 * MINUTE;
export const anyZone = fc.constantFrom(...ZONES);
export const anyInstant = fc.tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -400, max: 400 })).map(([at, quarters]) => at + quarters * QUARTER);

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const clockTime = (quarters: number): string => `${String(Math.floor(quarters / 4)).padStart(2, '0')}:${String((quarters % 4) * 15).padStart(2, '0')}`;
const anyDay = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { maxLength: 4 })
  .map((edges) => edges.sort((a, b) => a - b))
  .map((edges) => Array.from({ length: Math.floor(edges.length / 2) }, (_, i): [string, string] => [clockTime(edges[2 * i] ?? 0), clockTime(edges[2 * i + 1] ?? 96)]));
/** Also hours that touch at midnight, and hours that are never open. */
export const anyHours: fc.Arbitrary<WorkingHours> = fc.record(
  Object.fromEntries(DAYS.map((day) => [day, fc.oneof(anyDay, fc.constant<[string, string][]>([['09:00', '17:00']]), fc.constant<[string, string][]>([['00:00', '24:00']]))])),
  { requiredKeys: [] },
);

const formats = new Map<string, Intl.DateTimeFormat>();

export function clockAt(ms: number, zone: string): { day: (typeof DAYS)[number]; date: string; minutes: number } {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const day = DAYS.find((name) => name === parts.get('weekday')?.toLowerCase()) ?? 'mon';
  return { day, date: `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

const minutesOf = (time: string): number => Number(time.split(':')[0]) * 60 + Number(time.split(':')[1]);

export function isOpenAt(ms: number, hours: WorkingHours | null, zone: string): boolean {
  if (hours === null) return true;
  const { day, minutes } = clockAt(ms, zone);
  return (hours[day] ?? []).some(([from, to]) => minutesOf(from) <= minutes && minutes < minutesOf(to));
}

/** Every instant of a meeting, as often as its answer could change: all edges here lie on five minutes. */
export function instantsOf(startMs: number, endMs: number): number[] {
  const all = [];
  for (let at = startMs; at < endMs; at += 5 * MINUTE) all.push(at);
  return [...all, endMs - 1];
}

export const isWeekend = (ms: number, zone: string): boolean => ['sat', 'sun'].includes(clockAt(ms, zone).day);
