import { describe, expect, it } from 'vitest';
import { hoursText, parseHours } from '../../../scripts/workspaces/hours-text';

describe('hours on the command line', () => {
  it.each([
    ['mon-fri 09:00-17:00', 'mon-fri 09:00-17:00'],
    ['Monday-Tuesday 9:00-12:00 13:00-17:00, sat 10:00-12:00', 'mon-tue 09:00-12:00 13:00-17:00, sat 10:00-12:00'],
    ['mon 09:00-12:00, mon 13:00-17:00, wed 09:00-12:00', 'mon 09:00-12:00 13:00-17:00, wed 09:00-12:00'],
  ])('%s is read as it is written back', (given, text) => {
    expect(hoursText(parseHours(given))).toBe(text);
    expect(parseHours(text)).toEqual(parseHours(given));
  });

  it.each([['mon'], ['fri-mon 09:00-17:00'], ['day 09:00-17:00'], [''], ['mon-tue-wed 09:00-10:00']])('%j is refused, and the form is shown', (given) => {
    expect(() => parseHours(given)).toThrow(/such as "mon-fri 09:00-17:00/);
  });

  it('no rule is any hour', () => {
    expect(hoursText(null)).toBe('any hour');
  });
});
