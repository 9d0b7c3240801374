import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fetchAvailability } from '../../../lib/calendar-availability';
import { ProviderError } from '../../../lib/providers/errors';
import { createHttpTransport } from '../../../lib/providers/http';
import type { FetchOptions, FetchResult, HttpTransport } from '../../../lib/providers/types';
import { startSimulator, type CalendarHandle, type CalendarSpec, type Simulator } from '../../../scripts/simulator/server';

const DAY_MS = 86_400_000;
const DAYS = 30;
/** Longer than the margin that the official interface keeps from the present. */
const NO_SLOT_SOON_MS = 2 * 60_000;

let sim: Simulator;
let transport: HttpTransport;
let paths: string[];
let count = 0;

beforeAll(async () => {
  sim = await startSimulator({ seed: 7 });
  transport = createHttpTransport({ allowHosts: [], trustedOrigins: Object.values(sim.origins), headersTimeoutMs: 2500, bodyTimeoutMs: 2500 });
  sim.onRequest(({ path }) => paths.push(path));
});
afterAll(async () => {
  await transport.close();
  await sim.close();
});
afterEach(() => sim.clearFaults());

function add(spec: Partial<CalendarSpec> & { now?: string } = {}): CalendarHandle {
  const { now = '2026-11-23T12:03:00Z', ...rest } = spec;
  sim.setNow(Date.parse(now));
  paths = [];
  count += 1;
  return sim.addCalendar({ id: `c${count}`, provider: 'calendly', zone: 'America/New_York', bookingRate: 0.3, ...rest });
}

function fetchSlots(calendar: CalendarHandle, url = calendar.url, more: Partial<FetchOptions> = {}, days = DAYS): Promise<FetchResult> {
  return fetchAvailability('calendly', url, days, {
    http: transport.client(),
    origins: {
      calendlyBooking: sim.origins.calendlyBooking,
      calendlyApi: sim.origins.calendlyApi,
      hubspotApi: sim.origins.hubspotApi,
      ghlBackend: sim.origins.ghlBackend,
      ghlApi: sim.origins.ghlApi,
    },
    durationMinutes: 30,
    timezone: 'UTC',
    signal: AbortSignal.timeout(10_000),
    now: sim.now(),
    ...more,
  });
}

function truth(calendar: CalendarHandle, days = DAYS): number[] {
  return sim.truth(calendar.id, sim.now(), sim.now() + days * DAY_MS);
}

const official = (calendar: CalendarHandle): Partial<FetchOptions> => ({ credential: calendar.token });
const interfaces: [name: string, options: (calendar: CalendarHandle) => Partial<FetchOptions>][] = [
  ['public', () => ({})],
  ['official', official],
];

async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  return error;
}

describe.each(interfaces)('%s: every slot of thirty days', (_name, options) => {
  const nows = [
    '2026-11-23T12:03:00Z',
    // Month and year ends, and a leap day.
    '2026-01-31T23:50:00Z',
    '2026-02-27T00:00:00Z',
    '2028-02-28T23:47:00Z',
    '2026-12-31T23:52:00Z',
    '2026-04-30T10:05:00Z',
    // Around the changes of clocks: America and Europe in autumn and spring, Lord Howe's half hour.
    '2026-10-10T03:03:00Z',
    '2026-10-31T22:22:00Z',
    '2027-02-20T05:33:00Z',
    '2027-03-27T23:07:00Z',
    '2026-04-04T12:04:00Z',
  ];
  const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kathmandu'];
  const nights: [number, number][] = [[22 * 60, 30 * 60]];
  const always: [number, number][] = [[0, 24 * 60]];
  const hours: Partial<CalendarSpec>[] = [
    {},
    { workingHours: { mon: always, tue: always, wed: always, thu: always, fri: always, sat: always, sun: always }, incrementMinutes: 15, durationsMinutes: [15], seats: 3 },
    { workingHours: { fri: nights, sat: nights, sun: nights }, incrementMinutes: 60, durationsMinutes: [45], minimumNoticeMinutes: 600 },
    { workingHours: { mon: [[9 * 60 + 10, 11 * 60]] }, horizonDays: 14, bookingRate: 0 },
  ];
  const rows = nows.flatMap((now, n) => zones.map((zone, z) => ({ now, zone, spec: hours[(n + z) % hours.length] ?? {} })));

  test.each(rows)('$now $zone', async ({ now, zone, spec }) => {
    const calendar = add({ now, zone, ...spec });
    const isOfficial = options(calendar).credential !== undefined;
    const expected = truth(calendar).filter((slot) => !isOfficial || slot >= sim.now() + NO_SLOT_SOON_MS);
    expect(expected.length).toBeGreaterThan(0);
    const { slots, durationMinutes } = await fetchSlots(calendar, calendar.url, options(calendar));
    expect(slots.filter((slot) => !isOfficial || slot >= sim.now() + NO_SLOT_SOON_MS)).toEqual(expected);
    expect(durationMinutes).toBe(spec.durationsMinutes?.[0] ?? 30);
  });

  test.each([1, 7, 28, 29, 31, 62, 90])('%i days', async (days) => {
    const calendar = add();
    const { slots } = await fetchSlots(calendar, calendar.url, options(calendar), days);
    expect(slots).toEqual(truth(calendar, days));
    expect(slots.length).toBeGreaterThan(0);
  });
});

