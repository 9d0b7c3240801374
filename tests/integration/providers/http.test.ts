import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ProviderError, type ErrorKind } from '../../../lib/providers/errors';
import { createHttpTransport, type HttpTransportOptions } from '../../../lib/providers/http';
import type { HttpHooks, HttpObservation, HttpRequest, HttpTransport } from '../../../lib/providers/types';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const TOKEN = 'secret-token-0123456789abcdef';
const schema = z.object({ ok: z.literal(true), list: z.array(z.number()).optional() });

let handler: Handler;
let requests: IncomingMessage[];
let openTransports: HttpTransport[];

function startServer() {
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  return new Promise<{ origin: string; close: () => Promise<void> }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

let ours: Awaited<ReturnType<typeof startServer>>;
let other: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  ours = await startServer();
  other = await startServer();
});
afterAll(async () => {
  await ours.close();
  await other.close();
});
beforeEach(() => {
  requests = [];
  openTransports = [];
});
afterEach(async () => {
  await Promise.all(openTransports.map((transport) => transport.close()));
});

function open(options: Partial<HttpTransportOptions> = {}, hooks: HttpHooks = {}) {
  const transport = createHttpTransport({ allowHosts: [], trustedOrigins: [ours.origin], ...options });
  openTransports.push(transport);
  return transport.client(hooks);
}

function ask(path = '/api?email=lee@buyer.test', more: Partial<HttpRequest<{ ok: true }>> = {}): HttpRequest<{ ok: true }> {
  return { vendor: 'calendly', url: new URL(path, ours.origin), schema, signal: new AbortController().signal, ...more };
}

function json(response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  // Guaranteed of every failure: nothing secret, no query string.
  expect(`${error.message} ${error.url ?? ''}`).not.toMatch(/secret-token|buyer\.test|\?/);
  return error;
}

describe('a good answer', () => {
  test('is parsed, checked, and asked for without compression', async () => {
    handler = (_request, response) => json(response, { ok: true, more: 'passes' }, 200, { 'content-type': 'application/vnd.api+json; charset=utf-8' });
    await expect(open().getJson(ask())).resolves.toEqual({ ok: true });
    expect(requests[0]?.url).toBe('/api?email=lee@buyer.test');
    expect(requests[0]?.headers['accept-encoding']).toBeUndefined();
  });

  test('connections are kept: many requests one after the other use few sockets', async () => {
    const sockets = new Set<unknown>();
    handler = (request, response) => {
      sockets.add(request.socket);
      json(response, { ok: true });
    };
    const http = open();
    for (let count = 0; count < 10; count += 1) await http.getJson(ask());
    // Two, because a request may start before its predecessor's socket is handed back.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test('a body in many parts is joined before it is decoded', async () => {
    const text = Buffer.from(JSON.stringify({ ok: true, name: 'é'.repeat(1000) }));
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      // Cut inside a two-byte letter.
      const half = text.indexOf('é') + 1;
      response.write(text.subarray(0, half));
      setImmediate(() => response.end(text.subarray(half)));
    };
    const named = z.object({ ok: z.literal(true), name: z.string() });
    const body = await open().getJson({ ...ask(), schema: named });
    expect(body.name).toBe('é'.repeat(1000));
  });

  test('HTML is for getHtml only', async () => {
    handler = (_request, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>hello</p>');
    const { schema: _unused, ...plain } = ask();
    await expect(open().getHtml(plain)).resolves.toBe('<p>hello</p>');
  });
});

