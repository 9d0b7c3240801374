import { describe, expect, it } from 'vitest';
import { calendarSchema, freeSlotsSchema } from '@/lib/providers/ghl/schema';
import { fixture, keyPaths, withoutKey } from './hubspot-ghl-stub-client';

const TEN = Date.parse('2026-11-24T15:00:00Z');
const ELEVEN = Date.parse('2026-11-24T16:00:00Z');
const DECEMBER = Date.parse('2026-12-01T15:00:00Z');
const DAY = '2026-11-24';
const TEXT = '2026-11-24T10:00:00-05:00';

describe('free slots', () => {
  it.each([
    ['free-slots-strings', [TEN, ELEVEN, DECEMBER]],
    ['free-slots-seats', [TEN]],
    ['free-slots-objects', [TEN]],
    ['no-availability', []],
  ])('the fixture %s', (name, expected) => {
    expect([...freeSlotsSchema.parse(fixture(`ghl/${name}.json`))]).toEqual(expected);
  });

  it.each<[string, unknown, number[]]>([
    ['a bare list under the date', [TEXT], [TEN]],
    ['a bare list of objects', [{ startTime: TEXT, endTime: 'whatever' }], [TEN]],
    ['a mixed list', { slots: [TEXT, { startTime: '2026-11-24T16:00:00.000Z' }] }, [TEN, ELEVEN]],
    ['a day without slots', { slots: [] }, []],
    ['a day booked out', { slots: { [TEXT]: 0 } }, []],
    ['an unknown field beside the slots', { slots: [TEXT], note: 1 }, [TEN]],
  ])('%s is understood', (_, day, expected) => {
    expect([...freeSlotsSchema.parse({ [DAY]: day })]).toEqual(expected);
  });

  it('reads the instant, not the day key', () => {
    expect([...freeSlotsSchema.parse({ '2030-01-01': { slots: [TEXT] } })]).toEqual([TEN]);
  });

  it('takes no other key for a day', () => {
    expect([...freeSlotsSchema.parse({ [DAY]: [TEXT], traceId: 't', meta: { slots: ['x'] }, '2026-11': ['x'] })]).toEqual([TEN]);
  });

  it.each<[string, unknown, string]>([
    ['null', null, DAY],
    ['a text', 'closed', DAY],
    ['an object without slots', { free: [] }, `${DAY}.slots`],
    ['slots of null', { slots: null }, `${DAY}.slots`],
    ['a number as a slot', { slots: [TEN] }, `${DAY}.slots.0`],
    ['a time without an offset', { slots: ['2026-11-24T10:00:00'] }, `${DAY}.slots.0`],
    ['a date that does not exist', { slots: ['2026-02-30T10:00:00Z'] }, `${DAY}.slots.0`],
    ['a slot object without a start', { slots: [{ start: TEXT }] }, `${DAY}.slots.0`],
    ['one bad slot among good ones', [TEXT, ''], `${DAY}.1`],
    ['seats that are no number', { slots: { [TEXT]: 'many' } }, `${DAY}.slots.${TEXT}`],
    ['seats below zero', { slots: { [TEXT]: -1 } }, `${DAY}.slots.${TEXT}`],
    ['a seat at no time', { slots: { soon: 0 } }, `${DAY}.slots.soon`],
  ])('%s under a date is refused, and the complaint says where', (_, day, path) => {
    const checked = freeSlotsSchema.safeParse({ '2026-11-23': { slots: [TEXT] }, [DAY]: day, traceId: 't' });
    expect(checked.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it.each([
    [{}],
    [[]],
    [null],
    ['ok'],
    [{ traceId: 7 }],
    [{ traceId: 't', statusCode: 500, message: 'down' }],
    [{ traceId: 't', message: 'Calendar not found' }],
    [{ traceId: 't', error: 'x' }],
    [fixture('ghl/error-invalid-token.json')],
    [fixture('ghl/error-validation.json')],
    [fixture('ghl/calendar.json')],
  ])('%j is not an answer without slots', (body) => {
    expect(freeSlotsSchema.safeParse(body).success).toBe(false);
  });

  /** Without these an answer is still good: a day with no slots is absent, a seat that is gone too. */
  const MAY_BE_ABSENT = new RegExp(`^(traceId|\\d{4}-\\d{2}-\\d{2}|${DAY}\\.slots\\.${DAY}T.*)$`);

  it.each(
    ['free-slots-strings', 'free-slots-seats'].flatMap((name) => {
      const body = fixture(`ghl/${name}.json`);
      return keyPaths(body).map((path) => [name, path.join('.'), withoutKey(body, path)] as const);
    }),
  )('%s without %s', (_, path, body) => {
    expect(freeSlotsSchema.safeParse(body).success).toBe(MAY_BE_ABSENT.test(path));
  });

  it('objects without a start, and the only day without a trace id, are refused', () => {
    const objects = fixture('ghl/free-slots-objects.json');
    for (const path of keyPaths(objects)) expect(freeSlotsSchema.safeParse(withoutKey(objects, path)).success).toBe(false);
    expect(freeSlotsSchema.safeParse(withoutKey(fixture('ghl/no-availability.json'), ['traceId'])).success).toBe(false);
  });
});

describe('a calendar', () => {
  const CALENDAR = fixture('ghl/calendar.json') as { calendar: object };

  it('states its length in minutes or hours', () => {
    expect(calendarSchema.parse(CALENDAR)).toEqual({ id: 'AbCdEfGhIjKlMnOpQrSt', isActive: true, durationMinutes: 30 });
    const hours = { calendar: { ...CALENDAR.calendar, slotDuration: 1.5, slotDurationUnit: 'hours' } };
    expect(calendarSchema.parse(hours).durationMinutes).toBe(90);
  });

  it('in a unit we do not know is refused', () => {
    expect(calendarSchema.safeParse({ calendar: { ...CALENDAR.calendar, slotDurationUnit: 'days' } }).success).toBe(false);
  });

  const NOT_READ = /^calendar\.(locationId|name|calendarType|slotInterval|slotIntervalUnit|widgetSlug)$/;

  it.each(keyPaths(CALENDAR).map((path) => [path.join('.'), path] as const))('without %s', (name, path) => {
    expect(calendarSchema.safeParse(withoutKey(CALENDAR, path)).success).toBe(NOT_READ.test(name));
  });
});
