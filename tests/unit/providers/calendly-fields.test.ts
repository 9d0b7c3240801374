import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fetchCalendlyAvailabilityWithMeta } from '../../../lib/providers/calendly';
import { ProviderError } from '../../../lib/providers/errors';
import type { FetchOptions, FetchResult, HttpClient } from '../../../lib/providers/types';

/** Unknown is never empty: an answer that lost any field we depend on is an `invalid_response`. */

const NOW = Date.parse('2026-11-23T12:00:00Z');
/** The range fixture lists two dates, so the window of the public tests must not touch a third. */
const TWO_DATES = 1.5;
const UUID = '3f0c6a52-0d1e-4c5b-9a77-0123456789ab';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Answers = Record<string, Json>;

function fixture(name: string): Json {
  return JSON.parse(readFileSync(new URL(`../../fixtures/calendly/${name}.json`, import.meta.url), 'utf8')) as Json;
}

const eventTypes = fixture('event-types') as { collection: Json[] };
const publicAnswers: Answers = {
  '/api/booking/event_types/lookup': fixture('lookup'),
  '/api/booking/scheduling_links/cabc-123-xyz': fixture('scheduling-link'),
  '/api/booking/profiles/acme-demo/event_types': fixture('profile-event-types'),
  [`/api/booking/event_types/${UUID}/calendar/range`]: fixture('range'),
};
const officialAnswers: Answers = {
  '/users/me': fixture('me'),
  '/event_types': fixture('event-types'),
  '/event_types/ET000001': { resource: eventTypes.collection[0] ?? null },
  '/event_type_available_times': fixture('available-times'),
};

/** Answers from memory, checks by the schema as the real client does. */
function clientOf(answers: Answers): HttpClient {
  return {
    getHtml: () => Promise.reject(new Error('no page is needed')),
    getJson({ url, schema }) {
      const answer = answers[url.pathname];
      if (answer === undefined) throw new Error(`no answer for ${url.pathname}`);
      const checked = schema.safeParse(answer);
      if (checked.success) return Promise.resolve(checked.data);
      return Promise.reject(new ProviderError({ vendor: 'calendly', kind: 'invalid_response', message: checked.error.issues[0]?.path.join('.') ?? '' }));
    },
  };
}

function run(answers: Answers, url: string, more: Partial<FetchOptions> = {}): Promise<FetchResult> {
  const days = more.credential === undefined ? TWO_DATES : 30;
  return fetchCalendlyAvailabilityWithMeta(url, days, {
    http: clientOf(answers),
    origins: { calendlyBooking: 'https://calendly.com', calendlyApi: 'https://api.calendly.com', hubspotApi: '', ghlBackend: '', ghlApi: '' },
    durationMinutes: 15,
    timezone: 'UTC',
    signal: new AbortController().signal,
    now: NOW,
    ...more,
  });
}

/** Every key of every object, by path. */
function keysOf(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => keysOf(item, [...path, index]));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => [[...path, key], ...keysOf(item, [...path, key])]);
}

function without(value: Json, [head, ...rest]: (string | number)[]): Json {
  if (Array.isArray(value)) return value.map((item, index) => (index === head ? without(item, rest) : item));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  return Object.fromEntries(rest.length === 0 ? entries.filter(([key]) => key !== head) : entries.map(([key, item]) => [key, key === head ? without(item, rest) : item]));
}

const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'success',
    (error: unknown) => (error instanceof ProviderError ? error.kind : String(error)),
  );

interface Case {
  endpoint: string;
  answers: Answers;
  url: string;
  more?: Partial<FetchOptions>;
  /** What a whole answer leads to, and one that lacks only unread fields. */
  normally: string;
  /** Fields that nothing depends on. `*` stands for an index; what is below them is unread, too. */
  unread: string[];
}

const event = 'https://calendly.com/acme-demo/intro';
const official = { credential: 'token' };
const eventTypeUnread = ['slug', 'kind', 'pooling_type', 'type', 'profile', 'start_time_increment', 'before_buffer', 'after_buffer', 'created_at', 'updated_at'];
const cases: Case[] = [
  {
    endpoint: '/api/booking/event_types/lookup',
    answers: publicAnswers,
    url: event,
    normally: 'success',
    unread: ['name', 'next_availability', 'profile', 'scheduling_link', 'location_configurations'],
  },
  { endpoint: '/api/booking/scheduling_links/cabc-123-xyz', answers: publicAnswers, url: 'https://calendly.com/d/cabc-123-xyz/intro', normally: 'success', unread: ['uid'] },
  { endpoint: '/api/booking/profiles/acme-demo/event_types', answers: publicAnswers, url: 'https://calendly.com/acme-demo', normally: 'ambiguous_link', unread: ['*.slug'] },
  {
    endpoint: `/api/booking/event_types/${UUID}/calendar/range`,
    answers: publicAnswers,
    url: event,
    normally: 'success',
    unread: ['invitee_publisher_error', 'today', 'availability_timezone', 'days.*.status', 'days.*.invitee_events', 'diagnostic_data', 'current_user'],
  },
  {
    endpoint: '/users/me',
    answers: officialAnswers,
    url: event,
    more: official,
    normally: 'success',
    unread: ['name', 'slug', 'email', 'scheduling_url', 'timezone', 'resource_type'].map((field) => `resource.${field}`),
  },
  {
    endpoint: '/event_types',
    answers: officialAnswers,
    url: event,
    more: official,
    normally: 'success',
    unread: [...eventTypeUnread.map((field) => `collection.*.${field}`), ...['count', 'next_page', 'previous_page', 'previous_page_token'].map((field) => `pagination.${field}`)],
  },
  {
    endpoint: '/event_types/ET000001',
    answers: officialAnswers,
    url: 'https://api.calendly.com/event_types/ET000001',
    more: official,
    normally: 'success',
    unread: eventTypeUnread.map((field) => `resource.${field}`),
  },
  { endpoint: '/event_type_available_times', answers: officialAnswers, url: event, more: official, normally: 'success', unread: ['collection.*.scheduling_url'] },
];

