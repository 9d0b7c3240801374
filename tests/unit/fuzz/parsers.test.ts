/** Links, files, variables, cursors, keys, templates and payloads of any content: read, or refused by the error that the caller knows. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { detectCalendarType, PROVIDERS } from '@/lib/calendar-availability';
import { openCredential, parseCredentialKeys, CredentialError } from '@/lib/credentials';
import { authorise } from '@/lib/cron/authorise';
import { listQuery, parseListFilter } from '@/lib/console/filter';
import { isSameOrigin } from '@/lib/console/same-origin';
import { issueSession, readSession, safeReturnPath, sessionKeyOf } from '@/lib/console/session';
import { EnvError, ENV_VARIABLES, parseEnv } from '@/lib/env';
import { parseCalendlyLink } from '@/lib/providers/calendly/link';
import { ProviderError, safeUrl } from '@/lib/providers/errors';
import { parseGhlLink } from '@/lib/providers/ghl/link';
import { checkUserUrl, createExemption } from '@/lib/providers/guard';
import { scrub } from '@/lib/providers/http-failures';
import { parseHubSpotLink } from '@/lib/providers/hubspot/link';
import { decodeCursor, encodeCursor } from '@/lib/reader/cursor';
import { isUnchanged } from '@/lib/reader/etag';
import { hashOfKey } from '@/lib/reader/keys';
import { formatFallback, formatSlots } from '@/lib/slots/format';
import { checkTemplate } from '@/lib/slots/template';
import { checkWorkingHours } from '@/lib/slots/working-hours';
import { readPayload } from '@/lib/webhooks/payload';
import { UserError } from '@/scripts/local/fail';
import { parseBookingCsv } from '@/scripts/workspaces/bookings-csv';
import { parseWorkspaceCsv } from '@/scripts/workspaces/csv';
import { parseFollowUpCsv } from '@/scripts/workspaces/follow-ups-csv';
import { forAll, isLongFuzz, mutated, NASTY_TEXTS, nastyText } from '../../support/fuzz';
import { fixtureText, ORIGINS } from '../providers/hubspot-ghl-stub-client';

/** Hundreds of cases each; what bounds a case is its CPU time. */
vi.setConfig({ testTimeout: isLongFuzz ? 3_600_000 : 120_000 });

const UNPRINTABLE = /\p{Cc}|\p{Cs}/u;

/** Calls that must not throw anything but these. */
function only<T>(errors: (new (...args: never[]) => Error)[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (errors.some((type) => error instanceof type)) return undefined;
    throw error;
  }
}

const hostPart = fc.oneof(nastyText, fc.constantFrom('calendly.com', 'www.calendly.com', 'api.calendly.com', 'calendly.com.', 'meetings.hubspot.com', 'meetings-eu1.hubspot.com', 'meetings-zz999999.hubspot.com', 'app.hubspot.com', 'api.leadconnectorhq.com', 'book.agency.example', '127.0.0.1', '[::1]', 'calendly.com@evil.example', 'evil.example#calendly.com', 'xn--', 'a'.repeat(300)));
const segment = fc.oneof(nastyText, fc.constantFrom('', ' ', 'widget', 'booking', 'bookings', 'group', 'meetings', 'd', 's', 'event_types', '..', '.', '%2e%2e', '%00', '%ff', '%E2%82', 'AbCdEfGhIjKlMnOpQrSt', 'intro', '2026-11'));
const anyUrl = fc.oneof(
  nastyText,
  fc.tuple(fc.constantFrom('https://', 'http://', 'HTTPS:\\\\', 'ftp://', 'javascript:', '//', 'https:', ''), hostPart, fc.array(segment, { maxLength: 5 }), fc.constantFrom('', '?a=b&a=c', '#x', '?%', '/'.repeat(500))).map(([scheme, host, path, end]) => `${scheme}${host}/${path.join('/')}${end}`),
);

describe('booking links', () => {
  it('of any text are read or refused, never half', async () => {
    await forAll(0.12, anyUrl, async (text) => {
      const type = detectCalendarType(text);
      for (const link of [parseCalendlyLink(text), parseHubSpotLink(text), parseGhlLink(text)]) {
        if (link.kind === 'unsupported') expect(link.reason).not.toMatch(UNPRINTABLE);
        else if ('pageUrl' in link) expect(link.pageUrl.host).toBe(new URL(text.trim()).host);
      }
      for (const vendor of ['calendly', 'hubspot', 'ghl'] as const) {
        for (const withCredential of [true, false]) only([], () => PROVIDERS[vendor].hostOf(text, ORIGINS, withCredential));
      }
      safeUrl(text);
      scrub(text);
      if (URL.canParse(text)) {
        checkUserUrl(new URL(text));
        createExemption([text])(new URL(text));
      }
      // Whatever is asked, it is asked of the vendor or of the link's own host, and of nothing else.
      if (type === 'unknown') return;
      const asked: URL[] = [];
      const stop = (request: { url: URL }): Promise<never> => { asked.push(request.url); return Promise.reject(new ProviderError({ vendor: type, kind: 'network', message: 'stop' })); };
      await PROVIDERS[type].fetch(text, 30, { http: { getJson: stop, getHtml: stop }, origins: ORIGINS, durationMinutes: 30, timezone: 'UTC', now: 1.79e12, signal: new AbortController().signal }).catch((error: unknown) => {
        if (!(error instanceof ProviderError)) throw error;
        expect(error.message).not.toMatch(UNPRINTABLE);
        expect(error.message.length).toBeLessThanOrEqual(1_000);
      });
      for (const url of asked) {
        const isVendors = Object.values(ORIGINS).includes(url.origin) || /^https:\/\/api-[a-z]{2,4}\d{1,3}\.hubspot\.com$/.test(url.origin);
        expect(isVendors || url.host === new URL(text.trim()).host).toBe(true);
      }
    });
  });
});

