import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../scripts/simulator/server';

/**
 * The simulator is checked against the fixtures that the fetchers are checked against. Values that a
 * fixture invents freely (trace ids, user ids) are compared by shape, everything else exactly.
 */
const NOW = Date.parse('2026-11-23T12:00:00Z');
const at = (iso: string): number => Date.parse(iso);
const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

const covered = new Set<string>();
function fixture(name: string): unknown {
  covered.add(name);
  return JSON.parse(readFileSync(`${fixtures}${name}.json`, 'utf8'));
}

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ limits: { limitClock: 'simulated' } });
});
beforeEach(() => simulator.setNow(NOW));
afterEach(() => {
  for (const { id } of simulator.calendars()) simulator.removeCalendar(id);
});
afterAll(() => simulator.close());

interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}
async function get(url: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { headers, redirect: 'manual', ...init });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** `path: type` of everything in a JSON value; keys that are data (dates, durations, instants) count as one. */
function shapeOf(value: unknown, path = '$', into = new Set<string>()): Set<string> {
  if (Array.isArray(value)) {
    into.add(`${path}: array`);
    for (const item of value) shapeOf(item, `${path}[]`, into);
  } else if (typeof value === 'object' && value !== null) {
    into.add(`${path}: object`);
    for (const [key, member] of Object.entries(value)) {
      shapeOf(member, `${path}.${/^\d/.test(key) ? '{key}' : key}`, into);
    }
  } else into.add(`${path}: ${value === null ? 'null' : typeof value}`);
  return into;
}

/** Every path of the fixture is in the answer, and nothing else but what is documented elsewhere. */
function expectShape(body: unknown, expected: unknown, documentedExtras: string[] = []): void {
  const shape = shapeOf(body);
  const fixtureShape = shapeOf(expected);
  expect([...fixtureShape].filter((path) => !shape.has(path)), 'missing in the answer').toEqual([]);
  const surprising = [...shape].filter(
    (path) => !fixtureShape.has(path) && !documentedExtras.some((extra) => path.startsWith(extra)),
  );
  expect(surprising, 'in the answer, in no document').toEqual([]);
}

const anyText = expect.any(String) as unknown;
const shareUuid = '9b2d7c10-1111-4222-8333-444455556666';
const eventUuid = '3f0c6a52-0d1e-4c5b-9a77-0123456789ab';

