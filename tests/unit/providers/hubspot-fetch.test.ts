import { describe, expect, it } from 'vitest';
import { fetchHubSpotAvailability } from '@/lib/providers/hubspot';
import type { FetchOptions, ProviderMeta } from '@/lib/providers/types';
import { DAY_MS } from '@/lib/providers/window';
import { errorOf, FIXTURE_NOW, fixture, kindOf, optionsWith, stubClient, type Answer, type Asked } from './hubspot-ghl-stub-client';

const URL_OF_PAGE = 'https://meetings.hubspot.com/acme/ada';
const SLOTS = [1795532400000, 1796070600000, 1796137200000];
const EMPTY = fixture('hubspot/no-availability.json');
const INFO = fixture('hubspot/book-info.json') as { isOffline: boolean; customParams: { durations: number[]; timezone?: string } };

const monthOf = ({ url }: Asked) => url.searchParams.get('monthOffset');
const isInfo = (asked: Asked) => monthOf(asked) === null;

/** The page of the fixtures; each part may be replaced. */
function pageOf(parts: { info?: (asked: Asked) => Answer; month?: (offset: string | null, asked: Asked) => Answer } = {}) {
  const months: Record<string, unknown> = { '0': fixture('hubspot/availability-month-0.json'), '1': fixture('hubspot/availability-month-1.json') };
  const info = parts.info ?? (() => ({ json: INFO }));
  const month = parts.month ?? ((offset) => ({ json: months[offset ?? ''] }));
  return stubClient((asked) => (isInfo(asked) ? info(asked) : month(monthOf(asked), asked)));
}

function fetch30(stub: ReturnType<typeof pageOf>, more: Partial<FetchOptions> = {}, url = URL_OF_PAGE) {
  return fetchHubSpotAvailability(url, 30, optionsWith(stub.http, more));
}

async function warmMeta(more: Partial<FetchOptions> = {}): Promise<ProviderMeta> {
  return (await fetch30(pageOf(), more)).meta;
}

