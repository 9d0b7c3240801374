import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkWorkingHours, isWithinWorkingHours, nextOpening, type WorkingHours } from '@/lib/slots/working-hours';
import { knownZone, wallMs } from '@/lib/slots/zone';
import { anyHours, anyInstant, anyZone, clockAt, DAY, instantsOf, isOpenAt, isWeekend, MINUTE } from './oracle';

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const NINE_TO_FIVE: WorkingHours = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '17:00']]]));

describe('working hours when saved', () => {
  it.each([
    [{ mon: [['09:00', '17:00']] }],
    [{ mon: [['09:00', '12:00'], ['12:00', '17:00']], sun: [] }],
    [{ fri: [['22:00', '24:00']], sat: [['00:00', '02:00']] }],
  ])('%j are valid', (given) => {
    expect(checkWorkingHours(given)).toEqual({ kind: 'valid', hours: given });
  });

  it('are any hour when null or not given', () => {
    expect([checkWorkingHours(null), checkWorkingHours(undefined)]).toEqual([{ kind: 'valid', hours: null }, { kind: 'valid', hours: null }]);
  });

  it('are sorted within a day', () => {
    expect(checkWorkingHours({ tue: [['13:00', '17:00'], ['09:00', '12:00']] })).toEqual({ kind: 'valid', hours: { tue: [['09:00', '12:00'], ['13:00', '17:00']] } });
  });

  it.each([
    ['a day by another name', { monday: [['09:00', '17:00']] }, ['"monday" is not a day']],
    ['a time without its zero', { tue: [['9:00', '17:00']] }, ['tue: "9:00" must be a time']],
    ['an end past midnight', { wed: [['09:00', '24:30']] }, ['wed: "24:30" must be a time']],
    ['a beginning at 24:00', { wed: [['24:00', '24:00']] }, ['wed: "24:00" must be a time from 00:00 to 23:59']],
    ['a night in one interval', { thu: [['22:00', '02:00']] }, ['thu: ["22:00","02:00"] must end after it begins']],
    ['an empty interval', { thu: [['10:00', '10:00']] }, ['thu: ["10:00","10:00"] must end after it begins']],
    ['an overlap', { fri: [['09:00', '13:00'], ['12:00', '17:00']] }, ['fri: ["09:00","13:00"] and ["12:00","17:00"] overlap']],
    ['one time alone', { sat: [['09:00']] }, ['sat: ["09:00"] must be two times']],
    ['an interval without its list', { sun: ['09:00', '17:00'] }, ['sun: "09:00" must be two times', 'sun: "17:00" must be two times']],
    ['a day that is no list', { mon: '09:00-17:00' }, ['mon: "09:00-17:00" must be a list']],
    ['nothing open', { mon: [], tue: [] }, ['are never open']],
    ['no day', {}, ['are never open']],
    ['a list', [['09:00', '17:00']], ['must be an object of days']],
    ['text', '{"mon":[]}', ['must be an object of days']],
    ['numbers', { mon: [[9, 17]] }, ['mon: 9 must be a time']],
    ['too many intervals', { mon: Array.from({ length: 13 }, () => ['09:00', '10:00']) }, ['mon: 13 intervals']],
    ['several problems', { mon: [['x', '17:00']], tue: 1 }, ['mon: "x"', 'tue: 1']],
  ])('are refused with %s, naming day and value', (_name, given, parts) => {
    const check = checkWorkingHours(given);
    expect(check).toMatchObject({ kind: 'invalid', problems: parts.map((part: string) => expect.stringContaining(part) as unknown) });
  });
});

describe('a meeting inside working hours', () => {
  it.each([
    ['at the opening', '2026-11-23T08:00:00Z', 30, true],
    ['up to the close', '2026-11-23T15:30:00Z', 30, true],
    ['a minute over the close', '2026-11-23T15:31:00Z', 30, false],
    ['a minute before the opening', '2026-11-23T07:59:00Z', 30, false],
    ['on a day not given', '2026-11-22T10:00:00Z', 30, false],
    // Berlin goes back on 25 October: 08:00Z is 10:00 before it and 09:00 after it.
    ['at the opening in summer time', '2026-10-23T07:00:00Z', 30, true],
    ['at the same UTC time in winter time, an hour too early', '2026-10-26T07:00:00Z', 30, false],
  ])('%s: %s', (_name, start, minutes, inside) => {
    expect(isWithinWorkingHours(at(start), at(start) + minutes * MINUTE, NINE_TO_FIVE, 'Europe/Berlin')).toBe(inside);
  });

  it('may cross midnight and the end of the week where both sides are open', () => {
    const nights: WorkingHours = { sun: [['22:00', '24:00']], mon: [['00:00', '02:00']] };
    expect(isWithinWorkingHours(at('2026-11-22T23:45:00Z'), at('2026-11-23T00:15:00Z'), nights, 'UTC')).toBe(true);
    expect(isWithinWorkingHours(at('2026-11-23T01:45:00Z'), at('2026-11-23T02:15:00Z'), nights, 'UTC')).toBe(false);
  });

  it('is judged by what the clock shows in an hour that is skipped, and in one that is repeated', () => {
    const early: WorkingHours = { sun: [['01:00', '02:30']] };
    // 01:45 CET; a quarter of an hour later the clock shows 03:00.
    expect(isWithinWorkingHours(at('2026-03-29T00:30:00Z'), at('2026-03-29T01:00:00Z'), early, 'Europe/Berlin')).toBe(true);
    expect(isWithinWorkingHours(at('2026-03-29T00:45:00Z'), at('2026-03-29T01:15:00Z'), early, 'Europe/Berlin')).toBe(false);
    // 02:00 to 02:30 comes twice; between them the clock shows 02:30 to 03:00.
    expect(isWithinWorkingHours(at('2026-10-25T00:00:00Z'), at('2026-10-25T00:30:00Z'), early, 'Europe/Berlin')).toBe(true);
    expect(isWithinWorkingHours(at('2026-10-25T00:15:00Z'), at('2026-10-25T00:45:00Z'), early, 'Europe/Berlin')).toBe(false);
    expect(isWithinWorkingHours(at('2026-10-25T01:00:00Z'), at('2026-10-25T01:30:00Z'), early, 'Europe/Berlin')).toBe(true);
  });

  it('has every instant of it inside, in any zone, around any change of clocks', () => {
    fc.assert(fc.property(anyInstant, fc.constantFrom(15, 30, 60, 180, 1440), anyHours, anyZone, (start, minutes, hours, zone) => {
      const end = start + minutes * MINUTE;
      expect(isWithinWorkingHours(start, end, hours, zone)).toBe(instantsOf(start, end).every((instant) => isOpenAt(instant, hours, zone)));
    }), { numRuns: 400 });
  });
});

