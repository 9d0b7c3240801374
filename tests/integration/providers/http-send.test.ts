import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProviderError } from '@/lib/providers/errors';
import { createHttpTransport } from '@/lib/providers/http';
import type { ApiRequest, ApiTransport } from '@/lib/providers/types';

const TOKEN = 'secret-token-0123456789abcdef';
const schema = z.object({ ok: z.literal(true) });

interface Received { method: string; url: string; type: string | undefined; body: string }

let server: Server;
let origin: string;
let received: Received[];
let handler: (request: IncomingMessage, response: ServerResponse) => void;
let transport: ApiTransport;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      received.push({ method: request.method ?? '', url: request.url ?? '', type: request.headers['content-type'], body: Buffer.concat(parts).toString() });
      handler(request, response);
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
});
beforeEach(() => {
  received = [];
  transport = createHttpTransport({ allowHosts: [new URL(origin).host], trustedOrigins: [] });
});
afterEach(async () => { await transport.close(); });

const ask = (more: Partial<ApiRequest<{ ok: true }>> = {}): ApiRequest<{ ok: true }> => ({
  vendor: 'emailbison', method: 'PATCH', url: new URL('/api/leads/900', origin), body: { custom_variables: [] }, schema, credential: TOKEN, guarded: true, signal: new AbortController().signal, ...more,
});
const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
const failureOf = async (promise: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await promise.then(() => new Error('nothing was thrown'), (reason: unknown) => reason);
  if (!(error instanceof ProviderError)) throw error;
  expect(error.message).not.toMatch(/secret-token|buyer\.test/);
  return error;
};

describe('a write', () => {
  it.each(['PATCH', 'POST'] as const)('%s carries its JSON body, once', async (method) => {
    handler = (_request, response) => answer(response, 200, { ok: true });
    expect(await transport.apiClient().send(ask({ method }))).toEqual({ ok: true });
    expect(received).toEqual([{ method, url: '/api/leads/900', type: 'application/json', body: '{"custom_variables":[]}' }]);
  });

  it.each([301, 302, 303, 307, 308])('a redirect %i of a write is a failure and is not followed', async (status) => {
    handler = (_request, response) => response.writeHead(status, { location: `${origin}/elsewhere` }).end();
    expect((await failureOf(transport.apiClient().send(ask()))).kind).toBe('invalid_response');
    expect(received).toHaveLength(1);
  });

  it('is never sent twice: not after a lost connection, nor a server error', async () => {
    handler = (request) => { request.socket.destroy(); };
    expect((await failureOf(transport.apiClient().send(ask({ method: 'POST' })))).kind).toBe('network');
    handler = (_request, response) => answer(response, 500, { message: 'Server Error' });
    expect((await failureOf(transport.apiClient().send(ask({ method: 'POST' })))).kind).toBe('server_error');
    expect(received).toHaveLength(2);
  });

  it('is refused where a user-given host is not a public https address, before anything is sent', async () => {
    const guarded = createHttpTransport({ allowHosts: [], trustedOrigins: [] });
    for (const url of [origin, 'https://127.0.0.1', 'https://10.0.0.1', 'http://send.acme.example', 'https://localhost', 'https://169.254.169.254']) {
      expect((await failureOf(guarded.apiClient().send(ask({ url: new URL('/api/leads/900', url) })))).kind).toBe('blocked_address');
    }
    await guarded.close();
    expect(received).toHaveLength(0);
  });

  it('a GET carries no body, and the deadline ends it', async () => {
    handler = (_request, response) => answer(response, 200, { ok: true });
    await transport.apiClient().send(ask({ method: 'GET' }));
    expect(received[0]).toMatchObject({ method: 'GET', type: undefined, body: '' });
    handler = () => undefined;
    expect((await failureOf(transport.apiClient().send(ask({ signal: AbortSignal.timeout(50) })))).kind).toBe('timeout');
  });
});

describe("EmailBison's errors", () => {
  it.each([
    ['400 with data', 400, { data: { success: false, message: 'Record not found', record_not_found: true } }, 'rejected_request', 'Record not found'],
    ['404 with data', 404, { data: { success: false, message: 'Record not found' } }, 'not_found', 'Record not found'],
    ['422 of Laravel', 422, { message: 'The name has already been taken.', errors: { name: ['The name has already been taken.'] } }, 'rejected_request', 'The name has already been taken.'],
    ['401 with error', 401, { error: 'Unauthenticated' }, 'unauthorized', 'Unauthenticated'],
    ['401 with message', 401, { message: 'Unauthenticated.' }, 'unauthorized', 'Unauthenticated.'],
    ['one that quotes a person and the token', 422, { message: `lee@buyer.test and ${TOKEN}` }, 'rejected_request', '[email]'],
  ])('%s', async (_name, status, body, kind, said) => {
    handler = (_request, response) => answer(response, status, body);
    const failure = await failureOf(transport.apiClient().send(ask()));
    expect(failure).toMatchObject({ kind, status });
    expect(failure.message).toContain(said);
  });

  it('429 says how long to wait', async () => {
    handler = (_request, response) => answer(response, 429, { message: 'Too Many Attempts.' }, { 'retry-after': '7' });
    expect(await failureOf(transport.apiClient().send(ask()))).toMatchObject({ kind: 'rate_limited', retryAfterMs: 7_000 });
  });
});
