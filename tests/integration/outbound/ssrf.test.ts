/** An address that somebody typed, or that a provider or a resolver gave: nothing private is reached, and no byte is sent. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchGHLAvailabilityWithMeta } from '@/lib/calendar-availability';
import { UnusableDeliveryError } from '@/lib/follow-ups/channel';
import { webhook } from '@/lib/follow-ups/webhook';
import { sendMessage } from '@/lib/ops/send';
import { createEmailBison } from '@/lib/providers/emailbison/client';
import { ProviderError } from '@/lib/providers/errors';
import { createHttpTransport } from '@/lib/providers/http';
import type { ApiTransport } from '@/lib/providers/types';
import { startVictims, type Victims } from './victims';

const TOKEN = 'a-token-that-nobody-may-see-0123456789';
const PUBLIC = '93.184.216.34';
/** A resolver's answers, one after the other; the last one stays. */
const ANSWERS: Record<string, string[][]> = {
  'loopback.example.com': [['127.0.0.1']],
  'loopback6.example.com': [['::1']],
  'private10.example.com': [['10.1.2.3']],
  'private172.example.com': [['172.16.0.9']],
  'private192.example.com': [['192.168.1.1']],
  'metadata.example.com': [['169.254.169.254']],
  'shared.example.com': [['100.64.0.1']],
  'unspecified.example.com': [['0.0.0.0']],
  'unspecified6.example.com': [['::']],
  'mapped.example.com': [['::ffff:127.0.0.1']],
  'nat64.example.com': [['64:ff9b::7f00:1']],
  'unique-local.example.com': [['fd00::1']],
  'link-local.example.com': [['fe80::1']],
  'zone.example.com': [['fe80::1%lo']],
  'mixed.example.com': [[PUBLIC, '127.0.0.1']],
  'mixed-last.example.com': [[PUBLIC, '2606:4700::1111', '::1']],
  'multicast.example.com': [['224.0.0.251']],
  'nothing.example.com': [[]],
  'junk.example.com': [['not an address']],
};

const HOSTS = [
  // IPv4: written out, short, decimal, octal, hexadecimal, mixed, full-width, encoded, with a dot at the end
  '127.0.0.1', '127.0.0.2', '127.255.255.254', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0x0.0x0.0x1', '017700000001', '0177.0.0.1', '0177.0x0.0.1',
  '127.0.0.1.', '127.0.0.1%2e', '%31%32%37.0.0.1', '１２７.０.０.１', '①②⑦.⓪.⓪.①', '127。0。0。1', '127｡0．0.1', '0', '0.0.0.0', '0x0', '00000',
  '10.0.0.1', '167772161', '0xa.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '0300.0250.1', '3232235521', '100.64.0.1', '100.127.255.255',
  '169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518', '192.0.0.192', '198.18.0.1', '192.0.2.1', '203.0.113.7', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
  // IPv6: loopback, unspecified, mapped, compatible, NAT64, 6to4, Teredo, local, link-local, site-local, multicast, documentation
  '[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:169.254.169.254]', '[::ffff:a00:1]', '[::127.0.0.1]', '[::7f00:1]', '[::a9fe:a9fe]',
  '[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2001:0:7f00:1::]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[100::1]', '[::ffff:0:127.0.0.1]',
  // Names that only ever mean this network
  'localhost', 'LOCALHOST', 'localhost.', 'app.localhost', 'ⓛocalhost', 'ｌｏｃａｌｈｏｓｔ', 'metadata', 'metadata.google.internal', 'metadata.google.internal.', 'printer.local', 'router.lan', 'nas.home.arpa', 'wiki.corp', 'xn--localhost', 'kubernetes.default.svc.cluster.local',
  ...Object.keys(ANSWERS), 'LOOPBACK.example.com', 'loopback.example.com.', 'ｌoopback.example.com', 'loopback。example。com',
];

let victims: Victims;
let transport: ApiTransport;
let lookups: string[];

