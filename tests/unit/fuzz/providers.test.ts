/** Whatever a provider answers: a result that can be stored, or a ProviderError that can be shown. */
import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { PROVIDERS } from '@/lib/calendar-availability';
import { createEmailBison } from '@/lib/providers/emailbison/client';
import { ALL_ERROR_KINDS, ProviderError } from '@/lib/providers/errors';
import { failureOfStatus, type Asked } from '@/lib/providers/http-failures';
import { readHtml, readJson } from '@/lib/providers/http-read';
import type { Exchange } from '@/lib/providers/http-exchange';
import type { ApiClient, FetchResult, HttpClient } from '@/lib/providers/types';
import { encoded, forAll, isLongFuzz, mutated, nastyText } from '../../support/fuzz';
import { FIXTURE_NOW, fixtureText, ORIGINS } from '../providers/hubspot-ghl-stub-client';

/** Hundreds of cases each; what bounds a case is its CPU time. */
vi.setConfig({ testTimeout: isLongFuzz ? 3_600_000 : 120_000 });

interface Answer {
  status: number;
  type: string;
  body: Buffer;
}

/** The fixtures, completed to an answer for the whole window, where there is one of everything. */
const COMPLETED: Record<string, (fixture: never) => unknown> = {
  'calendly/range.json': (range: { days: { date: string }[] }) => {
    const rest = Array.from({ length: 62 }, (_, i) => new Date(FIXTURE_NOW + i * 86_400_000).toISOString().slice(0, 10)).filter((date) => !range.days.some((day) => day.date === date));
    return { ...range, days: [...range.days, ...rest.map((date) => ({ date, status: 'unavailable', spots: [] }))] };
  },
  'calendly/profile-event-types.json': (types: unknown[]) => types.slice(0, 1),
};
const completed = new Map<string, string>();
function good(path: string): string {
  const known = completed.get(path) ?? (path in COMPLETED ? JSON.stringify(COMPLETED[path]?.(JSON.parse(fixtureText(path)) as never)) : fixtureText(path));
  completed.set(path, known);
  return known;
}

