/** Bodies of 50 MB, in both directions, over real HTTP and as streams: refused early, and not held in memory. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeWebhookPath } from '@/lib/followups';
import { ProviderError } from '@/lib/providers/errors';
import { createHttpTransport, DEFAULT_MAX_BODY_BYTES } from '@/lib/providers/http';
import type { ApiTransport } from '@/lib/providers/types';
import { emailBisonWebhook } from '@/lib/webhooks/route';
import { collectGarbage } from '../../support/fuzz';
import { createTestApi, ORIGIN, type TestApi } from '../reader/api';
import { bookingRoute, followUpsRoute } from '@/lib/reader/routes';

const MB = 1024 * 1024;
const SIZE = 50 * MB;
const CHUNK = Buffer.alloc(64 * 1024, 0x20);
/** What the kernel takes from a sender (Linux: at most 4 MB), and a chunk in the stream on each side. */
const IN_FLIGHT = 4 * MB + 2 * CHUNK.length;

let server: Server;
let sent = 0;
let transport: ApiTransport;
let api: TestApi;

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const headers: Record<string, string> = { 'content-type': url.searchParams.get('type') ?? 'application/json' };
    if (url.searchParams.has('length')) headers['content-length'] = String(SIZE);
    response.writeHead(Number(url.searchParams.get('status') ?? 200), headers);
    sent = 0;
    const write = (): void => {
      while (sent < SIZE && !response.destroyed) {
        sent += CHUNK.length;
        if (!response.write(CHUNK)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    response.on('error', () => undefined);
    write();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  transport = createHttpTransport({ allowHosts: [], trustedOrigins: [`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`] });
  api = await createTestApi();
});
afterAll(async () => {
  await Promise.all([transport.close(), api.close()]);
  server.closeAllConnections();
  server.close();
});

const url = (query: string): URL => new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/?${query}`);
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

describe('a provider that answers with 50 MB', () => {
  it.each([
    ['JSON without its length', '', 'invalid_response', DEFAULT_MAX_BODY_BYTES],
    ['JSON with its length', 'length', 'invalid_response', 0],
    ['an error', 'status=500', 'server_error', 64 * 1024],
    ['a refusal with its length', 'status=401&length', 'unauthorized', 0],
  ])('%s is cut off where the cap is', async (_name, query, kind, cap) => {
    let received = 0;
    const client = transport.client({ observe: ({ bytes }) => { received += bytes; } });
    const call = client.getJson({ vendor: 'ghl', url: url(query), schema: z.unknown(), signal: signal() });
    await expect(call).rejects.toMatchObject({ name: 'ProviderError', kind });
    expect(received).toBeLessThanOrEqual(cap === 0 ? 0 : cap + CHUNK.length);
    expect(sent).toBeLessThan(cap + IN_FLIGHT);
  });

  it('a page likewise, again and again, and memory stays where it was', async () => {
    // The errors themselves are let go, too: a matcher would keep them.
    const kindOf = async (): Promise<unknown> => await transport.client().getHtml({ vendor: 'ghl', url: url('type=text/html'), signal: signal() }).then(() => 'answered', (error: unknown) => (error instanceof ProviderError ? error.kind : error));
    const kinds = new Set([await kindOf()]);
    await setImmediate();
    collectGarbage();
    const before = process.memoryUsage();
    for (let turn = 0; turn < 15; turn += 1) kinds.add(await kindOf());
    await setImmediate();
    collectGarbage();
    const after = process.memoryUsage();
    expect(kinds).toEqual(new Set(['invalid_response']));
    // The last may still be on its way out.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 * DEFAULT_MAX_BODY_BYTES);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(DEFAULT_MAX_BODY_BYTES);
  });
});

describe('a caller who sends 50 MB', () => {
  function endless(): { body: ReadableStream<Uint8Array>; pulled: () => number } {
    let bytes = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        bytes += CHUNK.length;
        controller.enqueue(new Uint8Array(CHUNK));
        if (bytes >= SIZE) controller.close();
      },
    });
    return { body, pulled: () => bytes };
  }
  const request = (method: string, path: string, body: ReadableStream<Uint8Array>): Request =>
    new Request(`${ORIGIN}${path}`, { method, body, duplex: 'half', headers: { authorization: `Bearer ${api.keys.a}` } } as RequestInit);

  it.each([['PUT', '/api/bookings/x'], ['POST', '/api/followups']])('%s %s is refused after the first 16 KB', async (method, path) => {
    const { body, pulled } = endless();
    const handler = method === 'PUT' ? bookingRoute(() => api.deps).PUT : followUpsRoute(() => api.deps).POST;
    const response = await handler(request(method, path, body));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field: 'body' }] });
    expect(pulled()).toBeLessThan(1 * MB);
  });

  it('the webhook is refused after its first 1 MB, and an unknown address unread', async () => {
    const token = (await makeWebhookPath(api.db, 'a-home')).split('/').at(-1) ?? '';
    const deps = { db: api.db, http: transport.apiClient(), credentialsKey: undefined };
    const known = endless();
    expect((await emailBisonWebhook(request('POST', '/api/webhooks/emailbison/x', known.body), token, () => deps)).status).toBe(413);
    expect(known.pulled()).toBeLessThan(2 * MB);
    const unknown = endless();
    expect((await emailBisonWebhook(request('POST', '/api/webhooks/emailbison/x', unknown.body), 'nobody', () => deps)).status).toBe(404);
    expect(unknown.pulled()).toBeLessThan(1 * MB);
  });
});
