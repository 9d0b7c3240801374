import { describe, expect, it } from 'vitest';
import { fetchGHLAvailabilityWithMeta } from '@/lib/providers/ghl';
import type { FetchOptions, ProviderMeta } from '@/lib/providers/types';
import { DAY_MS } from '@/lib/providers/window';
import { errorOf, FIXTURE_NOW, fixture, fixtureText, kindOf, optionsWith, ORIGINS, stubClient, type Answer, type Asked } from './hubspot-ghl-stub-client';

const ID = 'AbCdEfGhIjKlMnOpQrSt';
const OTHER = 'ZyXwVuTsRqPoNmLkJiHg';
const DECOY = 'LoCaTiOnIdLoCaTiOnId';
const ID_URL = `https://book.acme.test/widget/booking/${ID}`;
const SLUG_URL = 'https://book.acme.test/widget/bookings/intro';
const SLOTS = ['2026-11-24T15:00:00Z', '2026-11-24T16:00:00Z', '2026-12-01T15:00:00Z'].map((text) => Date.parse(text));
const FREE: Answer = { json: fixture('ghl/free-slots-strings.json') };
const NONE: Answer = { json: fixture('ghl/no-availability.json') };
const CALENDAR = fixture('ghl/calendar.json') as { calendar: object };
const PAGE: Answer = { html: fixtureText('ghl/widget-page.html') };

const isPage = ({ url }: Asked) => url.pathname.includes('/widget/');
const isCalendar = ({ url }: Asked) => /^\/calendars\/\w+$/.test(url.pathname);

interface Parts {
  free?: (asked: Asked) => Answer;
  page?: (asked: Asked) => Answer;
  calendar?: (asked: Asked) => Answer;
}

function calendarOf({ free = () => FREE, page = () => PAGE, calendar = () => ({ json: CALENDAR }) }: Parts = {}) {
  return stubClient((asked) => (isPage(asked) ? page(asked) : isCalendar(asked) ? calendar(asked) : free(asked)));
}

function fetch30(stub: ReturnType<typeof calendarOf>, url = ID_URL, more: Partial<FetchOptions> = {}) {
  return fetchGHLAvailabilityWithMeta(url, 30, optionsWith(stub.http, more));
}

function pageOf(...ids: string[]): Answer {
  const data: unknown[] = [{ data: 1 }, Object.fromEntries(ids.map((id) => [id, 2])), { name: 3 }, 'Intro'];
  return { html: `<script id="__NUXT_DATA__">${JSON.stringify(data)}</script>` };
}

const slugMeta = async (more: Partial<FetchOptions> = {}): Promise<ProviderMeta> => (await fetch30(calendarOf(), SLUG_URL, more)).meta;

