import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localTimes } from '@/lib/reader/local-time';

describe('local times', () => {
  it.each([
    ['2027-03-28T00:30:00Z', 'Europe/Berlin', '2027-03-28T01:30:00+01:00', 'Sun, Mar 28, 1:30 AM CET'],
    ['2027-03-28T01:30:00Z', 'Europe/Berlin', '2027-03-28T03:30:00+02:00', 'Sun, Mar 28, 3:30 AM CEST'],
    ['2027-10-31T00:30:00Z', 'Europe/Berlin', '2027-10-31T02:30:00+02:00', 'Sun, Oct 31, 2:30 AM CEST'],
    ['2027-10-31T01:30:00Z', 'Europe/Berlin', '2027-10-31T02:30:00+01:00', 'Sun, Oct 31, 2:30 AM CET'],
    ['2027-01-01T03:00:00Z', 'America/New_York', '2026-12-31T22:00:00-05:00', 'Thu, Dec 31, 10:00 PM EST'],
    ['2027-01-01T00:00:00Z', 'Asia/Kolkata', '2027-01-01T05:30:00+05:30', 'Fri, Jan 1, 5:30 AM GMT+5:30'],
    ['2027-01-01T00:00:00Z', 'UTC', '2027-01-01T00:00:00+00:00', 'Fri, Jan 1, 12:00 AM UTC'],
    ['2027-01-01T02:00:00Z', 'America/St_Johns', '2026-12-31T22:30:00-03:30', 'Thu, Dec 31, 10:30 PM GMT-3:30'],
  ])('%s in %s is %s, %s', (utc, zone, local, label) => {
    expect(localTimes(zone)(Date.parse(utc))).toEqual({ local, label });
  });

  it('the local time with its offset is the same instant, in every zone', () => {
    fc.assert(fc.property(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2032, 0) }), (zone, second) => {
      const startMs = Math.floor(second / 1_000) * 1_000;
      expect(Date.parse(localTimes(zone)(startMs).local)).toBe(startMs);
    }));
  });
});
