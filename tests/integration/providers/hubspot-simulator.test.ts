import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '@/lib/providers/errors';
import { createHttpTransport } from '@/lib/providers/http';
import { fetchHubSpotAvailability } from '@/lib/providers/hubspot';
import type { FetchOptions, HttpTransport } from '@/lib/providers/types';
import { startSimulator, type CalendarHandle, type CalendarSpec, type Fault, type Simulator } from '@/scripts/simulator/server';

const DAY_MS = 24 * 60 * 60 * 1000;

let simulator: Simulator;
let transport: HttpTransport;
let requests: string[];

beforeAll(async () => {
  simulator = await startSimulator({ seed: 11 });
  simulator.onRequest((event) => requests.push(event.endpoint));
  const { control: _, ...origins } = simulator.origins;
  const trustedOrigins = Object.values(origins);
  transport = createHttpTransport({ allowHosts: [], trustedOrigins, headersTimeoutMs: 2_000, bodyTimeoutMs: 2_000 });
});

afterAll(async () => {
  await transport.close();
  await simulator.close();
});

beforeEach(() => {
  simulator.clearFaults();
  simulator.setNow(Date.parse('2027-01-31T12:00:00Z'));
  requests = [];
});

function options(more: Partial<FetchOptions> = {}): FetchOptions {
  return {
    http: transport.client(),
    origins: simulator.origins,
    durationMinutes: 30,
    timezone: 'UTC',
    signal: AbortSignal.timeout(10_000),
    now: simulator.now(),
    ...more,
  };
}

function truth(calendar: CalendarHandle, days: number, durationMinutes = 30): number[] {
  const now = simulator.now();
  return simulator.truth(calendar.id, now, now + days * DAY_MS, now, durationMinutes);
}

let added = 0;
function add(spec: Partial<CalendarSpec> = {}): CalendarHandle {
  added += 1;
  return simulator.addCalendar({ id: `hs-${added}`, provider: 'hubspot', zone: 'America/New_York', bookingRate: 0.3, ...spec });
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'ok', (error: unknown) => (error instanceof ProviderError ? error.kind : String(error)));
}

/** Where a page by calendar month is easily cut short. */
const INSTANTS = [
  '2026-11-01T00:00:00Z', '2026-11-28T18:00:00Z', '2026-11-30T23:57:00Z', '2026-12-01T00:02:00Z', '2026-12-31T23:59:59Z',
  '2027-01-31T00:00:00Z', '2027-01-31T12:00:00Z', '2027-02-01T04:30:00Z', '2027-02-28T12:00:00Z', '2027-03-01T09:58:00Z',
  '2027-03-13T12:00:00Z', '2027-03-31T12:00:00Z', '2027-10-31T00:30:00Z', '2028-01-31T23:00:00Z', '2028-02-29T11:00:00Z',
];
const ZONES = ['Pacific/Kiritimati', 'Europe/Berlin', 'America/New_York', 'Pacific/Pago_Pago'];