describe('the public interface', () => {
  it('needs one request for a link that carries the id', async () => {
    const stub = calendarOf();
    expect(await fetch30(stub, ID_URL, { durationMinutes: 45 })).toEqual({
      slots: SLOTS,
      durationMinutes: 45,
      meta: { resolvedId: ID, resolvedFrom: ID_URL, via: 'public' },
    });
    expect(stub.asked.map(({ url }) => url.href)).toEqual([
      `https://backend.leadconnectorhq.com/calendars/${ID}/free-slots?startDate=${FIXTURE_NOW}&endDate=${FIXTURE_NOW + 30 * DAY_MS}&timezone=UTC`,
    ]);
    expect(stub.asked[0]?.headers).toMatchObject({ channel: 'APP', source: 'WEB_USER', version: '2021-04-15' });
    expect(stub.asked[0]?.credential).toBeUndefined();
  });

  it('finds the id of another link on its page, fetched with the guard up', async () => {
    const stub = calendarOf();
    const { meta } = await fetch30(stub, `${SLUG_URL}?email=lee@buyer.test`);
    expect(meta).toEqual({ resolvedId: ID, resolvedFrom: SLUG_URL, via: 'public' });
    expect(stub.asked[0]).toMatchObject({ guarded: true });
    expect(stub.asked[0]?.url.href).toBe(SLUG_URL);
  });

  it('takes the configured origin for every page, and trusts it', async () => {
    const stub = calendarOf();
    await fetch30(stub, SLUG_URL, { origins: { ...ORIGINS, ghlBooking: 'http://127.0.0.1:9/ghl/' } });
    expect(stub.asked[0]).toMatchObject({ guarded: false });
    expect(stub.asked[0]?.url.href).toBe('http://127.0.0.1:9/ghl/widget/bookings/intro');
  });

  it('a warm refresh asks for slots only', async () => {
    const meta = await slugMeta();
    const stub = calendarOf();
    expect(await fetch30(stub, SLUG_URL, { meta, confirmEmpty: true })).toMatchObject({ slots: SLOTS, meta });
    expect(stub.asked).toHaveLength(1);
  });

  it('a chosen id wins over the remembered one, the link’s and the page', async () => {
    for (const url of [ID_URL, SLUG_URL]) {
      const stub = calendarOf();
      const { meta } = await fetch30(stub, url, { chosenId: OTHER, meta: await slugMeta() });
      expect(stub.paths()).toEqual([`/calendars/${OTHER}/free-slots`]);
      expect(meta.resolvedId).toBe(OTHER);
    }
  });

  it('what was learned of another link or at the other interface is not used', async () => {
    const moved = calendarOf();
    await fetch30(moved, 'https://book.acme.test/widget/bookings/other', { meta: await slugMeta() });
    expect(moved.asked[0]).toSatisfy(isPage);
    const withToken = calendarOf();
    await fetch30(withToken, SLUG_URL, { meta: await slugMeta(), credential: 'pit-x' });
    expect(withToken.asked[0]).toSatisfy(isPage);
    const withoutToken = calendarOf();
    await fetch30(withoutToken, SLUG_URL, { meta: await slugMeta({ credential: 'pit-x' }) });
    expect(withoutToken.asked[0]).toSatisfy(isPage);
    const byId = calendarOf();
    await fetch30(byId, ID_URL, { meta: { resolvedId: OTHER, via: 'public' } });
    expect(byId.paths()).toEqual([`/calendars/${ID}/free-slots`]);
  });
});

describe('the official interface', () => {
  const credential = 'pit-x';

  it('takes the length from the calendar, once', async () => {
    const stub = calendarOf({ calendar: () => ({ json: { calendar: { ...CALENDAR.calendar, slotDuration: 1, slotDurationUnit: 'hours' } } }) });
    const { slots, durationMinutes, meta } = await fetch30(stub, ID_URL, { credential });
    expect({ slots, durationMinutes, meta }).toEqual({ slots: SLOTS, durationMinutes: 60, meta: { resolvedId: ID, resolvedFrom: ID_URL, durationMinutes: 60, via: 'official' } });
    expect(stub.paths()).toEqual([`/calendars/${ID}`, `/calendars/${ID}/free-slots`]);
    for (const { url, headers, credential: sent } of stub.asked) {
      expect([url.origin, headers, sent]).toEqual(['https://services.leadconnectorhq.com', { version: '2021-04-15' }, credential]);
    }
    const warm = calendarOf();
    expect(await fetch30(warm, ID_URL, { credential, meta })).toMatchObject({ durationMinutes: 60 });
    expect(warm.asked).toHaveLength(1);
  });

  it('sends no token to a booking page', async () => {
    const stub = calendarOf();
    await fetch30(stub, SLUG_URL, { credential });
    expect(stub.asked.find(isPage)?.credential).toBeUndefined();
  });

  it('a calendar that is switched off, or another one, is an error', async () => {
    const off = calendarOf({ calendar: () => ({ json: { calendar: { ...CALENDAR.calendar, isActive: false } } }) });
    const error = await errorOf(fetch30(off, ID_URL, { credential }));
    expect(error.kind).toBe('not_found');
    expect(error.message).toContain('switched off');
    const other = calendarOf({ calendar: () => ({ json: { calendar: { ...CALENDAR.calendar, id: OTHER } } }) });
    expect(await kindOf(fetch30(other, ID_URL, { credential }))).toBe('invalid_response');
  });

  it('an empty answer is confirmed by the calendar, unless it just was', async () => {
    const free = () => NONE;
    const cold = calendarOf({ free });
    const { meta } = await fetch30(cold, ID_URL, { credential, confirmEmpty: true });
    expect(cold.asked.filter(isCalendar)).toHaveLength(1);
    const warm = calendarOf({ free });
    expect((await fetch30(warm, ID_URL, { credential, confirmEmpty: true, meta })).slots).toEqual([]);
    expect(warm.asked.filter(isCalendar)).toHaveLength(1);
    const gone = calendarOf({ free, calendar: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(gone, ID_URL, { credential, confirmEmpty: true, meta }))).toBe('not_found');
  });
});