beforeAll(async () => { victims = await startVictims(); });
afterAll(async () => { await victims.close(); });
beforeEach(() => {
  lookups = [];
  const turns = new Map<string, number>();
  transport = createHttpTransport({
    allowHosts: [],
    trustedOrigins: [victims.provider],
    resolve: (hostname) => {
      lookups.push(hostname);
      const name = hostname.replace(/\.$/, '').toLowerCase();
      const turn = turns.get(name) ?? 0;
      turns.set(name, turn + 1);
      const answers = ANSWERS[name];
      const answer = answers?.[Math.min(turn, answers.length - 1)];
      if (answer === undefined) return Promise.reject(new Error(`unexpected look-up of ${hostname}`));
      return Promise.resolve(answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    },
  });
  victims.watch();
});
afterEach(async () => { await transport.close(); });

const signal = (): AbortSignal => AbortSignal.timeout(5_000);
const ORIGINS = { calendlyBooking: 'https://calendly.com', calendlyApi: 'https://api.calendly.com', hubspotApi: 'https://api.hubapi.com', ghlBackend: 'https://backend.leadconnectorhq.com', ghlApi: 'https://services.leadconnectorhq.com' };

/** Everything that calls an address which a user has entered. */
const CALLERS: Record<string, (base: string) => Promise<unknown>> = {
  'a booking page': (base) => fetchGHLAvailabilityWithMeta(`${base}/widget/bookings/demo`, 30, { http: transport.client(), origins: ORIGINS, durationMinutes: 30, timezone: 'UTC', signal: signal(), now: Date.now() }),
  'an EmailBison instance': async (base) => {
    const lane = { call: <T,>(attempt: (s: AbortSignal) => Promise<T>, { signal: s }: { signal: AbortSignal }) => attempt(s) };
    return await createEmailBison({ http: transport.apiClient(), baseUrl: base, token: TOKEN, lane, signal: signal() }).campaigns();
  },
  'a webhook': async (base) => {
    const destination = { baseUrl: `${base}/hook`, secret: TOKEN };
    await webhook.prepare({ followUpId: 'f', workspaceId: 'w', leadEmail: 'lee@buyer.example', leadName: null, thread: null, destination }).send('hello', transport.apiClient(), signal());
  },
  'an alarm': async (base) => {
    const url = `${base}/services/${TOKEN}`;
    const result = await sendMessage(transport, { channel: 'slack', url }, { subject: 'a subject', text: 'for lee@buyer.example' });
    // What is no URL is refused when it is entered, too.
    if (result.kind === 'failed') throw new SendFailed(!URL.canParse(url) && result.error === 'TypeError' ? 'unusable' : result.error);
  },
};

/** An alarm's failure is a value there. */
class SendFailed extends Error {}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(() => new Error('nothing was refused'), (reason: unknown) => reason);
  if (error instanceof UnusableDeliveryError) return 'unusable';
  if (!(error instanceof ProviderError || error instanceof SendFailed)) throw error;
  const kind = error instanceof ProviderError ? error.kind : error.message;
  expect(`${error.message} ${error instanceof ProviderError ? (error.url ?? '') : ''}`).not.toMatch(/a-token-that|buyer\.example/);
  return kind;
}

/** No victim saw anybody, and no socket of this process was ever connected or written to. */
function expectSilence(): void {
  expect(victims.connections()).toBe(0);
  expect(victims.sockets().filter(({ connected, bytesWritten }) => connected || bytesWritten > 0)).toEqual([]);
}

describe.each(Object.entries(CALLERS))('%s at a private address is refused before a byte is sent', (_name, call) => {
  it.each(HOSTS)('https://%s', async (host) => {
    expect(await refusalOf(call(`https://${host}`))).toMatch(/^(blocked_address|unsupported_link|unusable)$/);
    expectSilence();
  });

  it.each([
    'https://user:pass@example.com', 'https://127.0.0.1@example.com', 'https://example.com@127.0.0.1', 'https://example.com:443@127.0.0.1', 'https://example.com%40127.0.0.1', 'https://loopback.example.com\\@example.com',
    'https://example.com:8443', 'https://example.com:22', 'https://example.com:80', 'https://example.com:65535', 'https://127.0.0.1:PORT', 'http://127.0.0.1:PORT', 'http://[::1]:PORT', 'http://localhost:PORT',
    'file:///etc/passwd', 'file://127.0.0.1/etc/passwd', 'data:text/html,hello', 'ftp://example.com', 'gopher://127.0.0.1:PORT', 'ws://127.0.0.1:PORT', 'javascript:alert(1)', 'blob:https://example.com/x', 'unix:/var/run/docker.sock', 'https://', 'https:///', '//127.0.0.1:PORT', 'https://[::1', 'https://[fe80::1%25lo]', 'https://a b', 'https://exa\u0000mple.com', '',
  ])('%j', async (base) => {
    expect(await refusalOf(call(base.replace('PORT', String(victims.port))))).toMatch(/^(blocked_address|unsupported_link|unusable)$/);
    expectSilence();
  });
});

