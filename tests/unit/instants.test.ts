import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { epochOf, isoOf, parseWholeSecond } from '@/lib/instants';

const INSTANT = z.regexes.datetime({ offset: true });
const two = (value: number): string => String(value).padStart(2, '0');
const anyTwo = fc.integer({ min: 0, max: 99 }).map(two);

describe('parseWholeSecond', () => {
  it.each([
    ['2026-11-24T15:00:00Z', Date.UTC(2026, 10, 24, 15)],
    ['2026-11-24T15:00:00-05:00', Date.UTC(2026, 10, 24, 20)],
    ['2026-11-24T15:00:00+05:45', Date.UTC(2026, 10, 24, 9, 15)],
    ['2026-12-31T23:59:59Z', Date.UTC(2026, 11, 31, 23, 59, 59)],
  ])('reads %s', (text, expected) => {
    expect(parseWholeSecond(text)).toBe(expected);
  });

  it.each([
    '2026-02-29T10:00:00Z', '2026-04-31T10:00:00Z', '2026-13-01T10:00:00Z', '2026-00-01T10:00:00Z', '2026-11-00T10:00:00Z', '2026-11-24T24:00:00Z',
    '2026-11-24T10:60:00Z', '2026-11-24T10:00:60Z', '2026-11-24T10:00:00z', '2026-11-24 10:00:00Z', '2026-11-24T10:00:00', '2026-11-24T10:00:00.000Z',
    '2026-11-24T10:00:00+24:00', '2026-11-24T10:00:00+05:60', '2026-11-24T10:00:00 05:00', '2026-11-24T1a:00:00Z', '２026-11-24T10:00:00Z', '',
  ])('leaves %j to others', (text) => {
    expect(parseWholeSecond(text)).toBeUndefined();
  });

  it('never says another instant than Date.parse, of whatever digits', () => {
    const parts = fc.tuple(fc.integer({ min: 0, max: 9_999 }), anyTwo, anyTwo, anyTwo, anyTwo, anyTwo, fc.oneof(fc.constant('Z'), fc.tuple(fc.constantFrom('+', '-'), anyTwo, anyTwo)));
    fc.assert(
      fc.property(parts, ([year, month, day, hour, minute, second, zone]) => {
        const offset = typeof zone === 'string' ? zone : `${zone[0]}${zone[1]}:${zone[2]}`;
        const text = `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
        const read = parseWholeSecond(text);
        if (read === undefined) return;
        expect(INSTANT.test(text)).toBe(true);
        expect(read).toBe(Date.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads every whole second that is an instant, but for the 29th of February', () => {
    const instant = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2199-12-31T23:59:59Z'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, (date) => {
        const text = `${date.toISOString().substring(0, 19)}Z`;
        expect(parseWholeSecond(text)).toBe(text.substring(5, 10) === '02-29' ? undefined : Date.parse(text));
      }),
    );
  });
});

describe('isoOf', () => {
  it('writes what Date writes, in any order, and epochOf reads it', () => {
    const limit = 8.64e15;
    const instant = fc.oneof(
      fc.integer({ min: -5_000_000, max: 5_000_000 }).map((halfHours) => halfHours * 1_800_000),
      fc.integer({ min: -limit, max: limit }),
      fc.double({ min: -limit, max: limit, noNaN: true }),
      fc.constantFrom(0, -0, limit, -limit, -1, Date.UTC(10_000, 0, 1), Date.UTC(9_999, 11, 31, 23, 59), -60_000),
    );
    fc.assert(
      fc.property(fc.array(instant), (instants) => {
        const texts = instants.map((ms) => new Date(ms).toISOString());
        expect(instants.map(isoOf)).toEqual(texts);
        expect(texts.map(epochOf)).toEqual(instants.map((ms) => Math.trunc(ms) + 0));
      }),
      { numRuns: 2_000 },
    );
  });

  it('throws for an instant that is none', () => {
    // Its day has been asked for: the day is no reason to believe the minute.
    isoOf(8.64e15);
    for (const none of [NaN, Infinity, 8.64e15 + 60_000, -8.64e15 - 60_000]) expect(() => isoOf(none)).toThrow(RangeError);
  });
});
