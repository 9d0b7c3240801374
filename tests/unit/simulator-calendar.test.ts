import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { bookableIn, calendarSalt, takeSnapshot } from '../../scripts/simulator/calendar';
import { createRandom } from '../../scripts/simulator/random';
import { type CalendarSpec, calendarSpecSchema } from '../../scripts/simulator/spec';
import {
  DAY_MS,
  dayText,
  HOUR_MS,
  isoWithOffset,
  localDayOf,
  MINUTE_MS,
  monthAt,
  parseDay,
  startOfDay,
} from '../../scripts/simulator/zones';

const at = (iso: string): number => Date.parse(iso);
const everyDay = (hours: [string, string][]): CalendarSpec['workingHours'] => ({
  sun: hours, mon: hours, tue: hours, wed: hours, thu: hours, fri: hours, sat: hours,
});

function startsOf(
  spec: Partial<CalendarSpec>,
  nowMs: number,
  manualBookings: { startMs: number; endMs: number; arrivesAtMs: number }[] = [],
): number[] {
  const resolved = calendarSpecSchema.parse({ id: 'c', provider: 'ghl', zone: 'UTC', ...spec });
  const model = { spec: resolved, salt: calendarSalt(1, 'c'), manualBookings };
  return bookableIn(takeSnapshot(model, resolved.durationsMinutes[0] ?? 30, nowMs), 0, Infinity);
}

const wall = (zone: string, starts: number[], day: string): string[] =>
  starts.map((start) => isoWithOffset(zone, start)).filter((text) => text.startsWith(day)).map((text) => text.slice(11));

describe('slots on the days that change the clock', () => {
  it('the skipped hour has none', () => {
    const spec = { zone: 'America/New_York', workingHours: everyDay([['00:00', '05:00']]), incrementMinutes: 60 };
    expect(wall('America/New_York', startsOf(spec, at('2027-03-13T12:00:00Z')), '2027-03-14')).toEqual([
      '00:00:00-05:00', '01:00:00-05:00', '03:00:00-04:00', '04:00:00-04:00',
    ]);
  });

  it('the repeated hour has its slots twice, as different instants', () => {
    const spec = { zone: 'America/New_York', workingHours: everyDay([['00:00', '03:00']]) };
    expect(wall('America/New_York', startsOf(spec, at('2026-10-31T12:00:00Z')), '2026-11-01')).toEqual([
      '00:00:00-04:00', '00:30:00-04:00', '01:00:00-04:00', '01:30:00-04:00',
      '01:00:00-05:00', '01:30:00-05:00', '02:00:00-05:00', '02:30:00-05:00',
    ]);
  });

  it('a change of half an hour is followed', () => {
    const spec = { zone: 'Australia/Lord_Howe', workingHours: everyDay([['01:00', '04:00']]) };
    expect(wall('Australia/Lord_Howe', startsOf(spec, at('2026-10-02T12:00:00Z')), '2026-10-04')).toEqual([
      '01:00:00+10:30', '01:30:00+10:30', '02:30:00+11:00', '03:00:00+11:00', '03:30:00+11:00',
    ]);
  });

  it('a day whose midnight is skipped begins at the jump', () => {
    const day = parseDay('2027-03-28') ?? 0;
    expect(isoWithOffset('Asia/Beirut', startOfDay('Asia/Beirut', day))).toBe('2027-03-28T01:00:00+03:00');
    const spec = { zone: 'Asia/Beirut', workingHours: everyDay([['00:00', '24:00']]), incrementMinutes: 60 };
    expect(wall('Asia/Beirut', startsOf(spec, at('2027-03-26T12:00:00Z')), '2027-03-28')).toHaveLength(23);
  });

  it('hours that run past midnight belong to the day they began', () => {
    const spec = {
      zone: 'Europe/Paris',
      workingHours: { fri: [['22:00', '26:00']] as [string, string][] },
      incrementMinutes: 60,
      durationsMinutes: [60],
      horizonDays: 10,
      holidays: ['2026-11-28'],
    };
    const starts = startsOf(spec, at('2026-11-23T12:00:00Z')).map((start) => isoWithOffset('Europe/Paris', start));
    expect(starts).toEqual([
      '2026-11-27T22:00:00+01:00', '2026-11-27T23:00:00+01:00', '2026-11-28T00:00:00+01:00', '2026-11-28T01:00:00+01:00',
    ]);
    // Seen from the Saturday, the window of Friday is still going on.
    expect(startsOf(spec, at('2026-11-27T23:30:00Z')).slice(0, 1)).toEqual([at('2026-11-28T00:00:00Z')]);
  });

  it('agrees with a naive walk through every quarter of an hour, in many zones', () => {
    const zones = [
      'America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns',
      'Pacific/Chatham', 'Africa/Casablanca', 'America/Santiago', 'Asia/Beirut', 'Pacific/Kiritimati',
    ];
    const random = createRandom(7);
    const quarterMs = 15 * MINUTE_MS;
    for (const zone of zones) {
      // From here, 80 days hold a change of the clock in both hemispheres.
      const now = at('2026-09-01T00:00:00Z') + random.below(4 * 1440) * MINUTE_MS;
      const spec = { zone, workingHours: everyDay([['00:00', '24:00']]), incrementMinutes: 30, horizonDays: 80 };
      const expected: number[] = [];
      const lastDay = localDayOf(zone, now) + 80;
      for (let ms = (Math.floor(now / quarterMs) + 1) * quarterMs; ; ms += quarterMs) {
        const local = DateTime.fromMillis(ms, { zone });
        if (local.toISODate() === dayText(lastDay + 1)) break;
        if (local.minute % 30 === 0) expected.push(ms);
      }
      expect(startsOf(spec, now), zone).toEqual(expected);
    }
  });
});