describe('every form of link leads to the same slots', () => {
  for (const calendlyLinkOwner of ['Share', 'EventType'] as const) {
    for (const calendlyIdForm of ['uuid', 'legacy'] as const) {
      test.each(interfaces)(`%s, ${calendlyLinkOwner}, ${calendlyIdForm}`, async (_name, options) => {
        const calendar = add({ calendlyLinkOwner, calendlyIdForm });
        const expected = truth(calendar);
        const urls = Object.values(calendar.links).flatMap((url) => [url, `${url}/?utm_source=x`, url.replace('https://calendly.com', 'https://WWW.calendly.com')]);
        expect(urls.length).toBeGreaterThan(14);
        for (const url of urls) expect((await fetchSlots(calendar, url, options(calendar))).slots, url).toEqual(expected);
      });
    }
  }

  test('a share link carries its code into the range', async () => {
    const calendar = add({ calendlyShareOnly: true });
    const { meta } = await fetchSlots(calendar);
    expect(meta.schedulingLinkCode).toBe(calendar.ids.linkCode);
    expect(paths.filter((path) => path.includes('/calendar/range'))).toSatisfy((all: string[]) => all.every((path) => path.includes(`scheduling_link_uuid=${calendar.ids.linkCode ?? ''}`)));
  });
});

