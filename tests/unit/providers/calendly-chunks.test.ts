import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datesOf, MAX_RANGE_DATES, splitIntoDateRanges } from '../../../lib/providers/calendly/chunks';
import { windowOf } from '../../../lib/providers/window';

const at = (text: string): number => Date.parse(text);

test('thirty days are thirty-one dates, unless they begin at midnight UTC', () => {
  expect(splitIntoDateRanges(windowOf(at('2026-11-23T12:00:00Z'), 30))).toEqual([
    { first: '2026-11-23', last: '2026-12-20' },
    { first: '2026-12-21', last: '2026-12-23' },
  ]);
  expect(splitIntoDateRanges(windowOf(at('2026-11-23T00:00:00Z'), 30)).at(-1)).toEqual({ first: '2026-12-21', last: '2026-12-22' });
  expect(splitIntoDateRanges(windowOf(at('2028-02-28T23:59:59Z'), 2))).toEqual([{ first: '2028-02-28', last: '2028-03-01' }]);
});

test('every instant of any window falls on exactly one requested date, and no range is too wide', () => {
  const nows = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
  fc.assert(
    fc.property(nows, fc.integer({ min: 1, max: 120 }), fc.nat(), (now, days, draw) => {
      const window = windowOf(now, days);
      const ranges = splitIntoDateRanges(window);
      const dates = ranges.flatMap(datesOf);
      expect(new Set(dates).size).toBe(dates.length);
      expect(dates).toEqual([...dates].sort());
      for (const range of ranges) expect(datesOf(range).length).toBeLessThanOrEqual(MAX_RANGE_DATES);
      // In whole milliseconds: a share of the window can round up to its end, which is outside.
      const instant = window.startMs + (draw * 7_919) % (window.endMs - window.startMs);
      for (const inside of [instant, window.startMs, window.endMs - 1]) expect(dates).toContain(new Date(inside).toISOString().substring(0, 10));
      // Nothing beyond what is needed, either.
      expect(dates.length).toBeLessThanOrEqual(days + 1);
    }),
  );
});
