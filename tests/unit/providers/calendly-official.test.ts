import { expect, test } from 'vitest';
import { fetchCalendlyAvailabilityWithMeta } from '../../../lib/providers/calendly';
import { ProviderError } from '../../../lib/providers/errors';
import type { FetchResult, HttpClient } from '../../../lib/providers/types';

/** Where an event type is looked for with a token: the user's list, then the organization's. */

const ME = { resource: { uri: 'https://api.calendly.com/users/U1', current_organization: 'https://api.calendly.com/organizations/O1' } };
const TEAM_CALL = { uri: 'https://api.calendly.com/event_types/TEAM0001', active: true, name: 'Team call', duration: 45, scheduling_url: 'https://calendly.com/team/call' };

type Answer = (query: URLSearchParams) => unknown;

function page(collection: unknown[], token: string | null = null): unknown {
  return { collection, pagination: { next_page_token: token } };
}

function run(eventTypes: Answer, days = 30): { result: Promise<FetchResult>; asked: string[] } {
  const asked: string[] = [];
  const answers: Record<string, Answer> = { '/users/me': () => ME, '/event_types': eventTypes, '/event_type_available_times': () => ({ collection: [] }) };
  const http: HttpClient = {
    getHtml: () => Promise.reject(new Error('no page is needed')),
    async getJson({ url, schema }) {
      asked.push(url.pathname + decodeURIComponent(url.search));
      const checked = schema.safeParse(await answers[url.pathname]?.(url.searchParams));
      if (!checked.success) throw new Error('the test answers nonsense');
      return checked.data;
    },
  };
  const result = fetchCalendlyAvailabilityWithMeta('https://calendly.com/team/call', days, {
    http,
    origins: { calendlyBooking: 'https://calendly.com', calendlyApi: 'https://api.calendly.com', hubspotApi: '', ghlBackend: '', ghlApi: '' },
    credential: 'token',
    durationMinutes: 30,
    timezone: 'UTC',
    signal: new AbortController().signal,
    now: Date.parse('2026-11-23T12:00:00Z'),
  });
  return { result, asked };
}

test("a team's page is found in the organization's list, not in the user's", async () => {
  const { result, asked } = run((query) => (query.has('organization') ? page([TEAM_CALL]) : page([])));
  await expect(result).resolves.toMatchObject({ durationMinutes: 45, meta: { resolvedId: 'TEAM0001', via: 'official' } });
  expect(asked.filter((path) => path.startsWith('/event_types?'))).toEqual([
    '/event_types?user=https://api.calendly.com/users/U1&count=100',
    '/event_types?organization=https://api.calendly.com/organizations/O1&count=100',
  ]);
});

test('a token that may not list the organization is not a bad token: the link is not of its account', async () => {
  const { result } = run((query) => {
    if (query.has('organization')) throw new ProviderError({ vendor: 'calendly', kind: 'unauthorized', status: 403, message: 'Permission Denied' });
    return page([]);
  });
  await expect(result).rejects.toMatchObject({ kind: 'not_found' });
});

test.each([
  ['that points at itself', () => 'same'],
  ['in a circle', (token: string | null) => (token === 'a' ? 'b' : 'a')],
  ['without end', (token: string | null) => `${token ?? ''}x`],
])('a list of pages %s ends as an invalid response', async (_name, next) => {
  const { result, asked } = run((query) => page([], next(query.get('page_token'))));
  await expect(result).rejects.toMatchObject({ kind: 'invalid_response' });
  expect(asked.length).toBeLessThan(60);
});

test('windows join without a gap, begin in the future, and are at most 30 days each', async () => {
  const { result, asked } = run(() => page([TEAM_CALL]), 62);
  await result;
  const queries = asked.filter((path) => path.includes('available_times')).map((path) => new URLSearchParams(path.split('?')[1]));
  expect(new Set(queries.map((query) => query.get('event_type')))).toEqual(new Set(['https://api.calendly.com/event_types/TEAM0001']));
  const starts = queries.map((query) => Date.parse(query.get('start_time') ?? ''));
  const ends = queries.map((query) => Date.parse(query.get('end_time') ?? ''));
  expect(starts).toHaveLength(3);
  expect(starts[0]).toBeGreaterThanOrEqual(Date.parse('2026-11-23T12:00:30Z'));
  expect(starts[0]).toBeLessThan(Date.parse('2026-11-23T12:01:00Z'));
  expect(starts.slice(1)).toEqual(ends.slice(0, -1));
  expect(ends.at(-1)).toBe(Date.parse('2027-01-24T12:00:00Z'));
  for (const [index, start] of starts.entries()) expect((ends[index] ?? Infinity) - start).toBeLessThanOrEqual(30 * 86_400_000);
});