describe('all slots of the window', () => {
  describe.each(ZONES)('of a page in %s', (zone) => {
    it('are what is open, on dates where months turn, by both interfaces', async () => {
      const calendar = add({ zone, durationsMinutes: [30, 60], incrementMinutes: 30 });
      for (const instant of INSTANTS) {
        simulator.setNow(Date.parse(instant));
        for (const credential of [undefined, calendar.token]) {
          const result = await fetchHubSpotAvailability(calendar.url, 30, options(credential === undefined ? {} : { credential }));
          expect(result.slots, instant).toEqual(truth(calendar, 30));
          expect(result.slots.length, instant).toBeGreaterThan(50);
        }
      }
    });
  });

  it('are found whatever the workspace’s zone and the number of days', async () => {
    const calendar = add({ zone: 'Asia/Kolkata' });
    for (const timezone of ZONES) {
      for (const days of [1, 14, 30, 62]) {
        const { slots } = await fetchHubSpotAvailability(calendar.url, days, options({ timezone, credential: calendar.token }));
        expect(slots).toEqual(truth(calendar, days));
      }
    }
  });

  it('are those of the workspace’s duration alone', async () => {
    const calendar = add({ durationsMinutes: [15, 30, 60], incrementMinutes: 15, slotsByDuration: undefined });
    for (const durationMinutes of [15, 30, 60]) {
      const { slots } = await fetchHubSpotAvailability(calendar.url, 30, options({ durationMinutes }));
      expect(slots).toEqual(truth(calendar, 30, durationMinutes));
    }
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options({ durationMinutes: 45 })))).toBe('unsupported_duration');
  });

  it('are found by every form of the link, in any region, with one segment or two', async () => {
    for (const spec of [{ hubspotSlugSegments: 1 as const, slug: 'solo' }, { hubspotHublet: 'eu1' }, { hubspotNeedsBrowser: true }]) {
      const calendar = add(spec);
      for (const url of [calendar.url, ...Object.values(calendar.links)]) {
        expect((await fetchHubSpotAvailability(url, 30, options())).slots).toEqual(truth(calendar, 30));
        expect((await fetchHubSpotAvailability(url, 30, options({ credential: calendar.token }))).slots).toEqual(truth(calendar, 30));
      }
    }
  });

  it('come from the months alone when the page is known, and carry nobody’s data', async () => {
    const calendar = add();
    const { meta } = await fetchHubSpotAvailability(calendar.url, 30, options());
    requests = [];
    const result = await fetchHubSpotAvailability(calendar.url, 30, options({ meta }));
    expect(result.slots).toEqual(truth(calendar, 30));
    expect(requests).toEqual(['availability-page', 'availability-page', 'availability-page']);
    expect(JSON.stringify(result)).not.toMatch(/acme\.test|Ada /);
  });
});

describe('all or nothing', () => {
  it.each<[string, Fault]>([
    ['server_error', { kind: 'status', status: 500 }],
    ['rate_limited', { kind: 'status', status: 429 }],
    ['forbidden', { kind: 'status', status: 403 }],
    ['invalid_response', { kind: 'html' }],
    ['invalid_response', { kind: 'wrong' }],
    ['invalid_response', { kind: 'wrong', field: 'linkAvailability' }],
    ['invalid_response', { kind: 'cut', variant: 'chunked' }],
    ['network', { kind: 'reset', when: 'mid-body' }],
    ['timeout', { kind: 'hang' }],
  ])('%s, when a later month meets %j', async (kind, fault) => {
    const calendar = add();
    const { meta } = await fetchHubSpotAvailability(calendar.url, 30, options());
    simulator.addFault({ match: { calendarId: calendar.id }, page: 'second', fault });
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options()))).toBe(kind);
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options({ meta })))).toBe(kind);
  });

  it('a page that is gone or paused is not one without slots', async () => {
    const calendar = add();
    const { meta } = await fetchHubSpotAvailability(calendar.url, 30, options());
    simulator.updateCalendar(calendar.id, { paused: true });
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options({ meta, confirmEmpty: true })))).toBe('unsupported_link');
    simulator.updateCalendar(calendar.id, { paused: false, deleted: true });
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options({ meta })))).toBe('not_found');
  });

  it('an empty answer of a live page is confirmed by its book info', async () => {
    const calendar = add({ slots: [] });
    const { meta } = await fetchHubSpotAvailability(calendar.url, 30, options());
    requests = [];
    const result = await fetchHubSpotAvailability(calendar.url, 30, options({ meta, confirmEmpty: true }));
    expect(result.slots).toEqual([]);
    expect(requests.at(-1)).toBe('book');
  });

  it('a bad token is told from a page that is not there', async () => {
    const calendar = add({ tokenState: 'revoked' });
    expect(await kindOf(fetchHubSpotAvailability(calendar.url, 30, options({ credential: calendar.token })))).toBe('unauthorized');
  });
});