describe.each(interfaces)('%s: what is known is used', (name, options) => {
  test('a warm refresh asks for slots only', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    expect(meta).toMatchObject({ via: name, durationMinutes: 30 });
    paths = [];
    const warm = await fetchSlots(calendar, calendar.url, { ...options(calendar), meta });
    expect(warm).toEqual({ slots: truth(calendar), durationMinutes: 30, meta });
    expect(paths).toHaveLength(name === 'public' ? 2 : 1);
  });

  test('an id that the provider rejects is resolved again once', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    const again = await fetchSlots(calendar, calendar.url, { ...options(calendar), meta: { ...meta, resolvedId: 'GONE000000000000' } });
    expect(again).toEqual({ slots: truth(calendar), durationMinutes: 30, meta });
  });

  test('a deleted calendar is not_found, without asking for its slots twice', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    sim.updateCalendar(calendar.id, { deleted: true });
    paths = [];
    const error = await failureOf(fetchSlots(calendar, calendar.url, { ...options(calendar), meta }));
    expect(error.kind).toBe('not_found');
    expect(paths.filter((path) => /range|available_times/.test(path))).toHaveLength(1);
  });

  test('an id that is still the right one is not tried again', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    sim.addFault({ match: { endpoint: name === 'public' ? 'range' : 'available-times' }, fault: { kind: 'status', status: 404 } });
    paths = [];
    expect((await failureOf(fetchSlots(calendar, calendar.url, { ...options(calendar), meta }))).kind).toBe('not_found');
    expect(paths.filter((path) => /range|available_times/.test(path))).toHaveLength(1);
  });

  test('an id of the other interface, of another link, or without a duration is not used', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    const other = name === 'public' ? 'official' : 'public';
    for (const stale of [{ ...meta, via: other }, { ...meta, resolvedFrom: 'https://calendly.com/x/y' }, { ...meta, durationMinutes: undefined }, { ...meta, schedulingLinkCode: 'x' }]) {
      paths = [];
      const { durationMinutes: minutes, ...rest } = stale;
      const used = { ...rest, resolvedId: 'WRONG00000000000', ...(minutes === undefined ? {} : { durationMinutes: minutes }) } as FetchOptions['meta'] & object;
      expect((await fetchSlots(calendar, calendar.url, { ...options(calendar), meta: used })).slots).toEqual(truth(calendar));
      expect(paths.join()).not.toContain('WRONG');
    }
  });

  test('a chosen event type wins over what is known, and over the link', async () => {
    const account = `acme-${name}`;
    const first = add({ account, slug: 'intro' });
    const second = add({ account, slug: 'deep-dive', durationsMinutes: [60], zone: 'Asia/Kolkata' });
    const { meta } = await fetchSlots(first, first.url, options(first));
    const chosenId = second.ids.eventTypeId ?? '';
    for (const url of [first.url, first.links.profile]) {
      const chosen = await fetchSlots(first, url, { ...options(first), meta, chosenId });
      expect(chosen).toMatchObject({ slots: truth(second), durationMinutes: 60, meta: { resolvedId: chosenId } });
    }
    const error = await failureOf(fetchSlots(first, first.links.profile, options(first)));
    expect(error).toMatchObject({ kind: 'ambiguous_link', choices: [{ id: first.ids.eventTypeId, name: 'Intro' }, { id: second.ids.eventTypeId }] });
  });

  test('a paused page is not_found', async () => {
    const calendar = add({ paused: true });
    for (const url of [calendar.links.event, calendar.links.eventType]) {
      const error = await failureOf(fetchSlots(calendar, url, options(calendar)));
      expect(error.kind).toBe('not_found');
      expect(error.message).toContain('paused');
    }
  });

  test('requests of one refresh go one after the other', async () => {
    const calendar = add();
    sim.resetStats();
    sim.addFault({ fault: { kind: 'slow', ms: 20 } });
    await fetchSlots(calendar, calendar.url, options(calendar), 90);
    expect(Math.max(...Object.values(sim.stats().byOrigin).map(({ maxInFlight }) => maxInFlight))).toBe(1);
  });
});

describe.each(interfaces)('%s: an empty answer', (name, options) => {
  const endpoint = name === 'public' ? 'range' : 'available-times';

  test('is confirmed by another endpoint when that is asked for, and only then', async () => {
    const calendar = add({ slots: [] });
    const { meta, slots } = await fetchSlots(calendar, calendar.url, options(calendar));
    expect(slots).toEqual([]);
    paths = [];
    expect((await fetchSlots(calendar, calendar.url, { ...options(calendar), meta })).slots).toEqual([]);
    expect(paths).toHaveLength(name === 'public' ? 2 : 1);
    paths = [];
    expect((await fetchSlots(calendar, calendar.url, { ...options(calendar), meta, confirmEmpty: true })).slots).toEqual([]);
    expect(paths.filter((path) => !/range|available_times/.test(path))).toHaveLength(1);
  });

  test('needs no more than the call that resolved the link', async () => {
    const calendar = add({ slots: [] });
    await fetchSlots(calendar, calendar.url, options(calendar));
    const plain = paths.length;
    paths = [];
    await fetchSlots(calendar, calendar.url, { ...options(calendar), confirmEmpty: true });
    expect(paths).toHaveLength(plain);
  });

  test('of a paused page is not_found, not empty', async () => {
    const calendar = add();
    const { meta } = await fetchSlots(calendar, calendar.url, options(calendar));
    sim.addFault({ match: { endpoint }, fault: { kind: 'empty' } });
    sim.updateCalendar(calendar.id, { paused: true });
    expect((await failureOf(fetchSlots(calendar, calendar.url, { ...options(calendar), meta, confirmEmpty: true }))).kind).toBe('not_found');
  });
});