const cell = fc.oneof({ weight: 3, arbitrary: nastyText }, fc.constantFrom('acme', 'https://calendly.com/a/b', 'Europe/Berlin', '30', '2027-03-01T09:00:00Z', 'lee@buyer.example', 'webhook', 'emailbison_reply', 'yes', '{"replyId":1,"replyAll":true}', '"', '""', '"a""b"', "=cmd|' /C calc'!A0"));
const csv = (headers: string[]): fc.Arbitrary<string> =>
  fc.tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constant(headers) }, { weight: 5, arbitrary: fc.tuple(fc.constant(headers), fc.array(fc.constantFrom('__proto__', 'constructor', 'toString', ...NASTY_TEXTS.slice(0, 12)), { minLength: 1, maxLength: 2 })).map(([known, odd]) => [...known, ...odd]) }, fc.array(nastyText, { maxLength: 6 })),
    fc.array(fc.array(cell, { maxLength: 11 }), { maxLength: 8 }),
    fc.constantFrom(',', ',', ',', ';', '\t'),
    fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
    fc.constantFrom('', '', '\ufeff', '"', '\u0000'),
  ).map(([header, rows, comma, newline, before]) => before + [header, ...rows].map((cells) => cells.join(comma)).join(newline));

describe('files', () => {
  it('of workspaces: every line is a workspace that can be stored, or a problem that can be shown', async () => {
    await forAll(0.06, csv(['agency id', 'agency name', 'workspace', 'url', 'zone', 'duration']), (text) => {
      for (const { line, workspace, problem } of only([UserError], () => parseWorkspaceCsv(text)) ?? []) {
        expect(Number.isInteger(line)).toBe(true);
        expect(workspace === undefined).toBe(typeof problem === 'string');
        if (workspace) expect(JSON.stringify(workspace)).not.toMatch(/\\u(?:0000|d[89a-f])/i);
      }
    });
  });

  it('of bookings likewise', async () => {
    await forAll(0.06, csv(['workspace', 'id', 'starts', 'ends', 'email', 'source', 'cancelled']), (text) => {
      for (const { booking, problem } of only([UserError], () => parseBookingCsv(text)) ?? []) {
        expect(booking === undefined).toBe(typeof problem === 'string');
        if (!booking) continue;
        expect(typeof booking.isCancelled).toBe('boolean');
        expect(JSON.stringify(booking)).not.toMatch(/\\u(?:0000|d[89a-f])/i);
      }
    });
  });

  it('of follow-ups likewise', async () => {
    await forAll(0.06, csv(['workspace', 'email', 'due', 'channel', 'thread', 'template', 'id']), (text) => {
      for (const { followUp, problem } of only([UserError], () => parseFollowUpCsv(text)) ?? []) {
        expect(followUp === undefined).toBe(typeof problem === 'string');
        // Templates are checked when they are stored.
        if (followUp) expect(JSON.stringify({ ...followUp, template: '' })).not.toMatch(/\\u(?:0000|d[89a-f])/i);
      }
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'valueOf'])('a column or an answer named %s is not taken for one that is known', (name) => {
    expect(() => parseWorkspaceCsv(`workspace,url,${name}\na,https://calendly.com/a/b,x`)).toThrow(UserError);
    expect(() => parseBookingCsv(`workspace,id,starts,ends,${name}\n`)).toThrow(UserError);
    expect(() => parseFollowUpCsv(`workspace,email,due,channel,${name}\n`)).toThrow(UserError);
    const [row] = parseBookingCsv(`workspace,id,starts,ends,cancelled\na,1,2027-03-01T09:00:00Z,2027-03-01T10:00:00Z,${name}`);
    expect(row?.problem).toMatch(/cancelled must be yes or no/);
  });
});

it('an environment of any values is parsed, or an EnvError that names variables and shows no value', async () => {
  const value = fc.oneof({ weight: 3, arbitrary: nastyText }, fc.constantFrom('0', '1', '60000', '-1', '1e3', '0x10', '300001', 'postgresql://a:secret-value@h/d', 'http://h', 'https://h/path', 'true', 'info', 'k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'a,b:1'));
  const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...ENV_VARIABLES as string[]) }, fc.constantFrom('__proto__', 'constructor', 'PATH'));
  await forAll(0.1, fc.array(fc.tuple(name, value), { maxLength: 6 }), (pairs) => {
    const source = Object.fromEntries(pairs);
    try {
      const env = parseEnv(source);
      expect(Number.isSafeInteger(env.AVAILABILITY_CACHE_TTL_MS)).toBe(true);
    } catch (error) {
      if (!(error instanceof EnvError)) throw error;
      for (const [, given] of pairs) if (given.trim().length > 12 && !error.message.includes('postgresql://') ) expect(error.message).not.toContain(given.trim());
      expect(error.message).not.toContain('secret-value');
    }
  });
});

it('cursors, keys, tags, secrets and sealed texts of any content are refused quietly', async () => {
  const keys = parseCredentialKeys(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
  const text = fc.oneof(nastyText, nastyText.map((plain) => Buffer.from(`1|${plain}|${plain}|${plain}`).toString('base64url')), fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 70n }), nastyText).map(([xid, id]) => Buffer.from(`1|ab|${String(xid)}|${id}`).toString('base64url')), fc.stringMatching(/^avk_[\w-]{40,46}$/));
  await forAll(0.1, fc.tuple(text, fc.uint8Array({ maxLength: 60 })), ([given, bytes]) => {
    const cursor = decodeCursor(given);
    if (cursor) expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
    hashOfKey(given);
    isUnchanged(given, '"x"');
    only([CredentialError], () => parseCredentialKeys(given));
    only([CredentialError], () => openCredential(keys, { clientId: given, provider: 'calendly' }, { ciphertext: bytes, keyId: 'k1' }));
    const headers = new Headers();
    only([TypeError], () => headers.set('authorization', given));
    expect(authorise(headers, { CRON_SECRET: 'a-secret-of-thirty-characters!' }).kind).toBe('denied');
  });
});