describe('a broken answer has a kind', () => {
  const cases: [name: string, kind: ErrorKind, words: RegExp, handler: Handler][] = [
    ['HTML with status 200', 'invalid_response', /HTML page with status 200/, (_q, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['no content type', 'invalid_response', /no content type/, (_q, r) => void r.writeHead(200).end('{"ok":true}')],
    ['JSON cut off within its length', 'invalid_response', /cannot be parsed/, (_q, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":tr')],
    ['an unknown shape', 'invalid_response', /list\.1: /, (_q, r) => json(r, { ok: true, list: [1, 'two'] })],
    ['compression nobody asked for', 'invalid_response', /compressed/, (_q, r) => json(r, { ok: true }, 200, { 'content-encoding': 'gzip' })],
    ['no content', 'invalid_response', /no content type/, (_q, r) => void r.writeHead(204).end()],
    ['a redirect to nowhere', 'invalid_response', /answered 302/, (_q, r) => void r.writeHead(302).end()],
    ['a body that is announced too large', 'invalid_response', /cap of 2000 bytes/, (_q, r) => void r.writeHead(200, { 'content-type': 'application/json', 'content-length': '2001' }).write('{')],
    ['not HTTP', 'invalid_response', /not HTTP/, (q) => void q.socket.end('SSH-2.0-OpenSSH\r\n\r\n')],
    ['a reset before the answer', 'network', /could not be reached/, (q) => void q.socket.resetAndDestroy()],
    ['an end before the answer', 'network', /could not be reached/, (q) => void q.socket.destroy()],
    ['a hang before the answer', 'timeout', /did not begin to answer/, () => undefined],
    [
      'an end in the middle of the body',
      'network',
      /broke off/,
      (q, r) => {
        r.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        r.write('{"ok":', () => q.socket.destroy());
      },
    ],
    [
      'a hang in the middle of the body',
      'timeout',
      /in the middle/,
      (_q, r) => void r.writeHead(200, { 'content-type': 'application/json' }).write('{"ok":'),
    ],
  ];

  test.each(cases)('%s → %s', async (_name, kind, words, respond) => {
    handler = respond;
    const seen: HttpObservation[] = [];
    // Short only where it is to be reached: a busy machine must not turn another failure into a timeout.
    const limitMs = kind === 'timeout' ? 300 : 10_000;
    const http = open({ headersTimeoutMs: limitMs, bodyTimeoutMs: limitMs, maxBodyBytes: 2000 }, { observe: (one) => seen.push(one) });
    const error = await failureOf(http.getJson(ask()));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(words);
    expect(error.url).toBe(`${ours.origin}/api`);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ vendor: 'calendly', host: new URL(ours.origin).host, failed: true });
  });

  test('an endless body is cut off at the cap and its connection closed', async () => {
    const closed = new Promise<void>((resolve) => {
      handler = (request, response) => {
        request.socket.on('close', () => resolve());
        response.writeHead(200, { 'content-type': 'application/json' });
        const pump = (): void => {
          while (!response.destroyed && response.write('[1,2,3,4]'.repeat(1000)));
          if (!response.destroyed) response.once('drain', pump);
        };
        pump();
      };
    });
    const error = await failureOf(open({ maxBodyBytes: 100_000 }).getJson(ask()));
    expect(error.message).toContain('cap of 100000 bytes');
    await closed;
  });

  test('nobody listening → network', async () => {
    const gone = await startServer();
    await gone.close();
    const error = await failureOf(open({ trustedOrigins: [gone.origin] }).getJson({ ...ask(), url: new URL(gone.origin) }));
    expect(error.kind).toBe('network');
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('an error status', () => {
  const statuses: [number, boolean, ErrorKind][] = [
    [400, false, 'rejected_request'],
    [401, true, 'unauthorized'],
    [403, false, 'forbidden'],
    [403, true, 'unauthorized'],
    [404, false, 'not_found'],
    [408, false, 'timeout'],
    [410, false, 'not_found'],
    [422, true, 'rejected_request'],
    [429, true, 'rate_limited'],
    [500, false, 'server_error'],
    [503, false, 'server_error'],
    [504, false, 'timeout'],
  ];
  test.each(statuses)('%i (credential: %s) → %s', async (status, hasCredential, kind) => {
    handler = (_request, response) => json(response, { message: 'No.' }, status);
    const error = await failureOf(open().getJson(ask('/x', hasCredential ? { credential: TOKEN } : {})));
    expect(error).toMatchObject({ kind, status });
    expect(error.message).toContain('No.');
  });

  test('what the provider says is shown without addresses and tokens', async () => {
    handler = (_request, response) => json(response, { title: 'Bad', message: `lee@buyer.test may not use ${TOKEN} at /x?y=1`, details: [{ message: 'must be in the future' }] }, 400);
    const error = await failureOf(open().getJson(ask('/x', { credential: TOKEN })));
    expect(error.message).toContain('[email] may not use [token] at /x; must be in the future');
  });

  test('a long text is left out, a broken or endless error body does not hide the status', async () => {
    handler = (_request, response) => json(response, { message: 'long '.repeat(100) }, 500);
    expect((await failureOf(open().getJson(ask()))).message).toMatch(/answered 500 \([^)]*\)$/);
    handler = (_request, response) => void response.writeHead(429, { 'retry-after': '7' }).write('x'.repeat(300_000));
    expect(await failureOf(open().getJson(ask()))).toMatchObject({ kind: 'rate_limited', retryAfterMs: 7000 });
    handler = (request, response) => {
      response.writeHead(429, { 'retry-after': '8', 'content-length': '50' });
      response.write('{', () => request.socket.destroy());
    };
    expect(await failureOf(open().getJson(ask()))).toMatchObject({ kind: 'rate_limited', retryAfterMs: 8000 });
  });

  test('GoHighLevel: 401 about the Version header is not about the token', async () => {
    handler = (_request, response) => json(response, { statusCode: 401, message: 'version header was not found' }, 401);
    expect((await failureOf(open().getJson(ask('/x', { vendor: 'ghl', credential: TOKEN })))).kind).toBe('rejected_request');
    handler = (_request, response) => json(response, { statusCode: 401, message: 'Invalid token: access token is invalid' }, 401);
    expect((await failureOf(open().getJson(ask('/x', { vendor: 'ghl', credential: TOKEN })))).kind).toBe('unauthorized');
  });
});

describe('the caller', () => {
  function drip(): { closed: Promise<void> } {
    let timer: NodeJS.Timeout;
    const closed = new Promise<void>((resolve) => {
      handler = (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        timer = setInterval(() => response.write(' '), 10);
        request.socket.on('close', () => {
          clearInterval(timer);
          resolve();
        });
      };
    });
    return { closed };
  }

  test('its deadline ends a dripping body as a timeout, and the connection with it', async () => {
    const { closed } = drip();
    const error = await failureOf(open().getJson(ask('/x', { signal: AbortSignal.timeout(100) })));
    expect(error.kind).toBe('timeout');
    await closed;
  });

  test('its own abort is thrown as it is', async () => {
    const { closed } = drip();
    const controller = new AbortController();
    const reason = new Error('the run ends');
    setTimeout(() => controller.abort(reason), 50);
    await expect(open().getJson(ask('/x', { signal: controller.signal }))).rejects.toBe(reason);
    await closed;
  });

  test('an abort before the start sends nothing', async () => {
    const reason = new Error('too late');
    await expect(open().getJson(ask('/x', { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(requests).toHaveLength(0);
  });

  test('an abort while connecting does not wait for the connection', async () => {
    // 192.0.2.0/24 answers nothing, or is refused by this host's own routing: either way no promise hangs.
    const url = new URL('http://192.0.2.1:9/');
    const http = open({ trustedOrigins: [url.origin] });
    const error = await failureOf(http.getJson({ ...ask(), url, signal: AbortSignal.timeout(100) }));
    expect(['timeout', 'network']).toContain(error.kind);
  });

  test('it is asked before each request with a credential, and only then', async () => {
    handler = (_request, response) => json(response, { ok: true }, 200, { 'x-ratelimit-limit': '500' });
    const before: string[] = [];
    const seen: HttpObservation[] = [];
    const http = open({}, { observe: (one) => seen.push(one), beforeRequest: ({ credential }) => Promise.resolve(void before.push(credential)) });
    await http.getJson(ask('/x'));
    await http.getJson(ask('/x', { credential: TOKEN }));
    expect(before).toEqual([TOKEN]);
    expect(requests.map((request) => request.headers.authorization)).toEqual([undefined, `Bearer ${TOKEN}`]);
    expect(seen).toMatchObject([{ failed: false, status: 200, bytes: 11, quotaLimit: 500 }, { failed: false }]);
  });

  test('its deadline during the wait for quota is a timeout, too', async () => {
    const http = open({}, { beforeRequest: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) });
    const error = await failureOf(http.getJson(ask('/x', { credential: TOKEN, signal: AbortSignal.timeout(20) })));
    expect(error.kind).toBe('timeout');
    expect(requests).toHaveLength(0);
  });
});

describe('redirects', () => {
  test('within the origin are followed with the credential', async () => {
    handler = (request, response) => {
      if (request.url === '/new') json(response, { ok: true });
      else response.writeHead(301, { location: '/new' }).end();
    };
    await expect(open().getJson(ask('/old', { credential: TOKEN }))).resolves.toEqual({ ok: true });
    expect(requests.map((request) => request.headers.authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  });

  test('to another origin lose the credential for good', async () => {
    handler = (request, response) => {
      if (request.url === '/there') response.writeHead(302, { location: `${ours.origin}/back` }).end();
      else if (request.url === '/back') json(response, { ok: true });
      else response.writeHead(302, { location: `${other.origin}/there` }).end();
    };
    const http = open({ allowHosts: [new URL(other.origin).host, new URL(ours.origin).host] });
    await expect(http.getJson(ask('/old', { credential: TOKEN }))).resolves.toEqual({ ok: true });
    expect(requests.map((request) => request.headers.authorization)).toEqual([`Bearer ${TOKEN}`, undefined, undefined]);
  });

  const forbidden = ['http://127.0.0.1:9/', 'https://127.0.0.1/', 'https://[::ffff:10.0.0.1]/', 'https://2130706433/', 'https://metadata.google.internal/', 'http://example.com/', 'file:///etc/passwd'];
  test.each(forbidden)('from a provider to %s are refused', async (location) => {
    handler = (_request, response) => void response.writeHead(302, { location }).end();
    const error = await failureOf(open().getJson(ask()));
    expect(error.kind).toBe('blocked_address');
  });

  test('to another trusted origin at a private address are refused, too', async () => {
    handler = (_request, response) => void response.writeHead(302, { location: other.origin }).end();
    const error = await failureOf(open({ trustedOrigins: [ours.origin, other.origin] }).getJson(ask()));
    expect(error.kind).toBe('blocked_address');
    expect(requests).toHaveLength(1);
  });

  test('in a circle, or without end, are an invalid response', async () => {
    handler = (request, response) => void response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    expect((await failureOf(open().getJson(ask('/a')))).message).toContain('in a circle');
    handler = (request, response) => void response.writeHead(302, { location: `${request.url ?? ''}x` }).end();
    const error = await failureOf(open().getJson(ask('/a')));
    expect(error).toMatchObject({ kind: 'invalid_response' });
    expect(error.message).toContain('more than 3 times');
  });
});

describe('a guarded request', () => {
  test('never reaches a private address, even one that is trusted for the provider', async () => {
    const error = await failureOf(open().getJson(ask('/x', { guarded: true })));
    expect(error.kind).toBe('blocked_address');
    expect(requests).toHaveLength(0);
  });

  test('reaches a host that is allowed by name and port, over http', async () => {
    handler = (_request, response) => json(response, { ok: true });
    await expect(open({ allowHosts: [new URL(ours.origin).host] }).getJson(ask('/x', { guarded: true }))).resolves.toEqual({ ok: true });
    await expect(open({ allowHosts: ['127.0.0.1'] }).getJson(ask('/x', { guarded: true }))).resolves.toEqual({ ok: true });
    const error = await failureOf(open({ allowHosts: ['127.0.0.1:1'] }).getJson(ask('/x', { guarded: true })));
    expect(error.kind).toBe('blocked_address');
  });
});