describe('the window', () => {
  it('longer than 30 days is asked for in parts, and joined', async () => {
    const free = ({ url }: Asked): Answer => {
      const start = new Date(Number(url.searchParams.get('startDate')) + 60_000).toISOString();
      const end = new Date(Number(url.searchParams.get('endDate'))).toISOString();
      return { json: { '2026-01-01': { slots: [end, start] } } };
    };
    const stub = calendarOf({ free });
    const { slots } = await fetchGHLAvailabilityWithMeta(ID_URL, 70, optionsWith(stub.http));
    const at = (days: number, extra = 0) => FIXTURE_NOW + days * DAY_MS + extra;
    expect(slots).toEqual([at(0, 60_000), at(30), at(30, 60_000), at(60), at(60, 60_000)]);
    for (const { url } of stub.asked) {
      expect(Number(url.searchParams.get('endDate')) - Number(url.searchParams.get('startDate'))).toBeLessThanOrEqual(30 * DAY_MS);
    }
  });

  it('is answered whole or not at all', async () => {
    let requests = 0;
    const stub = calendarOf({ free: () => (requests++ === 0 ? FREE : { status: 500 }) });
    expect(await kindOf(fetchGHLAvailabilityWithMeta(ID_URL, 60, optionsWith(stub.http)))).toBe('server_error');
  });

  it.each([[{}], [{ statusCode: 500, message: 'down', traceId: 't' }], [{ '2026-11-24': null }]])('%j with status 200 is an invalid response', async (json) => {
    expect(await kindOf(fetch30(calendarOf({ free: () => ({ json }) })))).toBe('invalid_response');
  });
});

describe('a page', () => {
  it('with several calendars leaves the choice to a person', async () => {
    const stub = calendarOf({ page: () => pageOf(ID, OTHER) });
    const error = await errorOf(fetch30(stub, SLUG_URL));
    expect(error).toMatchObject({ kind: 'ambiguous_link', choices: [{ id: ID, name: 'Intro' }, { id: OTHER, name: 'Intro' }] });
    expect(error.message).toContain(OTHER);
  });

  it('with ids of other things has one calendar when only one has free slots to ask for', async () => {
    for (const status of [400, 404, 422]) {
      const stub = calendarOf({ page: () => pageOf(DECOY, ID), free: ({ url }) => (url.pathname.includes(DECOY) ? { status } : FREE) });
      expect(await fetch30(stub, SLUG_URL)).toMatchObject({ slots: SLOTS, meta: { resolvedId: ID } });
    }
    const none = calendarOf({ page: () => pageOf(DECOY, OTHER), free: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(none, SLUG_URL))).toBe('not_found');
  });

  it('is not decided while the provider is in trouble', async () => {
    const stub = calendarOf({ page: () => pageOf(DECOY, ID), free: ({ url }) => (url.pathname.includes(DECOY) ? { status: 500 } : FREE) });
    expect(await kindOf(fetch30(stub, SLUG_URL))).toBe('server_error');
  });

  it.each<[string, Answer, string]>([
    ['names no calendar', pageOf(), 'not_found'],
    ['is not a booking page', { html: '<html>Welcome</html>' }, 'unsupported_link'],
    ['cannot be read', { html: '<script id="__NUXT_DATA__">[</script>' }, 'invalid_response'],
    ['is gone', { status: 404 }, 'not_found'],
    ['names an id that has no slots to ask for', pageOf(DECOY), 'not_found'],
  ])('that %s', async (_, page, kind) => {
    const stub = calendarOf({ page: () => page, free: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(stub, SLUG_URL))).toBe(kind);
  });

  it('need not exist for what is no booking link', async () => {
    const stub = calendarOf();
    const error = await errorOf(fetch30(stub, 'https://book.acme.test/intro?email=lee@buyer.test'));
    expect(error.kind).toBe('unsupported_link');
    expect(error.message).not.toContain('lee@');
    expect(stub.asked).toEqual([]);
  });
});