describe('what a calendar offers', () => {
  const now = at('2026-11-23T12:00:00Z');

  it('needs notice, ends at the horizon, and leaves holidays and full days out', () => {
    const days = startsOf(
      { minimumNoticeMinutes: 24 * 60 + 90, horizonDays: 4, holidays: ['2026-11-25'], fullDays: ['2026-11-26'] },
      now,
    ).map((start) => new Date(start).toISOString().slice(0, 16));
    expect(days[0]).toBe('2026-11-24T13:30');
    expect(new Set(days.map((text) => text.slice(0, 10)))).toEqual(new Set(['2026-11-24', '2026-11-27']));
    expect(days.at(-1)).toBe('2026-11-27T16:30');
  });

  it('a booking takes what it overlaps, and its buffer', () => {
    const booking = { startMs: at('2026-11-24T10:00:00Z'), endMs: at('2026-11-24T10:30:00Z'), arrivesAtMs: 0 };
    const free = startsOf({ bufferMinutes: 15 }, now, [booking]);
    const gone = startsOf({}, now).filter((start) => !free.includes(start));
    expect(gone.map((start) => new Date(start).toISOString().slice(11, 16))).toEqual(['09:30', '10:00', '10:30']);
  });

  it('a longer meeting needs a longer gap', () => {
    const booking = { startMs: at('2026-11-24T10:00:00Z'), endMs: at('2026-11-24T10:30:00Z'), arrivesAtMs: 0 };
    const free = startsOf({ durationsMinutes: [60] }, now, [booking]);
    const gone = startsOf({ durationsMinutes: [60] }, now).filter((start) => !free.includes(start));
    expect(gone.map((start) => new Date(start).toISOString().slice(11, 16))).toEqual(['09:30', '10:00']);
  });

  it('bookings arrive over time, the same ones for the same seed', () => {
    const spec = { bookingRate: 0.5 };
    const later = now + 7 * DAY_MS;
    const before = startsOf(spec, now).filter((start) => start > later);
    const after = startsOf({ ...spec, horizonDays: 83 }, later);
    expect(startsOf(spec, now)).toEqual(startsOf(spec, now));
    expect(after.length).toBeLessThan(before.length);
    expect(after.every((start) => before.includes(start))).toBe(true);
  });

  it('a snapshot is true until the instant it names', () => {
    const resolved = calendarSpecSchema.parse({
      id: 'c', provider: 'ghl', zone: 'Asia/Tokyo', bookingRate: 0.4, minimumNoticeMinutes: 45,
    });
    const model = { spec: resolved, salt: calendarSalt(3, 'c'), manualBookings: [] };
    let nowMs = now;
    for (let step = 0; step < 300; step += 1) {
      const snapshot = takeSnapshot(model, 30, nowMs);
      const early = bookableIn(snapshot, 0, Infinity);
      expect(snapshot.validUntilMs).toBeGreaterThan(nowMs);
      expect(bookableIn(takeSnapshot(model, 30, snapshot.validUntilMs - 1), 0, Infinity)).toEqual(early);
      nowMs = snapshot.validUntilMs;
    }
    expect(nowMs - now).toBeLessThan(40 * DAY_MS);
  });

  it('an explicit list replaces hours and horizon', () => {
    const slots = Array.from({ length: 5000 }, (_, index) => now + (index + 1) * HOUR_MS);
    expect(startsOf({ slots }, now)).toEqual(slots);
    expect(startsOf({ slots }, now + HOUR_MS)).toEqual(slots.slice(1));
  });
});

describe('months', () => {
  it('follow each other without gap or overlap, and the first holds now', () => {
    const random = createRandom(11);
    for (const zone of ['America/New_York', 'Pacific/Auckland', 'Asia/Kolkata', 'Asia/Beirut', 'Pacific/Kiritimati', 'UTC']) {
      for (let round = 0; round < 50; round += 1) {
        const now = at('2026-01-01T00:00:00Z') + Math.floor(random.next() * 900 * DAY_MS);
        const first = monthAt(zone, now, 0);
        expect(first.fromMs <= now && now < first.toMs).toBe(true);
        for (let offset = 0; offset < 4; offset += 1) {
          const month = monthAt(zone, now, offset);
          expect(monthAt(zone, now, offset + 1).fromMs).toBe(month.toMs);
          const expected = DateTime.fromMillis(now, { zone }).startOf('month').plus({ months: offset });
          expect(month.fromMs).toBe(expected.startOf('month').toMillis());
        }
      }
    }
  });
});
