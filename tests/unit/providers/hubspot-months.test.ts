import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOCK_DISAGREEMENT_MS, monthOffsets } from '@/lib/providers/hubspot/months';
import { DAY_MS } from '@/lib/providers/window';

const ZONES = [
  'Pacific/Kiritimati', 'Pacific/Chatham', 'Pacific/Auckland', 'Australia/Lord_Howe', 'Asia/Tokyo', 'Asia/Kolkata',
  'Asia/Kathmandu', 'Africa/Cairo', 'Europe/Berlin', 'Europe/London', 'UTC', 'America/Sao_Paulo', 'America/St_Johns',
  'America/New_York', 'America/Los_Angeles', 'Pacific/Honolulu', 'Pacific/Pago_Pago',
];
const FROM = Date.UTC(2026, 0, 1);
const TWO_YEARS_MS = 2 * 365 * DAY_MS;

const calendars = new Map<string, Intl.DateTimeFormat>();

/** The oracle's own reading of a calendar: the runtime's formatter, no date library. */
function monthIn(zone: string, ms: number): number {
  let calendar = calendars.get(zone);
  if (calendar === undefined) {
    calendar = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', year: 'numeric', month: 'numeric' });
    calendars.set(zone, calendar);
  }
  const [month, year] = calendar.format(ms).split('/').map(Number);
  return Number(year) * 12 + Number(month);
}

/** Walks the window in half days, which no month can hide between. */
function monthsTouched(nowMs: number, days: number, zone: string): number[] {
  const months = new Set<number>();
  const lastMs = nowMs + days * DAY_MS - 1;
  for (let ms = nowMs; ms < lastMs; ms += DAY_MS / 2) months.add(monthIn(zone, ms));
  months.add(monthIn(zone, lastMs));
  return [...months];
}

const zone = fc.constantFrom(...ZONES);
const days = fc.integer({ min: 1, max: 62 });
const now = fc.integer({ min: FROM, max: FROM + TWO_YEARS_MS });
/** Around the turns of months, where every mistake is. */
const nowNearTurn = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: -15 * 60, max: 15 * 60 }), fc.integer({ min: -600_000, max: 600_000 }))
  .map(([month, minutes, ms]) => Date.UTC(2026, month, 1) + minutes * 60_000 + ms);
const anyNow = fc.oneof(now, nowNearTurn);

describe('monthOffsets', () => {
  it.each([
    ['30 days from the 31st of January reach into March', '2027-01-31T12:00:00Z', 30, 'UTC', [0, 1, 2]],
    ['30 days from the 28th need the next month', '2026-11-28T12:00:00Z', 30, 'UTC', [0, 1]],
    ['30 days that end with the month need no other', '2026-11-01T00:05:00Z', 29, 'UTC', [0]],
    ['the end of the window itself is not in it', '2026-11-01T12:00:00Z', 29.5, 'UTC', [0]],
    ['a leap February fits between', '2028-01-31T12:00:00Z', 30, 'UTC', [0, 1, 2]],
    ['the zone decides which month it is', '2026-12-01T03:00:00Z', 30, 'America/New_York', [0, 1]],
    ['a December window reaches into the next year', '2026-12-20T12:00:00Z', 30, 'UTC', [0, 1]],
  ])('%s', (_, nowText, length, inZone, expected) => {
    expect(monthOffsets(Date.parse(nowText), length, inZone)).toEqual(expected);
  });

  it.each([
    ['2026-11-30T23:54:59Z', 31, [0, 1]],
    ['2026-11-30T23:55:01Z', 31, [0, 1, 2]],
    ['2026-12-01T00:00:00Z', 30, [0, 1]],
    ['2026-12-01T00:04:59Z', 30, [0, 1]],
    ['2026-12-01T00:05:00Z', 30, [0]],
  ])('a turn within five minutes of %s adds a month to %d days: %j', (nowText, length, expected) => {
    expect(monthOffsets(Date.parse(nowText), length, 'UTC')).toEqual(expected);
  });

  it('are exactly the months that the window touches, and one more only near a turn', () => {
    fc.assert(
      fc.property(anyNow, days, zone, (nowMs, length, inZone) => {
        const isNearTurn = monthIn(inZone, nowMs - CLOCK_DISAGREEMENT_MS) !== monthIn(inZone, nowMs + CLOCK_DISAGREEMENT_MS);
        const count = monthsTouched(nowMs, length, inZone).length + (isNearTurn ? 1 : 0);
        expect(monthOffsets(nowMs, length, inZone)).toEqual([...Array(count).keys()]);
      }),
      { numRuns: 6_000 },
    );
  });

  it('are exactly the months touched on every day of two years, at both ends of the world', () => {
    for (const inZone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/New_York', 'UTC']) {
      for (let day = 0; day < 730; day += 1) {
        const nowMs = FROM + day * DAY_MS + 12.5 * 60 * 60 * 1000;
        expect(monthOffsets(nowMs, 30, inZone)).toHaveLength(monthsTouched(nowMs, 30, inZone).length);
      }
    }
  });

  it('cover every slot of the window for a provider whose clock is minutes off', () => {
    fc.assert(
      fc.property(anyNow, days, zone, fc.integer({ min: -CLOCK_DISAGREEMENT_MS, max: CLOCK_DISAGREEMENT_MS }), fc.double({ min: 0, max: 1, noNaN: true }), (nowMs, length, inZone, skewMs, at) => {
        const providerNow = nowMs + skewMs;
        const slot = Math.max(providerNow, Math.floor(nowMs + at * (length * DAY_MS - 1)));
        fc.pre(slot < nowMs + length * DAY_MS);
        const offset = monthIn(inZone, slot) - monthIn(inZone, providerNow);
        expect(monthOffsets(nowMs, length, inZone)).toContain(offset);
      }),
      { numRuns: 6_000 },
    );
  });
});
