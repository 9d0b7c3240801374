import { expect, it } from 'vitest';
import { ageText, lengthText, relativeText, shareText } from '@/lib/console/words';
import { hrefWith, pageOf, paramOf } from '@/lib/console/page-url';

it.each([
  [0, '0 ms'], [420, '420 ms'], [8_340, '8.3 s'], [42_000, '42 s'], [119_000, '119 s'], [300_000, '5 min'], [7_200_000, '2 h'], [12_000_000, '3 h 20 min'],
  [180_000_000, '2 d 2 h'],
])('%i ms reads %s', (ms, text) => {
  expect(lengthText(ms)).toBe(text);
});

it('an age has no milliseconds, and a clock that is a little ahead makes none that is negative', () => {
  expect([ageText(400), ageText(-300), ageText(59_600)]).toEqual(['0 s', '0 s', '60 s']);
  expect([relativeText(0, 300_000), relativeText(42_000, 0), relativeText(500, 0)]).toEqual(['5 min ago', 'in 42 s', 'now']);
});

it('a share is all or nothing only when it is', () => {
  expect([shareText(0, 0), shareText(0, 7), shareText(7, 7), shareText(9_999, 10_000), shareText(1, 100_000), shareText(1, 3)])
    .toEqual(['–', '0 %', '100 %', '99.9 %', '0.1 %', '33 %']);
});

it('an address keeps the other filters, and one edited by hand shows the first page', () => {
  const params = { job: 'availability', page: '3', empty: '' };
  expect(hrefWith('/runs', params, { page: null })).toBe('/runs?job=availability');
  expect(hrefWith('/runs', params, { outcome: 'a&b', page: 4 })).toBe('/runs?job=availability&page=4&outcome=a%26b');
  expect([pageOf(params), pageOf({ page: '-1' }), pageOf({ page: 'x' }), pageOf({})]).toEqual([3, 1, 1, 1]);
  expect(paramOf({ q: [' a ', 'b'] }, 'q')).toBe('a');
});