describe.each(cases)('$endpoint', ({ endpoint, answers, url, more, normally, unread }) => {
  const whole = answers[endpoint] ?? null;
  const isUnread = (path: string): boolean => unread.some((field) => path === field || path.startsWith(`${field}.`));

  test('a whole answer', async () => expect(await kindOf(run(answers, url, more))).toBe(normally));

  test.each(keysOf(whole).map((path) => ({ path, name: path.join('.') })))('without $name', async ({ path }) => {
    const general = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.');
    const expected = isUnread(general) ? normally : 'invalid_response';
    expect(await kindOf(run({ ...answers, [endpoint]: without(whole, path) }, url, more))).toBe(expected);
  });
});

test('the fixtures give exactly the slots they show', async () => {
  const shown = await run(publicAnswers, event);
  expect(shown).toEqual({
    slots: [Date.parse('2026-11-24T15:00:00Z')],
    durationMinutes: 30,
    meta: { resolvedId: UUID, resolvedFrom: event, durationMinutes: 30, zone: 'America/New_York', via: 'public' },
  });
  const times = await run(officialAnswers, event, official);
  expect(times).toEqual({
    slots: ['2026-11-24T15:00:00Z', '2026-12-01T15:30:00Z'].map((text) => Date.parse(text)),
    durationMinutes: 30,
    meta: { resolvedId: 'ET000001', resolvedFrom: event, durationMinutes: 30, via: 'official' },
  });
});

describe('a range answer that lies', () => {
  const path = `/api/booking/event_types/${UUID}/calendar/range`;
  const spot = { status: 'available', start_time: '2026-11-24T15:00:00Z', invitees_remaining: 1 };
  const rangeOf = (...spots: Json[]): Answers => ({ ...publicAnswers, [path]: { days: [{ date: '2026-11-23', spots: [] }, { date: '2026-11-24', spots }] } });

  test.each<[string, Json]>([
    ['a new status', { ...spot, status: 'open' }],
    ['a start without offset', { ...spot, start_time: '2026-11-24T15:00:00' }],
    ['a start that is no instant', { ...spot, start_time: '2026-13-45T15:00:00Z' }],
    ['an epoch', { ...spot, start_time: 1795435200 }],
    ['no places stated', { ...spot, invitees_remaining: null }],
    ['no start at a spot that cannot be booked', { ...spot, status: 'unavailable', start_time: null }],
    ['nothing where a spot is', null],
  ])('%s → invalid_response', async (_name, bad) => {
    expect(await kindOf(run(rangeOf(bad), event))).toBe('invalid_response');
  });

  test('the complaint says which field of which spot is wrong', async () => {
    const messageOf = (bad: Json): Promise<unknown> => run(rangeOf(spot, bad), event).catch((error: unknown) => (error as ProviderError).message);
    expect(await messageOf({ ...spot, start_time: '2026-11-24T15:00:00' })).toBe('days.1.spots.1.start_time');
    expect(await messageOf({ ...spot, status: 'open' })).toBe('days.1.spots.1.status');
    expect(await messageOf({ ...spot, invitees_remaining: '1' })).toBe('days.1.spots.1.invitees_remaining');
    expect(await messageOf([spot])).toBe('days.1.spots.1');
  });

  test('a date is missing → invalid_response, not fewer slots', async () => {
    expect(await kindOf(run({ ...publicAnswers, [path]: { days: [{ date: '2026-11-24', spots: [spot] }] } }, event))).toBe('invalid_response');
  });

  test('booked, full, doubled and out of order starts come out right', async () => {
    const answers = rangeOf({ ...spot, start_time: '2026-11-24T16:00:00Z' }, spot, { ...spot, start_time: '2026-11-24T10:00:00-05:00' }, { ...spot, status: 'unavailable', start_time: '2026-11-24T17:00:00Z' }, { ...spot, invitees_remaining: 0, start_time: '2026-11-24T18:00:00Z' });
    expect((await run(answers, event)).slots).toEqual(['2026-11-24T15:00:00Z', '2026-11-24T16:00:00Z'].map((text) => Date.parse(text)));
  });

  test.each<[string, Json]>([
    ['not public', { public: false }],
    ['unavailable', { unavailability_reason: 'event_type_inactive' }],
  ])('the lookup says %s → not_found', async (_name, change) => {
    const lookup = { ...(publicAnswers['/api/booking/event_types/lookup'] as object), ...(change as object) } as Json;
    await expect(run({ ...publicAnswers, '/api/booking/event_types/lookup': lookup }, event)).rejects.toMatchObject({ kind: 'not_found', message: expect.stringContaining('paused') as string });
  });
});