describe('fetchHubSpotAvailability', () => {
  it('answers all months of the fixture, and what a warm refresh needs', async () => {
    const stub = pageOf();
    expect(await fetch30(stub)).toEqual({
      slots: SLOTS,
      durationMinutes: 30,
      meta: { resolvedId: 'acme/ada', resolvedFrom: URL_OF_PAGE, zone: 'America/New_York', durationsMinutes: [30, 60], via: 'public' },
    });
    expect(stub.asked.map(monthOf)).toEqual([null, '1', '0']);
    expect(stub.asked.map(({ url }) => url.searchParams.get('slug'))).toEqual(['acme/ada', 'acme/ada', 'acme/ada']);
    expect(stub.asked[0]?.url.searchParams.get('now')).toBe(String(FIXTURE_NOW));
  });

  it('a warm refresh makes only the requests for months', async () => {
    const stub = pageOf();
    const meta = await warmMeta();
    const result = await fetch30(stub, { meta, confirmEmpty: true });
    expect(result).toMatchObject({ slots: SLOTS, meta });
    expect(stub.asked.map(monthOf)).toEqual(['1', '0']);
  });

  it('looks like the page’s own script to the public host', async () => {
    const stub = pageOf();
    await fetch30(stub, {}, `${URL_OF_PAGE}?email=lee@buyer.test`);
    for (const { headers, credential } of stub.asked) {
      expect(headers).toMatchObject({ origin: 'https://meetings.hubspot.com', referer: URL_OF_PAGE });
      expect(headers?.['user-agent']).toMatch(/^Mozilla/);
      expect(credential).toBeUndefined();
    }
  });

  it('asks the region’s own host, unless an origin is configured', async () => {
    const eu = 'https://meetings-eu1.hubspot.com/acme/ada';
    const stub = pageOf();
    await fetch30(stub, {}, eu);
    expect(new Set(stub.asked.map(({ url }) => url.origin))).toEqual(new Set(['https://api-eu1.hubspot.com']));
    const proxied = pageOf();
    const { origins } = optionsWith(proxied.http);
    await fetch30(proxied, { origins: { ...origins, hubspotMeetings: 'http://127.0.0.1:9/hubspot/' } }, eu);
    expect(proxied.asked[0]?.url.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/hubspot\/meetings-public\/v3\/book\?/);
  });

  it('with a credential asks the official API, with the slug as one segment', async () => {
    const stub = pageOf();
    const { meta } = await fetch30(stub, { credential: 'pat-x' });
    expect(stub.asked.map(({ url }) => url.origin + url.pathname)).toEqual([
      'https://api.hubapi.com/scheduler/v3/meetings/meeting-links/book/acme%2Fada',
      'https://api.hubapi.com/scheduler/v3/meetings/meeting-links/book/availability-page/acme%2Fada',
      'https://api.hubapi.com/scheduler/v3/meetings/meeting-links/book/availability-page/acme%2Fada',
    ]);
    expect(stub.asked.every(({ credential, headers }) => credential === 'pat-x' && headers === undefined)).toBe(true);
    expect(meta.via).toBe('official');
  });

  it('what one interface learned is not used at the other, nor for another link, nor for another slug', async () => {
    const meta = await warmMeta();
    for (const more of [{ credential: 'pat-x' }, { chosenId: 'acme/bo' }]) {
      const stub = pageOf();
      await fetch30(stub, { ...more, meta });
      expect(stub.asked[0]).toSatisfy(isInfo);
    }
    const other = pageOf();
    await fetch30(other, { meta }, 'https://meetings-eu1.hubspot.com/acme/ada');
    expect(other.asked[0]).toSatisfy(isInfo);
  });

  it('a chosen slug wins over the link’s and over the remembered one', async () => {
    const stub = pageOf();
    const { meta } = await fetch30(stub, { chosenId: 'acme/bo', meta: await warmMeta() });
    expect(new Set(stub.asked.map(({ url }) => url.searchParams.get('slug')))).toEqual(new Set(['acme/bo']));
    expect(meta.resolvedId).toBe('acme/bo');
  });

  it('counts months in the page’s zone when it states one, and asks for them in that zone', async () => {
    const info = { ...INFO, customParams: { ...INFO.customParams, timezone: 'Pacific/Kiritimati' } };
    const stub = pageOf({ info: () => ({ json: info }), month: () => ({ json: EMPTY }) });
    // The 30th in New York, the 1st in Kiritimati: one month ahead suffices there.
    const now = Date.parse('2026-11-30T15:00:00Z');
    const { meta } = await fetchHubSpotAvailability(URL_OF_PAGE, 30, optionsWith(stub.http, { now }));
    expect(stub.asked.map(({ url }) => url.searchParams.get('timezone'))).toEqual(['America/New_York', 'Pacific/Kiritimati']);
    expect(stub.asked.map(monthOf)).toEqual([null, '0']);
    expect(meta.zone).toBe('Pacific/Kiritimati');
  });

  it('uses the workspace’s zone when the page’s is none that is known', async () => {
    const info = { ...INFO, customParams: { ...INFO.customParams, timezone: 'Mars/Olympus' } };
    expect((await fetch30(pageOf({ info: () => ({ json: info }) }))).meta.zone).toBe('America/New_York');
  });

  it('loses no month when the provider’s month turns between two requests', async () => {
    const now = Date.parse('2026-11-30T23:59:59Z');
    const monthStarts = [Date.UTC(2026, 10, 1), Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1), Date.UTC(2027, 1, 1), Date.UTC(2027, 2, 1)];
    for (let turnAfter = 0; turnAfter <= 3; turnAfter += 1) {
      let requests = 0;
      const month = (offset: string | null): Answer => {
        const at = Number(offset) + (requests++ >= turnAfter ? 1 : 0);
        const availabilities = [];
        for (let ms = monthStarts[at] ?? 0; ms < (monthStarts[at + 1] ?? 0); ms += DAY_MS) {
          availabilities.push({ startMillisUtc: ms, endMillisUtc: ms + 1_800_000 });
        }
        return { json: { allUsersBusyTimes: [], linkAvailability: { linkAvailabilityByDuration: { '1800000': { meetingDurationMillis: 1_800_000, availabilities } } } } };
      };
      const { slots } = await fetchHubSpotAvailability(URL_OF_PAGE, 40, optionsWith(pageOf({ month }).http, { now, timezone: 'UTC' }));
      expect(slots).toHaveLength(40);
    }
  });

  it('clips what a month holds beyond the window', async () => {
    const { slots } = await fetchHubSpotAvailability(URL_OF_PAGE, 2, optionsWith(pageOf().http));
    expect(slots).toEqual([1795532400000]);
  });

  it('a second month that fails fails the whole', async () => {
    for (const status of [500, 429, 404]) {
      const months = (offset: string | null): Answer =>
        offset === '1' ? { status } : { json: fixture('hubspot/availability-month-0.json') };
      expect(await kindOf(fetch30(pageOf({ month: months })))).not.toBe('ok');
    }
  });

  it.each([{}, [], { status: 'error', message: 'down' }])('%j with status 200 is an invalid response, for month and book info', async (json) => {
    expect(await kindOf(fetch30(pageOf({ month: () => ({ json }) })))).toBe('invalid_response');
    expect(await kindOf(fetch30(pageOf({ info: () => ({ json }) })))).toBe('invalid_response');
  });

  it('refuses what is no meeting page, without a request and without the query', async () => {
    const stub = pageOf();
    const error = await errorOf(fetch30(stub, {}, 'https://meetings.hubspot.com/?email=lee@buyer.test'));
    expect(error.kind).toBe('unsupported_link');
    expect(error.message).not.toContain('lee@');
    expect(stub.asked).toEqual([]);
  });
});

