/** Queries, bodies and addresses of every route, of any content: 4xx with its problem named, never a 500, and nothing of them is kept. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseListFilter } from '@/lib/console/filter';
import { listConsoleWorkspaces, matchingIds } from '@/lib/console/workspace-list';
import { createFirstTouchJob } from '@/lib/cron/first-touch-job';
import { createFollowUpsJob } from '@/lib/cron/followups-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { makeWebhookPath } from '@/lib/followups';
import { createHttpTransport } from '@/lib/providers/http';
import { emailBisonWebhook } from '@/lib/webhooks/route';
import { createTestCache, type TestCache } from '../../support/cache';
import { encoded, forAll, mutated, nastyText, wellFormed } from '../../support/fuzz';
import { createTestApi, type CallOptions, type TestApi } from '../reader/api';
import { AUTHORISED, routeOver, SECRET } from '../route/hit';
import { fixtureText } from '../../unit/providers/hubspot-ghl-stub-client';

let api: TestApi;
let cache: TestCache;
beforeAll(async () => {
  [api, cache] = await Promise.all([createTestApi(), createTestCache()]);
});
afterAll(async () => { await Promise.all([api.close(), cache.close()]); });

const name = fc.oneof(fc.constantFrom('from', 'to', 'limit', 'tz', 'changedSince', 'workspaceId', 'clientId', 'source', 'mode', 'timeBudgetMs', 'concurrency', 'dryRun', '__proto__', 'constructor'), nastyText);
const value = fc.oneof(nastyText, fc.constantFrom('2027-03-01T09:00:00Z', '1', '10', '5000', 'due', 'a-home', 'b-home', 'UTC', 'Europe/Berlin', 'true', '%00', '-1', '1e9', '99999999999999999999'));
const query = fc.array(fc.tuple(name, value), { maxLength: 4 }).chain((pairs) => fc.oneof(fc.constant(new URLSearchParams(pairs.map(([k, v]) => [wellFormed(k), wellFormed(v)])).toString()), fc.constant(pairs.map((pair) => pair.join('=')).join('&'))));
const segment = fc.oneof(nastyText.map((text) => encodeURIComponent(wellFormed(text))), nastyText, fc.constantFrom('a-home', 'b-home', '%', '%00', '%ff', '%2f..%2f', 'x'.repeat(6_000)));

let calls = 0;
/** @returns a request that can be made at all, or undefined */
async function call(path: string, options: CallOptions = {}): Promise<Response | undefined> {
  if (!URL.canParse(path, 'https://app.test') || new URL(path, 'https://app.test').host !== 'app.test' || !new URL(path, 'https://app.test').pathname.startsWith('/api/')) return undefined;
  calls += 1;
  if (calls % 50 === 0) await api.restKeys();
  return await api.call(path, options);
}