/** Paths of every request that the fetchers make, with the good answer to each. */
const GOOD: [pattern: RegExp, file: string][] = [
  [/event_types\/lookup/, 'calendly/lookup.json'],
  [/scheduling_links\//, 'calendly/scheduling-link.json'],
  [/profiles\/.*event_types/, 'calendly/profile-event-types.json'],
  [/calendar\/range/, 'calendly/range.json'],
  [/users\/me/, 'calendly/me.json'],
  [/event_type_available_times/, 'calendly/available-times.json'],
  [/\/event_types/, 'calendly/event-types.json'],
  [/availability/, 'hubspot/availability-month-0.json'],
  [/(?:v3|meeting-links)\/book/, 'hubspot/book-info.json'],
  [/free-slots/, 'ghl/free-slots-objects.json'],
  [/\/calendars\//, 'ghl/calendar.json'],
  [/widget/, 'ghl/widget-page.html'],
  [/campaigns\/.*\/leads/, 'emailbison/campaign-leads.json'],
  [/scheduled-emails/, 'emailbison/scheduled-emails.json'],
  [/campaigns/, 'emailbison/campaigns.json'],
  [/leads\//, 'emailbison/lead.json'],
];
const goodFile = (url: URL): string => GOOD.find(([pattern]) => pattern.test(url.pathname))?.[1] ?? 'hubspot/no-availability.json';

/** The transport without its wire: bytes go through the very code that reads answers. */
function clientOf(answer: (url: URL) => Answer): HttpClient & ApiClient {
  const ask = async <T,>(vendor: Asked['vendor'], url: URL, credential: string | undefined, read: (asked: Asked, exchange: Exchange) => T): Promise<T> => {
    await Promise.resolve();
    const { status, type, body } = answer(url);
    const headers: IncomingHttpHeaders = { 'content-type': type };
    const exchange: Exchange = { status, headers, body, bytes: body.length, durationMs: 1, error: undefined };
    const asked = { vendor, url, credential };
    if (status !== 200) throw failureOfStatus(asked, exchange, status, FIXTURE_NOW);
    return read(asked, exchange);
  };
  return {
    getJson: (request) => ask(request.vendor, request.url, request.credential, (asked, exchange) => readJson(asked, exchange, request)),
    getHtml: (request) => ask(request.vendor, request.url, request.credential, readHtml),
    send: (request) => ask(request.vendor, request.url, request.credential, (asked, exchange) => readJson(asked, exchange, request)),
  };
}

const typeOf = (file: string): string => (file.endsWith('.html') ? 'text/html; charset=utf-8' : 'application/json');
const bodies = new Map<string, Buffer>();
const goodAnswer = (url: URL): Answer => {
  const file = goodFile(url);
  const body = bodies.get(file) ?? Buffer.from(good(file));
  bodies.set(file, body);
  return { status: 200, type: typeOf(file), body };
};

const CREDENTIAL = 'a-credential-0123456789-abcdefgh';
/** PostgreSQL stores neither NUL nor half of a surrogate pair; a log line is one line. */
const UNPRINTABLE = /\p{Cc}|\p{Cs}/u;

function expectShowable(error: unknown): void {
  if (!(error instanceof ProviderError)) throw error;
  expect(ALL_ERROR_KINDS).toContain(error.kind);
  const { message, url = '', choices = [] } = error;
  expect(message.length).toBeLessThanOrEqual(1_000);
  expect(JSON.stringify(choices).length).toBeLessThanOrEqual(20_000);
  for (const text of [message, url, ...choices.flatMap(({ id, name }) => [id, name])]) expect(text).not.toMatch(UNPRINTABLE);
  expect(message).not.toContain(CREDENTIAL);
}

function expectStorable({ slots, durationMinutes, meta }: FetchResult, days: number): void {
  expect(slots.every((at, i) => Number.isSafeInteger(at) && at >= FIXTURE_NOW && at < FIXTURE_NOW + days * 86_400_000 && (i === 0 || at > (slots[i - 1] ?? at)))).toBe(true);
  expect(Number.isInteger(durationMinutes) && durationMinutes >= 1 && durationMinutes <= 10_080).toBe(true);
  const stored = JSON.stringify(meta);
  expect(stored.length).toBeLessThanOrEqual(4_000);
  expect(stored).not.toMatch(/\\u(?:00[01][0-9a-f]|007f|d[89a-f])/i);
  expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
}

const WAYS: [name: string, type: 'calendly' | 'hubspot' | 'ghl', url: string, credential: boolean][] = [
  ['a Calendly page', 'calendly', 'https://calendly.com/acme/intro', false],
  ['a Calendly profile', 'calendly', 'https://calendly.com/acme', false],
  ['a Calendly scheduling link', 'calendly', 'https://calendly.com/d/abc-123/intro', false],
  ["Calendly's API", 'calendly', 'https://calendly.com/acme-demo/intro', true],
  ['a HubSpot page', 'hubspot', 'https://meetings.hubspot.com/acme/intro', false],
  ["HubSpot's API", 'hubspot', 'https://meetings.hubspot.com/acme/intro', true],
  ['a GoHighLevel page', 'ghl', 'https://api.leadconnectorhq.com/widget/bookings/demo', false],
  ['a GoHighLevel calendar', 'ghl', 'https://api.leadconnectorhq.com/widget/booking/AbCdEfGhIjKlMnOpQrSt', false],
  ["GoHighLevel's API", 'ghl', 'https://api.leadconnectorhq.com/widget/booking/AbCdEfGhIjKlMnOpQrSt', true],
];

const FILES = [...new Set(GOOD.map(([, file]) => file))].filter((file) => file.endsWith('.json'));
const ERRORS = ['hubspot/error-not-found.json', 'hubspot/error-rate-limit.json', 'ghl/error-invalid-token.json', 'ghl/error-validation.json', 'emailbison/error-not-found.json', 'emailbison/error-validation.json', 'calendly/error-start-time.json'].map(fixtureText);
const SCRIPT = /(<script[^>]*__NUXT_DATA__[^>]*>)([\s\S]*?)(<\/script>)/;
const PAGE = fixtureText('ghl/widget-page.html');
const nuxt = mutated(SCRIPT.exec(PAGE)?.[2] ?? '[]').map((data) => PAGE.replace(SCRIPT, (_all, open: string, _data: string, close: string) => open + data + close));
const hostilePage = fc.oneof(nuxt, nuxt, fc.constantFrom(
  '<script '.repeat(20_000), '<script id='.repeat(20_000), `<script id="__NUXT_DATA__">${'x'.repeat(200_000)}`, '<script id=__NUXT_DATA__>'.repeat(10_000), `<script ${' '.repeat(100_000)}`, `<script id${' '.repeat(100_000)}`, `<script id=__NUXT_DATA__ ${'a '.repeat(50_000)}`,
  '<script id="__NUXT_DATA__">[["Reactive",1],["Reactive",0]]</script>', '<script id="__NUXT_DATA__">[{"a":0},["null"]]</script>', `<script id="__NUXT_DATA__">${'['.repeat(5_000)}${']'.repeat(5_000)}</script>`, '<script id="__NUXT_DATA__">[{"__proto__":1},{"id":2},"x"]</script>',
));

const wrongBody = (file: string): fc.Arbitrary<Answer> => fc.oneof(
  { weight: 8, arbitrary: encoded(file.endsWith('.html') ? hostilePage : mutated(good(file))).map((body) => ({ status: 200, type: typeOf(file), body })) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 422, 429, 500, 503, 599, 999), encoded(fc.oneof(...ERRORS.map(mutated)))).map(([status, body]) => ({ status, type: 'application/json', body })) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('', 'text/html', 'application/json', 'application/json; charset=utf-16', 'application/problem+json', ';', 'a/b;'.repeat(500)), encoded(nastyText)).map(([type, body]) => ({ status: 200, type, body })) },
);

