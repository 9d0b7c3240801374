import { describe, expect, it } from 'vitest';
import { matchesCron } from '../../../scripts/local/cron-schedule';

describe('a schedule matches its minutes in UTC', () => {
  it.each([
    ['* * * * *', '2026-11-23T15:07:59.999Z', true],
    ['*/5 * * * *', '2026-11-23T15:10:00Z', true],
    ['*/5 * * * *', '2026-11-23T15:11:00Z', false],
    ['0 5 * * *', '2026-11-23T05:00:30Z', true],
    ['0 5 * * *', '2026-11-23T05:01:00Z', false],
    ['0 5 * * *', '2026-11-23T06:00:00+01:00', true],
    ['10-20/5 * * * *', '2026-11-23T15:15:00Z', true],
    ['10-20/5 * * * *', '2026-11-23T15:25:00Z', false],
    ['7/20 * * * *', '2026-11-23T15:47:00Z', true],
    ['7/20 * * * *', '2026-11-23T15:07:00Z', true],
    ['7/20 * * * *', '2026-11-23T15:20:00Z', false],
    ['0,30 9-17 * * 1-5', '2026-11-23T17:30:00Z', true],
    ['0,30 9-17 * * 1-5', '2026-11-22T17:30:00Z', false],
    ['0 0 1 1 *', '2027-01-01T00:00:00Z', true],
    ['0 0 31 * *', '2026-11-30T00:00:00Z', false],
    ['0 0 29 2 *', '2028-02-29T00:00:00Z', true],
    ['0 0 * * 0', '2026-11-22T00:00:00Z', true],
  ])('%s at %s: %s', (expression, at, expected) => {
    expect(matchesCron(expression, new Date(at))).toBe(expected);
  });

  it('"* * * * *" matches each of a day\'s minutes and "*/7 * * * *" nine an hour', () => {
    const minutes = Array.from({ length: 1440 }, (_, index) => new Date(Date.UTC(2026, 2, 29, 0, index)));
    expect(minutes.filter((at) => matchesCron('* * * * *', at))).toHaveLength(1440);
    expect(minutes.filter((at) => matchesCron('*/7 * * * *', at))).toHaveLength(24 * 9);
  });
});

describe('a malformed schedule is refused, and its field named', () => {
  it.each([
    ['* * * *', /five fields/],
    ['60 * * * *', /minute "60".*0 to 59/],
    ['* 24 * * *', /hour "24"/],
    ['* * 0 * *', /day of month "0"/],
    ['* * * 13 *', /month "13"/],
    ['* * * JAN *', /month "JAN"/],
    ['* * * * 7', /day of week "7"/],
    ['*/0 * * * *', /minute "\*\/0"/],
    ['20-10 * * * *', /minute "20-10"/],
    ['1,,2 * * * *', /minute ""/],
    ['0 0 1 * 1', /both day of month and day of week/],
  ])('%s', (expression, message) => {
    expect(() => matchesCron(expression, new Date(0))).toThrow(message);
  });
});
