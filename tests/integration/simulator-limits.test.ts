import { afterEach, describe, expect, it } from 'vitest';
import { type CalendarHandle, type Simulator, type SimulatorOptions, startSimulator } from '../../scripts/simulator/server';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const DAY_MS = 86_400_000;

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});
async function start(options: SimulatorOptions): Promise<Simulator> {
  simulator = await startSimulator({ ...options, now: () => NOW });
  return simulator;
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(url, { headers, redirect: 'manual' });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
  };
}

const bearer = ({ token }: CalendarHandle, more: Record<string, string> = {}): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  ...more,
});

describe('caps on what may be asked at once', () => {
  it('Calendly ranges: 31 dates by default, fewer on demand', async () => {
    const range = (sim: Simulator, { ids }: CalendarHandle, last: string) =>
      ask(
        `${sim.origins.calendlyBooking}/api/booking/event_types/${ids.eventTypeId ?? ''}/calendar/range?timezone=UTC&range_start=2026-11-23&range_end=${last}`,
      );
    const sim = await start({});
    const calendar = sim.addCalendar({ id: 'c', provider: 'calendly', zone: 'UTC' });
    expect((await range(sim, calendar, '2026-12-23')).status).toBe(200);
    expect((await range(sim, calendar, '2026-12-24')).status).toBe(400);
    expect((await range(sim, calendar, '2026-11-22')).status).toBe(400);
    expect((await range(sim, calendar, '2026-02-30')).status).toBe(400);
  });

  it('Calendly available times: 31 days, or 7 on an older account', async () => {
    for (const [limits, allowedDays] of [
      [{}, 31],
      [{ calendlyAvailableTimesDays: 7 }, 7],
    ] as const) {
      const sim = await start({ limits });
      const calendar = sim.addCalendar({ id: 'c', provider: 'calendly', zone: 'UTC' });
      const times = (days: number) => {
        const query = new URLSearchParams({
          event_type: calendar.ids.eventTypeUri ?? '',
          start_time: new Date(NOW).toISOString(),
          end_time: new Date(NOW + days * DAY_MS).toISOString(),
        });
        return ask(`${sim.origins.calendlyApi}/event_type_available_times?${query.toString()}`, bearer(calendar));
      };
      expect((await times(allowedDays)).status).toBe(200);
      expect(await times(allowedDays + 1)).toMatchObject({
        status: 400,
        body: { title: 'Invalid Argument', details: [{ message: `date range can be no greater than ${allowedDays} days` }] },
      });
      await sim.close();
    }
  });

  it('GHL windows: 31 days, and milliseconds', async () => {
    const sim = await start({});
    const { ids } = sim.addCalendar({ id: 'g', provider: 'ghl', zone: 'UTC' });
    const free = (from: number, to: number) =>
      ask(`${sim.origins.ghlBackend}/calendars/${ids.calendarId ?? ''}/free-slots?startDate=${from}&endDate=${to}`);
    expect((await free(NOW, NOW + 31 * DAY_MS)).status).toBe(200);
    expect((await free(NOW, NOW + 31 * DAY_MS + 1)).status).toBe(400);
    expect((await free(NOW / 1000, NOW / 1000 + 86_400)).status).toBe(400);
  });
});

describe('rate limits', () => {
  it('Calendly counts by user; one user does not spend the other\'s', async () => {
    const sim = await start({ limits: { calendlyApi: { perMinute: 2 } } });
    const first = sim.addCalendar({ id: 'a', provider: 'calendly', zone: 'UTC' });
    const second = sim.addCalendar({ id: 'b', provider: 'calendly', zone: 'UTC' });
    const me = (calendar: CalendarHandle) => ask(`${sim.origins.calendlyApi}/users/me`, bearer(calendar));
    expect((await me(first)).headers.get('x-ratelimit-remaining')).toBe('1');
    expect((await me(first)).status).toBe(200);
    const refused = await me(first);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('x-ratelimit-reset'))).toBeLessThanOrEqual(60);
    expect((await me(second)).status).toBe(200);
    expect(sim.stats().byOrigin.calendlyApi).toMatchObject({ requests: 4, rateLimited: 1, errors: 1 });
  });

  it('HubSpot names the policy that was reached, burst or day', async () => {
    const sim = await start({ limits: { limitClock: 'simulated', hubspotApi: { burst: 2, daily: 3 } } });
    const calendar = sim.addCalendar({ id: 'h', provider: 'hubspot', zone: 'UTC' });
    const links = () => ask(`${sim.origins.hubspotApi}/scheduler/v3/meetings/meeting-links`, bearer(calendar));
    const first = await links();
    expect(first.headers.get('x-hubspot-ratelimit-max')).toBe('2');
    expect(first.headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('2');
    await links();
    expect(await links()).toMatchObject({ status: 429, body: { policyName: 'TEN_SECONDLY_ROLLING' } });
    sim.setNow(NOW + 10_000);
    expect(await links()).toMatchObject({ status: 429, body: { policyName: 'DAILY' } });
    sim.setNow(NOW + DAY_MS);
    expect((await links()).status).toBe(200);
  });

  it('GHL tells both of its limits in every answer', async () => {
    const sim = await start({ limits: { ghlApi: { burst: 1 } } });
    const calendar = sim.addCalendar({ id: 'g', provider: 'ghl', zone: 'UTC' });
    const get = () =>
      ask(`${sim.origins.ghlApi}/calendars/${calendar.ids.calendarId ?? ''}`, bearer(calendar, { version: '2021-04-15' }));
    const first = await get();
    expect(first.headers.get('x-ratelimit-limit-daily')).toBe('200000');
    expect(first.headers.get('x-ratelimit-interval-milliseconds')).toBe('10000');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await get()).status).toBe(429);
  });

  it('public hosts have none unless asked for, and then answer Retry-After', async () => {
    const sim = await start({ limits: { publicHosts: { requests: 1, windowMs: 60_000, retryAfterSeconds: 9 } } });
    const url = `${sim.origins.calendlyBooking}/api/booking/profiles/none`;
    expect((await ask(url)).status).toBe(404);
    const refused = await ask(url);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('9');
  });
});