describe('calendly fixtures', () => {
  const acme = {
    id: 'acme',
    provider: 'calendly',
    zone: 'America/New_York',
    profileSlug: 'acme-demo',
    account: 'acme',
  } as const;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('available times', async () => {
    const slots = [at('2026-11-24T15:00:00Z'), at('2026-12-01T15:30:00Z')];
    const calendar = simulator.addCalendar({ ...acme, seats: 3, slots });
    for (let seat = 0; seat < 2; seat += 1) simulator.addBooking('acme', slots[0] ?? 0, (slots[0] ?? 0) + 1_800_000);
    const query = new URLSearchParams({
      event_type: calendar.ids.eventTypeUri ?? '',
      start_time: '2026-11-23T12:05:00Z',
      end_time: '2026-12-23T12:00:00Z',
    });
    const reply = await get(
      `${simulator.origins.calendlyApi}/event_type_available_times?${query.toString()}`,
      bearer(calendar.token),
    );
    expect(reply.body).toEqual(fixture('calendly/available-times'));
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) {
      expect(reply.headers.get(name)).toMatch(/^\d+$/);
    }
  });

  it('event types and me', async () => {
    const calendar = simulator.addCalendar({ ...acme, providerId: 'ET000001' });
    const me = await get(`${simulator.origins.calendlyApi}/users/me`, bearer(calendar.token));
    const expectedMe = fixture('calendly/me');
    expectShape(me.body, expectedMe, ['$.resource.avatar_url', '$.resource.created_at', '$.resource.updated_at']);
    expect(me.body).toMatchObject({ resource: { name: 'Ada', slug: 'acme-demo', email: 'ada@acme.test' } });

    const user = encodeURIComponent(calendar.ids.userUri ?? '');
    const types = await get(`${simulator.origins.calendlyApi}/event_types?user=${user}`, bearer(calendar.token));
    const expectedTypes = fixture('calendly/event-types') as { collection: { profile: object }[] };
    expectShape(types.body, expectedTypes, ['$.collection[].deleted_at']);
    const [expectedType] = expectedTypes.collection;
    expect(types.body).toMatchObject({
      ...expectedTypes,
      collection: [{ ...expectedType, profile: { ...expectedType?.profile, owner: calendar.ids.userUri } }],
    });
    const one = await get(`${simulator.origins.calendlyApi}/event_types/ET000001`, bearer(calendar.token));
    expect((one.body as { resource: unknown }).resource).toEqual((types.body as { collection: unknown[] }).collection[0]);
  });

  it('an available-times request that starts in the past', async () => {
    const calendar = simulator.addCalendar(acme);
    const query = new URLSearchParams({
      event_type: calendar.ids.eventTypeUri ?? '',
      start_time: '2026-11-22T12:00:00Z',
      end_time: '2026-11-29T12:00:00Z',
    });
    const reply = await get(
      `${simulator.origins.calendlyApi}/event_type_available_times?${query.toString()}`,
      bearer(calendar.token),
    );
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual(fixture('calendly/error-start-time'));
  });

  it('rate limit headers, with the reset in seconds', async () => {
    const calendar = simulator.addCalendar({ ...acme, id: 'limited', account: 'limited' });
    const ask = () => get(`${simulator.origins.calendlyApi}/users/me`, bearer(calendar.token));
    await ask();
    simulator.setNow(NOW + 18_000);
    for (let used = 1; used < 500; used += 100) {
      await Promise.all(Array.from({ length: Math.min(100, 500 - used) }, ask));
    }
    const refused = await ask();
    expect(refused.status).toBe(429);
    for (const [name, value] of Object.entries(fixture('calendly/rate-limit-headers') as Record<string, string>)) {
      expect(refused.headers.get(name), name).toBe(value);
    }
  });

  it('lookup by slugs, by share and by event type', async () => {
    simulator.addCalendar({
      ...acme,
      providerId: eventUuid,
      calendlyLinkCode: 'cabc-123-xyz',
      calendlyShareUuid: shareUuid,
    });
    const expected = fixture('calendly/lookup');
    const lookup = `${simulator.origins.calendlyBooking}/api/booking/event_types/lookup`;
    for (const query of [
      'event_type_slug=intro&profile_slug=acme-demo',
      `share_uuid=${shareUuid}`,
      `event_type_uuid=${eventUuid}`,
    ]) {
      const reply = await get(`${lookup}?${query}`);
      // The fixture's next date is a day later than ours: there the rest of the day is taken.
      expect(reply.body).toMatchObject({ ...(expected as object), next_availability: '2026-11-23' });
      expectShape(reply.body, expected, [
        '$.start_date',
        '$.end_date',
        '$.confirmation_page_type',
        '$.redirect_configuration',
      ]);
    }
    expect((await get(`${lookup}?event_type_uuid=unknown`)).status).toBe(404);
  });

  it('scheduling link, profile and its event types', async () => {
    simulator.addCalendar({
      ...acme,
      providerId: 'EBAXZXNO5XL6LLRJ',
      calendlyLinkCode: 'cabc-123-xyz',
      calendlyShareUuid: shareUuid,
    });
    simulator.addCalendar({ ...acme, id: 'acme-2', providerId: eventUuid, slug: 'deep-dive', name: 'Deep dive' });
    const base = `${simulator.origins.calendlyBooking}/api/booking`;
    const link = await get(`${base}/scheduling_links/cabc-123-xyz`);
    expect(link.body).toEqual(fixture('calendly/scheduling-link'));
    expect((await get(`${base}/profiles/acme-demo`)).body).toEqual(fixture('calendly/profile'));
    const types = await get(`${base}/profiles/acme-demo/event_types`);
    expect(types.body).toEqual(fixture('calendly/profile-event-types'));
  });

  it('range', async () => {
    const booked = at('2026-11-24T15:30:00Z');
    simulator.addCalendar({ ...acme, providerId: eventUuid, slots: [at('2026-11-24T15:00:00Z'), booked] });
    simulator.addBooking('acme', booked, booked + 1_800_000);
    const query = 'timezone=America%2FNew_York&diagnostics=false&range_start=2026-11-23&range_end=2026-11-24';
    const reply = await get(
      `${simulator.origins.calendlyBooking}/api/booking/event_types/${eventUuid}/calendar/range?${query}`,
    );
    const expected = fixture('calendly/range');
    expect(reply.body).toMatchObject(expected as object);
    expectShape(reply.body, expected, [
      '$.current_user.date_notation',
      '$.current_user.time_notation',
      '$.current_user.avatar_url',
      '$.current_user.calendar_accounts',
    ]);
  });
});