describe('a remembered id that is rejected', () => {
  const rejectedUnless = (id: string) => ({ url }: Asked): Answer => (url.pathname.includes(id) ? FREE : { status: 404 });

  it('is looked up again once, and what the page says now is used', async () => {
    const stub = calendarOf({ page: () => pageOf(OTHER), free: rejectedUnless(OTHER) });
    expect((await fetch30(stub, SLUG_URL, { meta: await slugMeta() })).meta.resolvedId).toBe(OTHER);
    expect(stub.asked).toHaveLength(3);
  });

  it('and no more than once', async () => {
    const stub = calendarOf({ free: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(stub, SLUG_URL, { meta: await slugMeta() }))).toBe('not_found');
    expect(stub.asked).toHaveLength(3);
  });

  it('is not asked for again when there is nowhere to look', async () => {
    const { meta } = await fetch30(calendarOf());
    const stub = calendarOf({ free: () => ({ status: 404 }) });
    expect(await kindOf(fetch30(stub, ID_URL, { meta }))).toBe('not_found');
    expect(stub.asked).toHaveLength(1);
  });

  it('stays when the failure says nothing of it', async () => {
    const stub = calendarOf({ free: () => ({ status: 503 }) });
    expect(await kindOf(fetch30(stub, SLUG_URL, { meta: await slugMeta() }))).toBe('server_error');
    expect(stub.asked).toHaveLength(1);
  });
});

describe('an empty answer of the public interface', () => {
  const free = () => NONE;

  it('is taken as it is when nothing was stored', async () => {
    const stub = calendarOf({ free });
    expect((await fetch30(stub)).slots).toEqual([]);
    expect(stub.asked).toHaveLength(1);
  });

  it.each<[string, Answer, string]>([
    ['shows the calendar', PAGE, 'ok'],
    ['is served for that very id', pageOf(), 'ok'],
    ['names the id in its text', { html: `<html>${ID}</html>` }, 'ok'],
    ['shows the id as missing', { html: `<script id="__NUXT_DATA__">[{"${ID}":1},null]</script>` }, 'not_found'],
    ['is an error page', { html: `<script id="__NUXT_DATA__">[["NuxtError",1],{}]</script>${ID}` }, 'not_found'],
    ['is anything else', { html: '<html>Just a moment…</html>' }, 'invalid_response'],
    ['is gone', { status: 404 }, 'not_found'],
    ['is behind a wall', { status: 403 }, 'forbidden'],
  ])('is believed or not by the page of the id: one that %s', async (_, page, kind) => {
    const stub = calendarOf({ free, page: () => page });
    expect(await kindOf(fetch30(stub, ID_URL, { confirmEmpty: true }))).toBe(kind);
    expect(stub.asked.filter(isPage)).toHaveLength(1);
  });

  it('is not confirmed again when the page was just read', async () => {
    const stub = calendarOf({ free });
    expect((await fetch30(stub, SLUG_URL, { confirmEmpty: true })).slots).toEqual([]);
    expect(stub.asked).toHaveLength(2);
  });

  it('is confirmed for a remembered id by the page it came from, or replaced by the calendar now there', async () => {
    const meta = await slugMeta();
    const same = calendarOf({ free });
    expect((await fetch30(same, SLUG_URL, { meta, confirmEmpty: true })).slots).toEqual([]);
    expect(same.asked).toHaveLength(2);
    const moved = calendarOf({ page: () => pageOf(OTHER), free: ({ url }) => (url.pathname.includes(OTHER) ? FREE : NONE) });
    expect(await fetch30(moved, SLUG_URL, { meta, confirmEmpty: true })).toMatchObject({ slots: SLOTS, meta: { resolvedId: OTHER } });
  });

  it('of a chosen calendar is confirmed only by a page that shows it', async () => {
    const shown = calendarOf({ free, page: () => pageOf(ID, OTHER) });
    expect(await kindOf(fetch30(shown, SLUG_URL, { chosenId: OTHER, confirmEmpty: true }))).toBe('ok');
    const hidden = calendarOf({ free, page: () => pageOf(ID) });
    expect(await kindOf(fetch30(hidden, SLUG_URL, { chosenId: OTHER, confirmEmpty: true }))).toBe('not_found');
  });
});