it("the console's cookie, return path and origin of any content let nobody in and nobody out", async () => {
  const key = sessionKeyOf('a password of the console');
  const now = 1.8e12;
  const { token } = issueSession(key, now);
  const forged = fc.tuple(fc.nat(token.length), nastyText, fc.boolean()).map(([at, text, isInserted]) => token.slice(0, at) + text + token.slice(at + (isInserted ? 0 : Math.max(1, text.length))));
  await forAll(0.06, fc.oneof(nastyText, forged, anyUrl, fc.constantFrom('/\\evil.example', '//evil.example', '/\t/evil.example', '/%2f/evil.example', '/sign-in/x')), (text) => {
    if (text !== token) expect(readSession(key, text, now)).toBeNull();
    const path = safeReturnPath(text);
    expect(new URL(path, 'https://app.example').host).toBe('app.example');
    const headers = new Map([['host', 'app.example'], ['origin', text]]);
    const isOurs = isSameOrigin({ get: (name) => headers.get(name) ?? null });
    if (isOurs) expect(new URL(text).host).toBe('app.example');
  });
});

it("the console's filters of any address are a filter that can be asked for and written again", async () => {
  const names = fc.constantFrom('q', 'agency', 'provider', 'state', 'sort', 'dir', 'page', '__proto__', 'constructor');
  await forAll(0.06, fc.array(fc.tuple(names, fc.oneof(nastyText, fc.array(nastyText, { maxLength: 3 }), fc.constantFrom('fresh', 'calendly', 'name', 'desc', '7', '0', '999999999'))), { maxLength: 6 }), (pairs) => {
    const filter = parseListFilter(Object.fromEntries(pairs));
    expect(`${filter.q}${filter.agency ?? ''}`).not.toMatch(UNPRINTABLE);
    expect(parseListFilter(Object.fromEntries(new URLSearchParams(listQuery(filter, { page: filter.page }))))).toEqual(filter);
  });
});

it('templates and working hours of any content are valid or their problems are told, and a valid one can be said', async () => {
  const template = fc.oneof(nastyText, fc.array(fc.constantFrom('{{options}}', '{{option1}}', '{{option2}}', '{{option9}}', '{{booking_link}}', '{{', '}}', '{', ' ', 'Would ', '? ', '\n', '。', '{{constructor}}', '{'.repeat(500)), { maxLength: 12 }).map((parts) => parts.join('')));
  await forAll(0.06, fc.tuple(template, fc.jsonValue({ maxDepth: 3 })), ([text, hours]) => {
    if (checkTemplate(text, 'followUp').kind === 'valid') {
      const { text: said } = formatSlots([1.8e12, 1.8e12 + 3.6e6], { leadZone: text, workspaceZone: 'UTC', locale: text, template: text, bookingLink: 'https://x.example' });
      expect(typeof said).toBe('string');
    }
    formatFallback(text, 'https://x.example');
    checkWorkingHours(hours);
    checkWorkingHours({ mon: hours, [text]: hours });
  });
});

it("a webhook's payload of any shape is read, another event, or unreadable", async () => {
  await forAll(0.06, mutated(fixtureText('emailbison/webhook-lead-replied.json')), (text) => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return;
    }
    const payload = readPayload(body);
    if (payload.kind === 'reply') expect(Number.isSafeInteger(payload.replyId) && payload.replyId > 0).toBe(true);
  });
});