describe('the duration', () => {
  it('is the workspace’s, and one that is not offered is named beside those that are', async () => {
    expect(await fetch30(pageOf(), { durationMinutes: 60 })).toMatchObject({ slots: [], durationMinutes: 60 });
    const stub = pageOf();
    const error = await errorOf(fetch30(stub, { durationMinutes: 45 }));
    expect(error.kind).toBe('unsupported_duration');
    expect(error.message).toMatch(/45 minutes.*offers 30, 60/);
    expect(stub.asked).toHaveLength(1);
  });

  it('a wish that was refused is put to the page again', async () => {
    const stub = pageOf({ info: () => ({ json: { ...INFO, customParams: { durations: [900_000, 1_800_000] } } }), month: () => ({ json: EMPTY }) });
    const { meta } = await fetch30(stub, { durationMinutes: 15, meta: await warmMeta() });
    expect(meta.durationsMinutes).toEqual([15, 30]);
  });

  it('a page that now lists others only is asked again what it offers', async () => {
    const only15 = { json: { allUsersBusyTimes: [], linkAvailability: { linkAvailabilityByDuration: { '900000': { meetingDurationMillis: 900_000, availabilities: [] } } } } };
    const stub = pageOf({ info: () => ({ json: { ...INFO, customParams: { durations: [900_000] } } }), month: () => only15 });
    const error = await errorOf(fetch30(stub, { meta: await warmMeta() }));
    expect(error.kind).toBe('unsupported_duration');
    expect(error.message).toContain('offers 15');
  });
});

describe('what is remembered', () => {
  it.each([400, 404, 422])('is resolved again once when the provider answers %d', async (status) => {
    let refusals = 0;
    const zoned = { ...INFO, customParams: { ...INFO.customParams, timezone: 'UTC' } };
    const stub = pageOf({
      info: () => ({ json: zoned }),
      month: (_, { url }) => (url.searchParams.get('timezone') === 'UTC' ? { json: EMPTY } : (refusals++, { status })),
    });
    expect((await fetch30(stub, { meta: await warmMeta() })).meta.zone).toBe('UTC');
    expect(refusals).toBe(1);
    expect(stub.asked.filter(isInfo)).toHaveLength(1);
  });

  it('and no more than once', async () => {
    const stub = pageOf({ month: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(stub, { meta: await warmMeta() }))).toBe('not_found');
    expect(stub.asked.filter(isInfo)).toHaveLength(1);
    expect(stub.asked).toHaveLength(3);
  });

  it('stays when the failure says nothing of it', async () => {
    for (const [status, kind] of [[500, 'server_error'], [429, 'rate_limited'], [403, 'forbidden']] as const) {
      const stub = pageOf({ month: () => ({ status }) });
      expect(await kindOf(fetch30(stub, { meta: await warmMeta() }))).toBe(kind);
      expect(stub.asked).toHaveLength(1);
    }
  });
});