async function expectProblem(response: Response | undefined, good: number[]): Promise<void> {
  if (response === undefined || good.includes(response.status)) return;
  expect([400, 401, 404]).toContain(response.status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const text = await response.text();
  expect(text.length).toBeLessThan(60_000);
  expect(() => JSON.parse(text) as unknown).not.toThrow();
}

const booking = JSON.stringify({ workspaceId: 'a-home', leadEmail: 'lee@buyer.example', startsAt: '2027-03-01T09:00:00Z', endsAt: '2027-03-01T09:30:00Z', source: 'api' });
const followUp = JSON.stringify({ workspaceId: 'a-home', leadEmail: 'lee@buyer.example', leadFirstName: 'Lee', dueAt: '2027-03-01T09:00:00Z', channel: 'webhook', thread: { a: 1 }, template: 'Would {{options}} work?', externalId: 'x' });
const body = (good: string): fc.Arbitrary<Buffer> => encoded(fc.oneof({ weight: 6, arbitrary: mutated(good) }, fc.constantFrom('', 'null', '[]', '"x"', '{', `{"thread":${'['.repeat(8_000)}${']'.repeat(8_000)}}`, `${good.slice(0, -1)},"thread":${'['.repeat(7_000)}${']'.repeat(7_000)}}`, ' '.repeat(20_000), good.repeat(200))));

describe('the reader API', () => {
  it('answers any query and address with slots or a problem that names the field', async () => {
    await forAll(0.012, fc.tuple(segment, query, nastyText), async ([id, search, tag]) => {
      let headers: Record<string, string> = { 'if-none-match': tag };
      try { new Headers(headers); } catch { headers = {}; }
      await expectProblem(await call(`/api/availability/${id}?${search}`, { headers }), [200, 304]);
      await expectProblem(await call(`/api/availability?${search}`), [200]);
    });
  });

  it('answers any booking with the booking or a problem that names the field', async () => {
    await forAll(0.012, fc.tuple(segment, body(booking), query), async ([id, bytes, search]) => {
      await expectProblem(await call(`/api/bookings/${id}`, { method: 'PUT', body: new Uint8Array(bytes) }), [200, 201]);
      await expectProblem(await call(`/api/bookings/${id}?${search}`, { method: 'DELETE' }), [200]);
    });
  });

  it('answers any follow-up with the follow-up or a problem that names the field', async () => {
    await forAll(0.012, body(followUp), async (bytes) => {
      await expectProblem(await call('/api/followups', { method: 'POST', body: new Uint8Array(bytes) }), [200, 201]);
    });
  });

  it('answers any authorization with 401', async () => {
    await forAll(0.008, fc.oneof(nastyText, nastyText.map((text) => `Bearer ${text}`), fc.constant(`Bearer ${'a'.repeat(100_000)}`), fc.stringMatching(/^Bearer avk_[\w-]{43}$/)), async (authorization) => {
      try { new Headers({ authorization }); } catch { return; }
      const response = await api.call('/api/availability', { key: null, headers: { authorization } });
      expect(response.status).toBe(401);
    });
  });
});

describe('the cron routes', () => {
  it.each(['availability', 'first-touch', 'followups'])('%s answers any query with its report or a 400 that names the parameter', async (job) => {
    const context = { db: () => cache.db, env: () => ({ ...cache.env, CRON_SECRET: SECRET }) };
    const idle = { db: cache.db, transport: cache.context.transport as never, maxAgeMs: 900_000, credentialsKey: undefined, random: Math.random };
    const routes: Record<string, (search: string) => Promise<{ status: number; body: Record<string, unknown> }>> = {
      availability: routeOver(cache),
      'first-touch': async (search) => await answerOf(cronRoute(createFirstTouchJob(() => { throw new Error('nothing to do here'); }), context), search),
      followups: async (search) => await answerOf(cronRoute(createFollowUpsJob(() => idle), context), search),
    };
    const corpus = ['workspaceId=%00', 'clientId=a%00b', 'workspaceId=%ff%fe', `workspaceId=${'x'.repeat(201)}`, 'workspaceId=', 'timeBudgetMs=%00', 'mode=due&mode=due', '__proto__=1', 'constructor=1', '%00=1'];
    await forAll(0.006, fc.oneof(query, fc.constantFrom(...corpus)), async (search) => {
      const { status, body: answer } = (await routes[job]?.(search)) ?? { status: 0, body: {} };
      // A first-touch run that gets as far as its work has good parameters.
      expect(job === 'first-touch' ? [400, 503] : [200, 400, 404]).toContain(status);
      if (status === 400) expect(answer).toMatchObject({ success: false, error: 'bad_parameter', parameter: expect.any(String) as unknown });
    });
  });
});

async function answerOf(get: (request: Request) => Promise<Response>, search: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await get(new Request(`https://app.example/x?${search}`, { headers: AUTHORISED }));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("the console's list", () => {
  it('is asked for with any filter, and answers', async () => {
    const names = fc.constantFrom('q', 'agency', 'provider', 'state', 'sort', 'dir', 'page');
    const values = fc.oneof(nastyText, fc.constantFrom('%', '_', '\\', "'", 'home', 'fresh', 'calendly', 'name', 'slots', '99999'));
    await forAll(0.008, fc.array(fc.tuple(names, values), { maxLength: 5 }), async (pairs) => {
      const filter = parseListFilter(Object.fromEntries(pairs));
      expect(Array.isArray(await matchingIds(api.db, filter, { maxAgeMs: 900_000, timeoutMs: 5_000 }))).toBe(true);
      await listConsoleWorkspaces(api.db, filter, { maxAgeMs: 900_000, timeoutMs: 5_000 });
    });
  });
});

describe("EmailBison's webhook", () => {
  it('answers any address and payload: only a reply that is verified is acted on', async () => {
    const token = (await makeWebhookPath(api.db, 'a-home')).split('/').at(-1) ?? '';
    const transport = createHttpTransport({ allowHosts: [], trustedOrigins: [] });
    const deps = { db: api.db, http: transport.apiClient(), credentialsKey: undefined };
    await forAll(0.01, fc.tuple(fc.oneof(fc.constant(token), nastyText), body(fixtureText('emailbison/webhook-lead-replied.json'))), async ([address, bytes]) => {
      const request = new Request('https://app.test/api/webhooks/emailbison/x', { method: 'POST', body: new Uint8Array(bytes) });
      const response = await emailBisonWebhook(request, address, () => deps);
      // No token of the workspace is stored: a well-formed reply cannot be verified.
      expect([200, 400, 404, 503]).toContain(response.status);
      if (address !== token) expect(response.status).toBe(404);
    });
    await transport.close();
    expect(await api.db.webhookEvent.count()).toBe(0);
  });
});