describe('a provider that redirects', () => {
  const follow = (to: string, more: { trustedVictim?: boolean } = {}): Promise<unknown> => {
    const http = more.trustedVictim ? createHttpTransport({ allowHosts: [], trustedOrigins: [victims.provider, `http://127.0.0.1:${String(victims.port)}`] }) : transport;
    const url = new URL(`${victims.provider}/?to=${Buffer.from(to, 'latin1').toString('base64url')}`);
    return http.client().getJson({ vendor: 'calendly', url, schema: z.unknown(), credential: TOKEN, signal: signal() }).finally(() => (more.trustedVictim ? http.close() : undefined));
  };

  it.each([
    'http://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://[::1]:PORT/', 'http://2130706433:PORT/', 'http://0x7f.1:PORT/', '//127.0.0.1:PORT/', '\\\\127.0.0.1:PORT\\', 'http://user@127.0.0.1:PORT/',
    'https://127.0.0.1/', 'https://[::ffff:127.0.0.1]/', 'https://169.254.169.254/latest/meta-data/', 'http://169.254.169.254/latest/meta-data/', 'https://loopback.example.com/', 'https://mixed.example.com/', 'http://example.com/', 'https://example.com:8443/',
    'https://localhost/', 'https://metadata.google.internal/', 'file:///etc/passwd', 'data:application/json,{}', 'ftp://127.0.0.1:PORT/', 'gopher://127.0.0.1:PORT/', 'https://[64:ff9b::7f00:1]/',
  ])('to %s is not followed, and its token goes nowhere', async (to) => {
    expect(await refusalOf(follow(to.replace('PORT', String(victims.port))))).toBe('blocked_address');
    expectSilence();
    expect(victims.providerRequests()).toEqual([{ authorization: `Bearer ${TOKEN}` }]);
  });

  it('to another configured origin is not followed either: that one is ours to call, not theirs', async () => {
    expect(await refusalOf(follow(`http://127.0.0.1:${String(victims.port)}/`, { trustedVictim: true }))).toBe('blocked_address');
    expectSilence();
  });
});

describe('a name that changes its address between check and connect', () => {
  it('is asked for once, and the socket is given the address that was checked', async () => {
    ANSWERS['rebinding.example.com'] = [[PUBLIC], ['127.0.0.1']];
    const asked = new AbortController();
    const call = transport.client().getHtml({ vendor: 'ghl', url: new URL('https://rebinding.example.com/'), guarded: true, signal: asked.signal });
    const end = expect(call).rejects.toThrow();
    expect(await victims.nextAddress()).toBe(PUBLIC);
    // Whether that host answers does not matter.
    asked.abort();
    await end;
    expect(lookups).toEqual(['rebinding.example.com']);
    expect(victims.connections()).toBe(0);
  });

  it('is refused when the answer has turned private by the next request', async () => {
    ANSWERS['turning.example.com'] = [['127.0.0.1'], ['10.0.0.1'], ['::1']];
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await refusalOf(transport.client().getHtml({ vendor: 'ghl', url: new URL('https://turning.example.com/'), guarded: true, signal: signal() }))).toBe('blocked_address');
    }
    expect(lookups).toHaveLength(3);
    expectSilence();
  });
});

it('these victims would notice: an exempt host is reached', async () => {
  const open = createHttpTransport({ allowHosts: [`127.0.0.1:${String(victims.port)}`], trustedOrigins: [] });
  await expect(open.client().getJson({ vendor: 'ghl', url: new URL(`http://127.0.0.1:${String(victims.port)}/`), schema: z.unknown(), signal: signal(), guarded: true })).rejects.toMatchObject({ kind: 'network' });
  await open.close();
  expect(victims.connections()).toBe(1);
  expect(victims.sockets()).toMatchObject([{ connected: true }]);
});
