import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '@/lib/providers/errors';
import { fetchGHLAvailabilityWithMeta } from '@/lib/providers/ghl';
import { createHttpTransport } from '@/lib/providers/http';
import type { FetchOptions, HttpTransport } from '@/lib/providers/types';
import { startSimulator, type CalendarHandle, type CalendarSpec, type Fault, type Simulator } from '@/scripts/simulator/server';

const DAY_MS = 24 * 60 * 60 * 1000;

let simulator: Simulator;
let transport: HttpTransport;
let requests: string[];

beforeAll(async () => {
  simulator = await startSimulator({ seed: 12 });
  simulator.onRequest((event) => requests.push(event.endpoint));
  const { control: _, ...origins } = simulator.origins;
  transport = createHttpTransport({ allowHosts: [], trustedOrigins: Object.values(origins), headersTimeoutMs: 2_000, bodyTimeoutMs: 2_000 });
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

function truth(calendar: CalendarHandle, days: number): number[] {
  const now = simulator.now();
  return simulator.truth(calendar.id, now, now + days * DAY_MS, now);
}

let added = 0;
function add(spec: Partial<CalendarSpec> = {}): CalendarHandle {
  added += 1;
  return simulator.addCalendar({ id: `ghl-${added}`, provider: 'ghl', zone: 'America/New_York', bookingRate: 0.3, ...spec });
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const outcome: unknown = await promise.catch((error: unknown) => error);
  if (outcome instanceof ProviderError) return outcome;
  throw new Error(`expected a ProviderError, got ${JSON.stringify(outcome)}`);
}

const INSTANTS = [
  '2026-11-01T05:30:00Z', '2026-11-28T18:00:00Z', '2026-12-31T23:59:59Z', '2027-01-31T12:00:00Z', '2027-02-28T12:00:00Z',
  '2027-03-13T12:00:00Z', '2027-03-27T23:30:00Z', '2027-10-31T00:30:00Z', '2028-02-29T11:00:00Z',
];

describe('all slots of the window', () => {
  it.each(['strings', 'objects', 'seats', 'array'] as const)('in the shape %s are what is open, by both interfaces', async (ghlShape) => {
    for (const zone of ['Pacific/Kiritimati', 'Europe/Berlin', 'America/New_York', 'Pacific/Pago_Pago']) {
      const calendar = add({ zone, ghlShape, seats: ghlShape === 'seats' ? 3 : 1 });
      for (const instant of INSTANTS) {
        simulator.setNow(Date.parse(instant));
        for (const credential of [undefined, calendar.token]) {
          const { slots } = await fetchGHLAvailabilityWithMeta(calendar.url, 30, options(credential === undefined ? {} : { credential }));
          expect(slots, instant).toEqual(truth(calendar, 30));
          expect(slots.length, instant).toBeGreaterThan(50);
        }
      }
    }
  });

  it('beyond 30 days are joined from several windows', async () => {
    const calendar = add({ horizonDays: 200 });
    for (const days of [31, 60, 95]) {
      requests = [];
      expect((await fetchGHLAvailabilityWithMeta(calendar.url, days, options())).slots).toEqual(truth(calendar, days));
      expect(requests).toHaveLength(Math.ceil(days / 30));
    }
  });

  it('are found by every form of the link', async () => {
    const calendar = add();
    for (const url of [calendar.url, ...Object.values(calendar.links)]) {
      for (const credential of [undefined, calendar.token]) {
        const { slots, meta } = await fetchGHLAvailabilityWithMeta(url, 30, options(credential === undefined ? {} : { credential }));
        expect(slots).toEqual(truth(calendar, 30));
        expect(meta.resolvedId).toBe(calendar.ids.calendarId);
      }
    }
  });

  it('are those of the calendar, where the page names ids of other things first', async () => {
    const calendar = add({ ghlPage: 'bookings', ghlPageIds: 'decoys' });
    for (const credential of [undefined, calendar.token]) {
      const { slots } = await fetchGHLAvailabilityWithMeta(calendar.url, 30, options(credential === undefined ? {} : { credential }));
      expect(slots).toEqual(truth(calendar, 30));
    }
  });

  it('come from one request when the calendar is known, with its own length where one is stated', async () => {
    const calendar = add({ ghlPage: 'bookings', durationsMinutes: [45] });
    const { meta, durationMinutes } = await fetchGHLAvailabilityWithMeta(calendar.url, 30, options({ credential: calendar.token }));
    expect(durationMinutes).toBe(45);
    requests = [];
    const warm = await fetchGHLAvailabilityWithMeta(calendar.url, 30, options({ credential: calendar.token, meta }));
    expect(warm).toMatchObject({ slots: truth(calendar, 30), durationMinutes: 45 });
    expect(requests).toEqual(['free-slots']);
  });
});

describe('a page', () => {
  it('of a group names its calendars, and a chosen one is fetched', async () => {
    const group = { ghlGroup: 'sales', ghlPage: 'group' as const };
    const [first, second] = [add({ ...group, name: 'Intro' }), add({ ...group, name: 'Demo' })];
    const error = await errorOf(fetchGHLAvailabilityWithMeta(first.url, 30, options()));
    expect(error.kind).toBe('ambiguous_link');
    expect(error.choices).toEqual([{ id: first.ids.calendarId, name: 'Intro' }, { id: second.ids.calendarId, name: 'Demo' }]);
    const chosenId = second.ids.calendarId ?? '';
    expect((await fetchGHLAvailabilityWithMeta(first.url, 30, options({ chosenId }))).slots).toEqual(truth(second, 30));
  });

  it('without a calendar is not one without slots', async () => {
    const calendar = add({ ghlPage: 'bookings', ghlPageIds: 'none' });
    expect((await errorOf(fetchGHLAvailabilityWithMeta(calendar.url, 30, options()))).kind).toBe('not_found');
  });
});

describe('all or nothing', () => {
  it.each<[string, Fault]>([
    ['server_error', { kind: 'status', status: 500 }],
    ['rate_limited', { kind: 'status', status: 429 }],
    ['rejected_request', { kind: 'status', status: 422 }],
    ['invalid_response', { kind: 'html' }],
    ['invalid_response', { kind: 'wrong' }],
    ['invalid_response', { kind: 'cut', variant: 'chunked' }],
    ['network', { kind: 'reset', when: 'mid-body' }],
    ['timeout', { kind: 'hang' }],
  ])('%s, when a later window meets %j', async (kind, fault) => {
    const calendar = add({ horizonDays: 200 });
    simulator.addFault({ match: { calendarId: calendar.id }, page: 'second', fault });
    expect((await errorOf(fetchGHLAvailabilityWithMeta(calendar.url, 60, options()))).kind).toBe(kind);
  });

  it('an empty answer of a live calendar is confirmed, and one of a dead calendar is not', async () => {
    const calendar = add({ slots: [] });
    for (const credential of [undefined, calendar.token]) {
      const given = credential === undefined ? {} : { credential };
      simulator.updateCalendar(calendar.id, { paused: false });
      const { meta } = await fetchGHLAvailabilityWithMeta(calendar.url, 30, options(given));
      requests = [];
      expect((await fetchGHLAvailabilityWithMeta(calendar.url, 30, options({ ...given, meta, confirmEmpty: true }))).slots).toEqual([]);
      expect(requests).toEqual(['free-slots', credential === undefined ? 'page' : 'calendar']);
      simulator.addFault({ match: { calendarId: calendar.id, endpoint: 'page' }, fault: { kind: 'status', status: 503 } });
      if (credential !== undefined) simulator.updateCalendar(calendar.id, { paused: true });
      const { kind } = await errorOf(fetchGHLAvailabilityWithMeta(calendar.url, 30, options({ ...given, meta, confirmEmpty: true })));
      expect(kind).toBe(credential === undefined ? 'server_error' : 'not_found');
      simulator.clearFaults();
    }
  });

  it('a bad token is told from a calendar that is not there', async () => {
    const revoked = add({ tokenState: 'revoked' });
    expect((await errorOf(fetchGHLAvailabilityWithMeta(revoked.url, 30, options({ credential: revoked.token })))).kind).toBe('unauthorized');
    const gone = add({ deleted: true });
    expect((await errorOf(fetchGHLAvailabilityWithMeta(gone.url, 30, options()))).kind).toBe('not_found');
  });
});