describe('hubspot fixtures', () => {
  const acme = {
    id: 'acme',
    provider: 'hubspot',
    zone: 'UTC',
    profileSlug: 'acme',
    slug: 'ada',
    providerId: '101',
  } as const;
  const month = (offset: number): string =>
    `${simulator.origins.hubspotMeetings}/meetings-public/v3/book/availability-page?slug=acme%2Fada&timezone=UTC&monthOffset=${offset}`;

  it('meeting links', async () => {
    const calendar = simulator.addCalendar(acme);
    const reply = await get(`${simulator.origins.hubspotApi}/scheduler/v3/meetings/meeting-links`, {
      authorization: `Bearer ${calendar.token}`,
    });
    const expected = fixture('hubspot/meeting-links') as { results: object[] };
    expectShape(reply.body, expected);
    const { userId } = calendar.ids;
    expect(reply.body).toEqual({
      ...expected,
      results: [{ ...expected.results[0], organizerUserId: userId, userIdsOfLinkMembers: [userId] }],
    });
  });

  it('the current month, with busy times, on every host and version that serves it', async () => {
    const calendar = simulator.addCalendar({
      ...acme,
      durationsMinutes: [30, 60],
      slotsByDuration: {
        '30': [at('2026-11-24T15:00:00Z'), at('2026-11-30T20:30:00Z'), at('2026-12-01T15:00:00Z')],
      },
    });
    simulator.addBooking('acme', 1795534200000, 1795536000000);
    const expected = fixture('hubspot/availability-month-0') as { linkAvailability: object };
    const authorization = `Bearer ${calendar.token}`;
    const official = (version: string): string =>
      `${simulator.origins.hubspotApi}/scheduler/${version}/meetings/meeting-links/book/availability-page/acme%2Fada?timezone=UTC`;
    for (const [url, headers] of [
      [month(0), {}],
      [month(0).replace(simulator.origins.hubspotMeetings, simulator.origins.hubspotApi), {}],
      [official('v3'), { authorization }],
      [official('2026-03'), { authorization }],
      [official('2026-09'), { authorization }],
    ] as const) {
      const reply = await get(url, headers);
      expectShape(reply.body, expected);
      expect(reply.body).toMatchObject({
        linkAvailability: expected.linkAvailability,
        allUsersBusyTimes: [{ busyTimes: [{ start: 1795534200000, end: 1795536000000 }] }],
      });
    }
  });

  it('the next month', async () => {
    simulator.addCalendar({ ...acme, hubspotBusyTimes: false, slots: [at('2026-12-01T15:00:00Z')] });
    expect((await get(month(1))).body).toEqual(fixture('hubspot/availability-month-1'));
  });

  it('no availability', async () => {
    simulator.addCalendar({ ...acme, hubspotBusyTimes: false, slots: [] });
    expect((await get(month(0))).body).toEqual(fixture('hubspot/no-availability'));
  });

  it('book info, official and public', async () => {
    const calendar = simulator.addCalendar({
      ...acme,
      durationsMinutes: [30, 60],
      bufferMinutes: 15,
      horizonDays: 28,
    });
    const expected = fixture('hubspot/book-info');
    const extras = [
      '$.customParams.displayInfo',
      '$.customParams.timezone',
      '$.customParams.recaptchaEnabled',
      '$.brandingMetadata',
    ];
    const official = await get(
      `${simulator.origins.hubspotApi}/scheduler/2026-03/meetings/meeting-links/book/acme%2Fada?timezone=UTC`,
      { authorization: `Bearer ${calendar.token}` },
    );
    expect(official.body).toMatchObject(expected as object);
    expectShape(official.body, expected, extras);
    for (const path of ['/meetings-public/v1/book', '/meetings-public/v3/book', '/api/meetings-public/v3/book']) {
      const open = await get(
        `${simulator.origins.hubspotMeetings}${path}?slug=acme%2Fada&now=${NOW}&timezone=UTC&location=meetings.hubspot.com&includeInactiveLink=true`,
      );
      expectShape(open.body, expected, [...extras, '$.linkAvailability', '$.allUsersBusyTimes']);
    }
  });

  it('a booking, which then takes the slot', async () => {
    const start = at('2026-11-24T15:00:00Z');
    simulator.addCalendar({ ...acme, slots: [start] });
    const book = () =>
      get(
        `${simulator.origins.hubspotMeetings}/meetings-public/v1/book?slug=acme%2Fada`,
        { 'content-type': 'application/json' },
        { method: 'POST', body: JSON.stringify({ email: 'lee@buyer.test', startTime: start, duration: 1_800_000 }) },
      );
    const expected = fixture('hubspot/booking-response');
    const first = await book();
    expect(first.body).toEqual({ ...(expected as object), calendarEventId: anyText, contactId: anyText });
    expect(simulator.truth('acme', NOW, Infinity)).toEqual([]);
    expect(await book()).toMatchObject({
      status: 400,
      body: { subCategory: 'MeetingsBookingSchedulingError.MEETING_START_TIME_NOT_VALID' },
    });
  });

  it('an unknown slug', async () => {
    const reply = await get(month(0));
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual({ ...(fixture('hubspot/error-not-found') as object), correlationId: anyText });
  });

  it('the ten-second limit', async () => {
    const calendar = simulator.addCalendar(acme);
    const ask = () =>
      get(`${simulator.origins.hubspotApi}/scheduler/v3/meetings/meeting-links`, {
        authorization: `Bearer ${calendar.token}`,
      });
    await Promise.all(Array.from({ length: 100 }, ask));
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ ...(fixture('hubspot/error-rate-limit') as object), correlationId: anyText });
  });
});