describe('an answer without slots', () => {
  const empty = { month: (): Answer => ({ json: EMPTY }) };

  it('is confirmed by the book info when asked to be, and only then', async () => {
    const meta = await warmMeta();
    const unasked = pageOf(empty);
    expect((await fetch30(unasked, { meta })).slots).toEqual([]);
    expect(unasked.asked.filter(isInfo)).toHaveLength(0);
    const asked = pageOf(empty);
    expect((await fetch30(asked, { meta, confirmEmpty: true })).slots).toEqual([]);
    expect(asked.asked.filter(isInfo)).toHaveLength(1);
  });

  it('is not confirmed twice in a cold refresh', async () => {
    const stub = pageOf(empty);
    await fetch30(stub, { confirmEmpty: true });
    expect(stub.asked.filter(isInfo)).toHaveLength(1);
  });

  it('counts as one when all that came lies outside the window', async () => {
    const stub = pageOf();
    const now = FIXTURE_NOW + 9 * DAY_MS;
    await fetchHubSpotAvailability(URL_OF_PAGE, 1, optionsWith(stub.http, { meta: await warmMeta(), confirmEmpty: true, now }));
    expect(stub.asked.filter(isInfo)).toHaveLength(1);
  });

  it.each([
    ['is gone', { status: 404 }, 'not_found'],
    ['is in trouble', { status: 500 }, 'server_error'],
    ['is offline', { json: { ...INFO, isOffline: true } }, 'unsupported_link'],
    ['offers other durations', { json: { ...INFO, customParams: { durations: [900_000] } } }, 'unsupported_duration'],
    ['answers nonsense', { json: {} }, 'invalid_response'],
  ])('is not believed of a page that %s', async (_, answer, kind) => {
    const stub = pageOf({ ...empty, info: () => answer });
    expect(await kindOf(fetch30(stub, { meta: await warmMeta(), confirmEmpty: true }))).toBe(kind);
  });
});

describe('a page in offline mode', () => {
  it('offers nothing, however many times it lists', async () => {
    const error = await errorOf(fetch30(pageOf({ info: () => ({ json: { ...INFO, isOffline: true } }) })));
    expect(error.kind).toBe('unsupported_link');
    expect(error.message).toMatch(/“acme\/ada”.*Reconnect/);
  });

  it('is noticed by a warm refresh', async () => {
    const month = fixture('hubspot/availability-month-0.json') as { allUsersBusyTimes: object[] };
    const json = { ...month, allUsersBusyTimes: month.allUsersBusyTimes.map((user) => ({ ...user, isOffline: true })) };
    expect(await kindOf(fetch30(pageOf({ month: () => ({ json }) }), { meta: await warmMeta() }))).toBe('unsupported_link');
  });
});

describe('a custom domain', () => {
  const url = 'https://book.acme.test/meetings/acme/ada';
  it('works with the entire path behind /meetings/', async () => {
    const stub = pageOf();
    expect((await fetch30(stub, {}, url)).slots).toEqual(SLOTS);
    expect(stub.asked[0]?.headers).toMatchObject({ origin: 'https://book.acme.test', referer: url });
  });
  it('whose page is not found says how to name its region', async () => {
    const error = await errorOf(fetch30(pageOf({ info: () => ({ status: 404 }) }), {}, url));
    expect(error).toMatchObject({ kind: 'not_found', status: 404 });
    expect(error.message).toContain('meetings-eu1.hubspot.com');
  });
});
