import { describe, expect, it } from 'vitest';
import { addMonth, emptyReading, type MonthsReading } from '@/lib/providers/hubspot/read-months';
import { joined } from '@/lib/providers/window';
import { availabilityPageSchema, bookInfoSchema, type AvailabilityPage } from '@/lib/providers/hubspot/schema';
import { fixture, keyPaths, withoutKey } from './hubspot-ghl-stub-client';

const MONTH_0 = fixture('hubspot/availability-month-0.json');
const MONTH_1 = fixture('hubspot/availability-month-1.json');
const BOOK_INFO = fixture('hubspot/book-info.json');

const byDuration = (map: unknown) => ({ allUsersBusyTimes: [], linkAvailability: { linkAvailabilityByDuration: map } });

describe('what HubSpot sends', () => {
  it.each(['availability-month-0', 'availability-month-1', 'no-availability'])('the fixture %s is a month', (name) => {
    expect(availabilityPageSchema.safeParse(fixture(`hubspot/${name}.json`)).success).toBe(true);
  });

  it('names, email addresses and busy times of hosts do not survive reading', () => {
    const kept = JSON.stringify(availabilityPageSchema.parse(MONTH_0));
    expect(kept).not.toMatch(/acme\.test|"busyTimes"|firstName|meetingsUser/);
    expect(kept).toContain('1796070600000');
  });

  it('no month and no book info is read from an empty object, an error, a list or nothing', () => {
    for (const body of [{}, [], null, 'ok', fixture('hubspot/error-not-found.json'), fixture('hubspot/error-rate-limit.json')]) {
      expect(availabilityPageSchema.safeParse(body).success).toBe(false);
      expect(bookInfoSchema.safeParse(body).success).toBe(false);
    }
  });

  /** Deleting these leaves a good answer: not read, or absent in good answers. */
  const NOT_READ =
    /^(linkAvailability|linkAvailability\.hasMore|linkAvailability\.linkAvailabilityByDuration\.\d+|allUsersBusyTimes\.\d+\.(meetingsUser|busyTimes)(\..*)?)$/;

  it.each(keyPaths(MONTH_0).map((path) => [path.join('.'), path] as const))('a month without %s', (name, path) => {
    expect(availabilityPageSchema.safeParse(withoutKey(MONTH_0, path)).success).toBe(NOT_READ.test(name));
  });

  const NOT_READ_OF_INFO =
    /^(linkId|linkType|allUsersBusyTimes|customParams\.(meetingBufferTime|startTimeIncrementMinutes|weeksToAdvertise|formFields))$/;

  it.each(keyPaths(BOOK_INFO).map((path) => [path.join('.'), path] as const))('a book info without %s', (name, path) => {
    expect(bookInfoSchema.safeParse(withoutKey(BOOK_INFO, path)).success).toBe(NOT_READ_OF_INFO.test(name));
  });

  it.each([
    ['a duration under another’s key', { '1800000': { meetingDurationMillis: 900_000, availabilities: [] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.meetingDurationMillis'],
    ['a key that is no number', { half: { meetingDurationMillis: 1_800_000, availabilities: [] } }, 'linkAvailability.linkAvailabilityByDuration.half'],
    ['a span of two meetings', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: 0, endMillisUtc: 3_600_000 }] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities.0.endMillisUtc'],
    ['a start in text', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: '0', endMillisUtc: 1_800_000 }] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities.0.startMillisUtc'],
    ['a slot of null', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: 0, endMillisUtc: 1_800_000 }, null] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities.1'],
    ['a slot without an end', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: 0, endMillisUtc: 1_800_000 }, { startMillisUtc: 0 }] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities.1.endMillisUtc'],
    ['a start between milliseconds', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: 0, endMillisUtc: 1_800_000 }, { startMillisUtc: 0.5, endMillisUtc: 1_800_000.5 }] } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities.1.startMillisUtc'],
    ['slots that are null', { '1800000': { meetingDurationMillis: 1_800_000, availabilities: null } }, 'linkAvailability.linkAvailabilityByDuration.1800000.availabilities'],
  ])('%s is refused, and the complaint says where', (_, map, path) => {
    const checked = availabilityPageSchema.safeParse(byDuration(map));
    expect(checked.error?.issues[0]?.path.join('.')).toBe(path);
  });

  it('a link availability under another name is not an absent one', () => {
    const checked = availabilityPageSchema.safeParse({ allUsersBusyTimes: [], linkAvailabilityV2: {} });
    expect(checked.error?.issues[0]?.path).toEqual(['linkAvailability']);
    expect(availabilityPageSchema.safeParse({ allUsersBusyTimes: [], branding: {} }).success).toBe(true);
  });

  it('a link availability of null is not an absent one', () => {
    expect(availabilityPageSchema.safeParse({ allUsersBusyTimes: [], linkAvailability: null }).success).toBe(false);
  });
});

describe('addMonth', () => {
  const readMonths = (pages: readonly AvailabilityPage[], durationMinutes: number): MonthsReading => {
    const reading = emptyReading();
    // As they are asked for: the last first.
    for (const page of [...pages].reverse()) addMonth(reading, page, durationMinutes);
    return reading;
  };
  const startsOf = (pages: readonly AvailabilityPage[], durationMinutes: number): number[] => joined(readMonths(pages, durationMinutes).starts);
  const pages = [MONTH_0, MONTH_1, fixture('hubspot/no-availability.json')].map((body) => availabilityPageSchema.parse(body));

  it('joins the months of one duration, and no month replaces another', () => {
    expect(startsOf(pages, 30)).toEqual([1795532400000, 1796070600000, 1796137200000]);
  });

  it('never mixes in slots of another duration', () => {
    const mixed = availabilityPageSchema.parse(
      byDuration({
        '900000': { meetingDurationMillis: 900_000, availabilities: [{ startMillisUtc: 5, endMillisUtc: 900_005 }] },
        '1800000': { meetingDurationMillis: 1_800_000, availabilities: [{ startMillisUtc: 7, endMillisUtc: 1_800_007 }] },
      }),
    );
    expect(startsOf([mixed], 15)).toEqual([5]);
    expect(startsOf([mixed], 30)).toEqual([7]);
    expect(readMonths([mixed], 60)).toMatchObject({ starts: [], listedMinutes: new Set([15, 30]) });
  });

  it('is offline only when nobody’s calendar is seen', () => {
    const page = (...isOffline: boolean[]) => [availabilityPageSchema.parse({ allUsersBusyTimes: isOffline.map((value) => ({ isOffline: value })) })];
    expect(readMonths(page(true, true), 30).isOffline).toBe(true);
    expect(readMonths(page(true, false), 30).isOffline).toBe(false);
    expect(readMonths(page(), 30).isOffline).toBe(false);
  });
});