describe.each(interfaces)('%s: all pages or nothing', (name, options) => {
  const endpoint = name === 'public' ? 'range' : 'available-times';
  const faults: [string, Parameters<Simulator['addFault']>[0]['fault'], string][] = [
    ['500', { kind: 'status', status: 500 }, 'server_error'],
    ['429', { kind: 'status', status: 429, retryAfterSeconds: 3 }, 'rate_limited'],
    ['html', { kind: 'html' }, 'invalid_response'],
    ['cut', { kind: 'cut', variant: 'chunked' }, 'invalid_response'],
    ['cut short of its length', { kind: 'cut', variant: 'long-length' }, 'network'],
    ['wrong', { kind: 'wrong' }, 'invalid_response'],
    ['reset', { kind: 'reset', when: 'mid-body' }, 'network'],
    ['hang', { kind: 'hang' }, 'timeout'],
    ['redirect to a private address', { kind: 'redirectPrivate' }, 'blocked_address'],
    ['redirect loop', { kind: 'redirectLoop' }, 'invalid_response'],
  ];
  test.each(faults)('%s on the second page', async (_fault, fault, kind) => {
    const calendar = add();
    sim.addFault({ match: { endpoint }, page: 'second', fault });
    expect((await failureOf(fetchSlots(calendar, calendar.url, options(calendar), 60))).kind).toBe(kind);
    sim.clearFaults();
    expect((await fetchSlots(calendar, calendar.url, options(calendar), 60)).slots).toEqual(truth(calendar, 60));
  });
});

describe('the official interface', () => {
  test('falls back to windows of seven days when thirty are refused', async () => {
    const older = await startSimulator({ seed: 7, limits: { calendlyAvailableTimesDays: 7 } });
    try {
      older.setNow(Date.parse('2026-10-20T12:03:00Z'));
      const calendar = older.addCalendar({ id: 'old', provider: 'calendly', zone: 'Europe/Berlin' });
      const seen: string[] = [];
      older.onRequest(({ path }) => seen.push(path));
      const http = createHttpTransport({ allowHosts: [], trustedOrigins: Object.values(older.origins) });
      const { slots } = await fetchSlots(calendar, calendar.url, {
        ...official(calendar),
        http: http.client(),
        now: older.now(),
        origins: { calendlyBooking: older.origins.calendlyBooking, calendlyApi: older.origins.calendlyApi, hubspotApi: '', ghlBackend: '', ghlApi: '' },
      });
      await http.close();
      expect(slots).toEqual(older.truth('old', older.now(), older.now() + DAYS * DAY_MS));
      expect(seen.filter((path) => path.includes('available_times'))).toHaveLength(1 + 5);
    } finally {
      await older.close();
    }
  });

  test('a 400 that smaller windows do not heal is rejected_request, after one fallback', async () => {
    const calendar = add();
    sim.addFault({ match: { endpoint: 'available-times' }, fault: { kind: 'status', status: 400 } });
    expect((await failureOf(fetchSlots(calendar, calendar.url, official(calendar)))).kind).toBe('rejected_request');
    expect(paths.filter((path) => path.includes('available_times'))).toHaveLength(2);
  });

  test('an event type on a later page of the list is found', async () => {
    const account = 'many';
    for (let index = 0; index < 230; index += 1) add({ account, slug: `other-${index}` });
    const calendar = add({ account, slug: 'last' });
    expect((await fetchSlots(calendar, calendar.url, official(calendar))).slots).toEqual(truth(calendar));
    expect(paths.filter((path) => path.startsWith('/event_types?'))).toHaveLength(3);
  });

  test("somebody else's link is not_found, a revoked token unauthorized", async () => {
    const mine = add();
    const theirs = add();
    expect((await failureOf(fetchSlots(mine, theirs.url, official(mine)))).kind).toBe('not_found');
    const revoked = add({ tokenState: 'revoked' });
    expect((await failureOf(fetchSlots(revoked, revoked.url, official(revoked)))).kind).toBe('unauthorized');
  });

  test('never shows its token in an error', async () => {
    const calendar = add();
    sim.addFault({ match: { origin: 'calendlyApi' }, fault: { kind: 'status', status: 400, message: `bad token ${calendar.token}` } });
    expect((await failureOf(fetchSlots(calendar, calendar.url, official(calendar)))).message).not.toContain(calendar.token);
  });
});

test('a link that is no booking page is unsupported_link, and nothing is asked', async () => {
  const calendar = add();
  expect((await failureOf(fetchSlots(calendar, 'https://calendly.com/login'))).kind).toBe('unsupported_link');
  expect(paths).toEqual([]);
});