describe('who may see what', () => {
  it('tokens: unknown and revoked 401, missing scope and foreign calendars 403', async () => {
    const sim = await start({});
    const mine = sim.addCalendar({ id: 'mine', provider: 'calendly', zone: 'UTC' });
    const other = sim.addCalendar({ id: 'other', provider: 'calendly', zone: 'UTC' });
    const type = (calendar: CalendarHandle, token: CalendarHandle) =>
      ask(`${sim.origins.calendlyApi}/event_types/${calendar.ids.eventTypeId ?? ''}`, bearer(token));
    expect((await type(mine, mine)).status).toBe(200);
    expect((await type(other, mine)).status).toBe(403);
    expect((await type(mine, { ...mine, token: 'nobody' })).status).toBe(401);
    sim.updateCalendar('mine', { tokenState: 'revoked' });
    expect((await type(mine, mine)).status).toBe(401);
    sim.updateCalendar('mine', { tokenState: 'missingScope' });
    expect((await type(mine, mine)).status).toBe(403);
  });

  it('a private page refuses the public, a dead one is gone, a paused one says so', async () => {
    const sim = await start({});
    sim.addCalendar({ id: 'c', provider: 'calendly', zone: 'UTC' });
    const lookup = () =>
      ask(`${sim.origins.calendlyBooking}/api/booking/event_types/lookup?profile_slug=c&event_type_slug=intro`);
    sim.updateCalendar('c', { credentialRequired: true });
    expect((await lookup()).status).toBe(403);
    sim.updateCalendar('c', { credentialRequired: false, paused: true });
    expect(await lookup()).toMatchObject({ status: 200, body: { public: false, next_availability: null } });
    sim.updateCalendar('c', { paused: false, deleted: true });
    expect((await lookup()).status).toBe(404);
  });

  it('a share-only event type needs its link code', async () => {
    const sim = await start({});
    const { ids, url, links } = sim.addCalendar({ id: 'c', provider: 'calendly', zone: 'UTC', calendlyShareOnly: true });
    expect(url).toBe(links.share);
    const base = `${sim.origins.calendlyBooking}/api/booking/event_types`;
    const range = `${base}/${ids.eventTypeId ?? ''}/calendar/range?timezone=UTC&range_start=2026-11-23&range_end=2026-11-24`;
    expect((await ask(`${base}/lookup?profile_slug=c&event_type_slug=intro`)).status).toBe(404);
    expect((await ask(`${base}/lookup?share_uuid=${ids.shareUuid ?? ''}`)).status).toBe(200);
    expect((await ask(range)).status).toBe(404);
    expect((await ask(`${range}&scheduling_link_uuid=${ids.linkCode ?? ''}`)).status).toBe(200);
  });

  it('a HubSpot slug with a slash is one encoded segment', async () => {
    const sim = await start({});
    const calendar = sim.addCalendar({ id: 'h', provider: 'hubspot', zone: 'UTC', profileSlug: 'team', slug: 'call' });
    const base = `${sim.origins.hubspotApi}/scheduler/v3/meetings/meeting-links/book/availability-page`;
    expect((await ask(`${base}/team%2Fcall?timezone=UTC`, bearer(calendar))).status).toBe(200);
    expect((await ask(`${base}/team/call?timezone=UTC`, bearer(calendar))).status).toBe(404);
  });

  it('lists come in pages', async () => {
    const sim = await start({});
    const calendars = Array.from({ length: 5 }, (_, index) =>
      sim.addCalendar({ id: `c${index}`, account: 'one', slug: `e${index}`, provider: 'calendly', zone: 'UTC' }),
    );
    const [first] = calendars;
    if (!first) throw new Error('no calendar');
    const uris: string[] = [];
    let next: string | null = `${sim.origins.calendlyApi}/event_types?user=${encodeURIComponent(first.ids.userUri ?? '')}&count=2`;
    while (next !== null) {
      const { body } = await ask(next, bearer(first));
      const page = body as { collection: { uri: string }[]; pagination: { next_page: string | null } };
      uris.push(...page.collection.map(({ uri }) => uri));
      next = page.pagination.next_page;
    }
    expect(uris).toEqual(calendars.map(({ ids }) => ids.eventTypeUri));
  });
});