describe.each(WAYS)('%s that answers anything', (_name, type, url, withCredential) => {
  it('gives slots that can be stored, or an error that can be shown', async () => {
    const options = { origins: ORIGINS, durationMinutes: 30, timezone: 'Europe/Berlin', now: FIXTURE_NOW, signal: new AbortController().signal, ...(withCredential ? { credential: CREDENTIAL } : {}) };
    const asked = new Set<string>();
    const client = clientOf((at) => { asked.add(goodFile(at)); return goodAnswer(at); });
    expectStorable(await PROVIDERS[type].fetch(url, 30, { ...options, http: client }), 30);
    const files = [...asked];
    const spoiled = fc.constantFrom(...files).chain((file) => fc.record({ file: fc.constant(file), answer: wrongBody(file), confirmEmpty: fc.boolean() }));
    await forAll(0.05, spoiled, async ({ file, answer, confirmEmpty }) => {
      const http = clientOf((at) => (goodFile(at) === file ? answer : goodAnswer(at)));
      try {
        expectStorable(await PROVIDERS[type].fetch(url, 30, { ...options, http, confirmEmpty }), 30);
      } catch (error) {
        if (error instanceof Error && error.name === 'AssertionError') throw error;
        expectShowable(error);
      }
    });
  });
});

it('EmailBison that answers anything gives rows, or an error that can be shown', async () => {
  const lane = { call: <T,>(attempt: (s: AbortSignal) => Promise<T>, { signal }: { signal: AbortSignal }) => attempt(signal) };
  const files = FILES.filter((file) => file.startsWith('emailbison/'));
  const spoiled = fc.constantFrom(...files).chain((file) => fc.record({ file: fc.constant(file), answer: wrongBody(file) }));
  await forAll(0.08, spoiled, async ({ file, answer }) => {
    const http = clientOf((at) => (goodFile(at) === file ? answer : goodAnswer(at)));
    const bison = createEmailBison({ http, baseUrl: 'https://mail.example.com', token: CREDENTIAL, lane, signal: new AbortController().signal });
    const calls = [() => bison.campaigns(), () => bison.campaignLeads('7'), () => bison.scheduledEmails('7'), () => bison.lead('9'), () => bison.setVariable('9', 'x', 'y')];
    for (const call of calls) await call().catch((error: unknown) => { expectShowable(error); });
  });
});

it('an error of any status and body is an error that can be shown, and tells no credential', async () => {
  const body = encoded(fc.oneof(...ERRORS.map(mutated), nastyText, fc.constantFrom(`{"details":[${'{"details":['.repeat(4_500)}1${']}'.repeat(4_500)}]}`, `{"message":"${CREDENTIAL}"}`, `{"message":"Bearer ${CREDENTIAL} is unknown"}`, `{"message":["${CREDENTIAL.slice(0, 30)}"]}`)));
  const headers = fc.record({ 'retry-after': nastyText, date: nastyText, 'x-ratelimit-reset': nastyText, 'x-ratelimit-daily-remaining': nastyText, 'x-hubspot-ratelimit-interval-milliseconds': nastyText }, { requiredKeys: [] });
  const vendor = fc.constantFrom('calendly', 'hubspot', 'ghl', 'emailbison', 'webhook');
  await forAll(0.1, fc.record({ vendor, status: fc.integer({ min: 100, max: 999 }), body, headers }), ({ vendor: of, status, body: bytes, headers: given }) => {
    const error = failureOfStatus({ vendor: of, url: new URL('https://api.example.com/x?token=1'), credential: CREDENTIAL }, { status, headers: given, body: bytes, bytes: bytes.length, durationMs: 1, error: undefined }, status, FIXTURE_NOW);
    expectShowable(error);
    expect(error.retryAfterMs === undefined || (error.retryAfterMs >= 0 && error.retryAfterMs <= 86_400_000)).toBe(true);
  });
});