describe('the next opening', () => {
  it.each([
    ['is now inside the hours', '2026-11-23T10:07:03.123Z', 'Europe/Berlin', '2026-11-23T10:07:03.123Z'],
    ['is not now at the close', '2026-11-23T16:00:00Z', 'Europe/Berlin', '2026-11-24T08:00:00.000Z'],
    ['is Monday after Friday', '2026-11-27T20:00:00Z', 'Europe/Berlin', '2026-11-30T08:00:00.000Z'],
    ['is at 09:00 of the new clock after winter time began', '2026-10-23T16:00:00Z', 'Europe/Berlin', '2026-10-26T08:00:00.000Z'],
    ['is at 09:00 of the new clock after summer time began', '2026-03-27T20:00:00Z', 'Europe/Berlin', '2026-03-30T07:00:00.000Z'],
    ['is Monday of the zone, east of the date line', '2026-11-21T12:00:00Z', 'Pacific/Kiritimati', '2026-11-22T19:00:00.000Z'],
    ['is Monday of the zone, west of the date line', '2026-11-22T12:00:00Z', 'Pacific/Pago_Pago', '2026-11-23T20:00:00.000Z'],
    // Samoa had no Friday in that week.
    ['passes over a day that was left out', '2011-12-30T05:00:00Z', 'Pacific/Apia', '2012-01-01T19:00:00.000Z'],
  ])('%s', (_name, from, zone, expected) => {
    expect(iso(nextOpening(at(from), NINE_TO_FIVE, zone, true))).toBe(expected);
  });

  it('leaves weekends out unless they are wanted', () => {
    const always: WorkingHours = { ...NINE_TO_FIVE, sat: [['10:00', '12:00']] };
    expect(iso(nextOpening(at('2026-11-27T20:00:00Z'), always, 'UTC', true))).toBe('2026-11-28T10:00:00.000Z');
    expect(iso(nextOpening(at('2026-11-27T20:00:00Z'), always, 'UTC', false))).toBe('2026-11-30T09:00:00.000Z');
    expect(iso(nextOpening(at('2026-11-28T20:00:00Z'), null, 'UTC', false))).toBe('2026-11-30T00:00:00.000Z');
  });

  it('is null when there never is one', () => {
    expect(nextOpening(at('2026-11-23T00:00:00Z'), { sun: [['09:00', '17:00']] }, 'UTC', false)).toBeNull();
    expect(nextOpening(at('2026-11-23T00:00:00Z'), {}, 'UTC', true)).toBeNull();
  });

  it('is where a skipped hour ends, when it would have begun within it', () => {
    expect(iso(nextOpening(at('2026-03-29T00:10:00Z'), { sun: [['02:30', '04:00']] }, 'Europe/Berlin', true))).toBe('2026-03-29T01:00:00.000Z');
  });

  it('is the first open instant, in any zone, around any change of clocks', () => {
    fc.assert(fc.property(anyInstant, anyHours, anyZone, fc.boolean(), (from, hours, zone, weekends) => {
      const opening = nextOpening(from, hours, zone, weekends);
      const isOpen = (ms: number): boolean => isOpenAt(ms, hours, zone) && (weekends || !isWeekend(ms, zone));
      let first: number | null = from;
      while (first !== null && !isOpen(first)) first = first > from + 9 * DAY ? null : first + 15 * MINUTE;
      expect(iso(opening)).toBe(iso(first));
    }), { numRuns: 250 });
  });
});

describe('a wall clock', () => {
  it('shows what Intl says', () => {
    fc.assert(fc.property(anyInstant, anyZone, (ms, zone) => {
      const wall = new Date(wallMs(ms, zone)).toISOString();
      const { date, minutes } = clockAt(ms, zone);
      expect([wall.slice(0, 10), Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16))]).toEqual([date, minutes]);
    }), { numRuns: 500 });
  });

  it.each([['Europe/Berlin', 'Europe/Berlin'], [' UTC ', 'UTC'], ['', null], ['  ', null], [null, null], [undefined, null], ['Mars/Olympus', null], ['GMT+2', null], ['local', null]])('takes %j for the zone %j', (given, zone) => {
    expect(knownZone(given)).toBe(zone);
  });
});