describe('ghl fixtures', () => {
  const acme = {
    id: 'acme',
    provider: 'ghl',
    zone: 'America/New_York',
    providerId: 'AbCdEfGhIjKlMnOpQrSt',
    slug: 'intro',
  } as const;
  const slots = [at('2026-11-24T15:00:00Z'), at('2026-11-24T16:00:00Z')];
  const ask = (more = ''): Promise<Reply> =>
    get(
      `${simulator.origins.ghlBackend}/calendars/${acme.providerId}/free-slots?startDate=${NOW}&endDate=${NOW + 30 * 86_400_000}&timezone=America%2FNew_York${more}`,
    );
  const traced = (body: unknown): unknown => ({ ...(body as object), traceId: anyText });

  it('free slots as texts', async () => {
    simulator.addCalendar({ ...acme, slots: [...slots, at('2026-12-01T15:00:00Z')] });
    expect((await ask()).body).toEqual(traced(fixture('ghl/free-slots-strings')));
  });

  it('free slots with seats, on request or always', async () => {
    simulator.addCalendar({ ...acme, slots, seats: 3 });
    const full = slots[1] ?? 0;
    for (let seat = 0; seat < 3; seat += 1) simulator.addBooking('acme', full, full + 1_800_000);
    const expected = traced(fixture('ghl/free-slots-seats'));
    expect((await ask('&sendSeatsPerSlot=true')).body).toEqual(expected);
    simulator.updateCalendar('acme', { ghlShape: 'seats' });
    expect((await ask()).body).toEqual(expected);
  });

  it('free slots as objects, and directly under the date', async () => {
    simulator.addCalendar({ ...acme, slots: slots.slice(0, 1), ghlShape: 'objects' });
    expect((await ask()).body).toEqual(traced(fixture('ghl/free-slots-objects')));
    simulator.updateCalendar('acme', { ghlShape: 'array' });
    expect((await ask()).body).toEqual(traced(fixture('ghl/free-slots-array')));
  });

  it('no availability is a trace id and nothing else', async () => {
    simulator.addCalendar({ ...acme, slots: [] });
    expect((await ask()).body).toEqual(traced(fixture('ghl/no-availability')));
  });

  it('the calendar, and a token that is not accepted', async () => {
    const calendar = simulator.addCalendar(acme);
    const url = `${simulator.origins.ghlApi}/calendars/${acme.providerId}`;
    const headers = { authorization: `Bearer ${calendar.token}`, version: '2021-04-15' };
    const reply = await get(url, headers);
    const expected = fixture('ghl/calendar') as { calendar: object };
    expect(reply.body).toMatchObject({ calendar: { ...expected.calendar, locationId: calendar.ids.locationId } });
    const extras = [
      'slotBuffer', 'preBuffer', 'allowBookingAfter', 'allowBookingFor', 'slug', 'widgetType', 'appoinmentPerSlot',
    ];
    expectShape(reply.body, expected, extras.map((name) => `$.calendar.${name}`));

    const invalid = await get(url, { ...headers, authorization: 'Bearer nobody' });
    expect(invalid.status).toBe(401);
    expect(invalid.body).toEqual(fixture('ghl/error-invalid-token'));
    const noVersion = await get(url, { authorization: headers.authorization });
    expect(noVersion).toMatchObject({ status: 401, body: { message: 'version header was not found.' } });
  });

  it('an end before the start', async () => {
    simulator.addCalendar(acme);
    const reply = await get(
      `${simulator.origins.ghlBackend}/calendars/${acme.providerId}/free-slots?startDate=${NOW}&endDate=${NOW - 1}`,
    );
    expect(reply.status).toBe(422);
    expect(reply.body).toEqual(fixture('ghl/error-validation'));
  });

  it('the widget page', async () => {
    const calendar = simulator.addCalendar(acme);
    const page = readFileSync(`${fixtures}ghl/widget-page.html`, 'utf8');
    const dataOf = (text: string): unknown =>
      JSON.parse(/<script type="application\/json" id="__NUXT_DATA__">(.*?)<\/script>/s.exec(text)?.[1] ?? 'null');
    expect(dataOf(page)).toEqual(fixture('ghl/widget-nuxt-data'));
    for (const path of ['booking/AbCdEfGhIjKlMnOpQrSt', 'bookings/intro', `group/${calendar.ids.groupSlug ?? ''}`]) {
      const response = await fetch(`${simulator.origins.ghlBooking}/widget/${path}`);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(dataOf(await response.text())).toEqual(dataOf(page));
    }
  });
});

describe('coverage', () => {
  it('every fixture of the three providers is compared above, save those of endpoints that no fetcher calls', () => {
    const notSimulated = ['calendly/webhook-invitee-canceled', 'calendly/webhook-signature-vector', 'ghl/token'];
    const all = ['calendly', 'hubspot', 'ghl'].flatMap((provider) =>
      readdirSync(`${fixtures}${provider}`)
        .filter((file) => file.endsWith('.json'))
        .map((file) => `${provider}/${file.replace('.json', '')}`),
    );
    expect(all.filter((name) => !covered.has(name) && !notSimulated.includes(name))).toEqual([]);
  });
});
