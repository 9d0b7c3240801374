import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GET as getDocument } from '@/app/api/openapi.json/route';
import { availabilityParameters } from '@/lib/reader/availability';
import { bookingBody, cancelParameters } from '@/lib/reader/bookings';
import { changesParameters } from '@/lib/reader/changes';
import { followUpBody } from '@/lib/reader/followups';
import { createDb } from '@/lib/db';
import { pause } from '@/lib/workspaces';
import { createTestApi, hours, iso, type CallOptions, type TestApi } from './api';
import { validate } from './json-schema';

interface Parameter { name: string; in: string; required: boolean; schema: Record<string, unknown> }
interface Answer { headers?: Record<string, { required?: boolean; schema: Record<string, unknown> }>; content?: Record<string, { schema: Record<string, unknown> }> }
interface Operation { parameters: Parameter[]; requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }; responses: Record<string, Answer> }
type Document = Record<string, unknown> & { openapi: string; paths: Record<string, Record<string, Operation>> };

let api: TestApi;
let document: Document;
const SLOTS = hours(4);
const W = '/api/availability/{workspaceId}';
const FEED = '/api/availability';
const BOOKING = '/api/bookings/{externalId}';
const FOLLOW_UPS = '/api/followups';
const FOLLOW_UP = {
  workspaceId: 'w', leadEmail: 'pat@lead.test', dueAt: '2027-03-01T09:00:00Z', channel: 'webhook', template: 'Would {{options}} work?', externalId: 'f-1', leadTimezone: 'Europe/Berlin',
};
const BODY = { workspaceId: 'w', leadEmail: 'pat@lead.test', startsAt: iso(SLOTS[0] ?? 0), endsAt: iso(SLOTS[1] ?? 0), source: 'cal.com' };

beforeAll(async () => {
  api = await createTestApi();
  for (const id of ['w', 'new', 'paused', 'empty', 'bare']) await api.addWorkspace(id);
  await api.storeSlots('w', SLOTS);
  await api.storeSlots('empty', []);
  await pause(api.db, 'paused', new Date());
  await api.db.calendarLink.deleteMany({ where: { clientId: 'bare' } });
  document = (await getDocument().json()) as Document;
});
afterAll(async () => { await api.close(); });
beforeEach(() => api.restKeys());

function operation(path: string, method: string): Operation {
  const found = document.paths[path]?.[method.toLowerCase()];
  if (!found) throw new Error(`${method} ${path} is not documented`);
  return found;
}

const covered = new Set<string>();

/** Everything that differs between a real answer and what the document says of it. */
async function problemsOf(path: string, method: string, response: Response): Promise<string[]> {
  const name = `${method} ${path} ${response.status}`;
  const documented = operation(path, method).responses[response.status];
  if (!documented) return [`${name} is not documented`];
  covered.add(name);
  const headers = Object.entries(documented.headers ?? {}).flatMap(([header, { required, schema }]) => {
    const value = response.headers.get(header);
    if (value === null) return required ? [`${name}: the header ${header} is missing`] : [];
    return validate(schema, schema.type === 'integer' ? Number(value) : value, `${name} ${header}`, document);
  });
  const undocumented = [...response.headers.keys()].filter((header) => !(header in (documented.headers ?? {})) && !['content-type', 'cache-control', 'vary'].includes(header));
  const text = await response.text();
  if (!documented.content) return [...headers, ...undocumented, ...(text === '' ? [] : [`${name} has a body`])];
  const schema = documented.content[response.headers.get('content-type') ?? '']?.schema;
  if (!schema) return [`${name}: ${response.headers.get('content-type') ?? 'no type'} is not documented`];
  return [...headers, ...undocumented, ...validate(schema, JSON.parse(text), name, document)];
}

const CASES: [string, string, number, string, CallOptions][] = [
  [W, 'GET', 200, '/api/availability/w', {}], [W, 'GET', 200, '/api/availability/w?tz=Asia/Kolkata&limit=2', {}],
  [W, 'GET', 200, '/api/availability/new', {}], [W, 'GET', 200, '/api/availability/paused', {}], [W, 'GET', 200, '/api/availability/empty', {}], [W, 'GET', 200, '/api/availability/bare', {}],
  [W, 'GET', 304, '/api/availability/w', { headers: { 'if-none-match': '*' } }], [W, 'GET', 304, '/api/availability/new', { headers: { 'if-none-match': '*' } }],
  [W, 'GET', 400, '/api/availability/w?limit=0', {}], [W, 'GET', 401, '/api/availability/w', { key: null }], [W, 'GET', 404, '/api/availability/none', {}],
  [FEED, 'GET', 200, '/api/availability', {}], [FEED, 'GET', 200, '/api/availability?limit=1', {}], [FEED, 'GET', 400, '/api/availability?changedSince=x', {}], [FEED, 'GET', 401, '/api/availability', { key: '' }],
  [BOOKING, 'PUT', 201, '/api/bookings/1', { body: BODY }], [BOOKING, 'PUT', 200, '/api/bookings/1', { body: { ...BODY, leadEmail: null } }],
  [BOOKING, 'PUT', 400, '/api/bookings/1', { body: {} }], [BOOKING, 'PUT', 401, '/api/bookings/1', { body: BODY, key: null }], [BOOKING, 'PUT', 404, '/api/bookings/1', { body: { ...BODY, workspaceId: 'none' } }],
  [BOOKING, 'DELETE', 200, '/api/bookings/1?source=cal.com&workspaceId=w', {}], [BOOKING, 'DELETE', 400, '/api/bookings/1?x=1', {}],
  [BOOKING, 'DELETE', 401, '/api/bookings/1', { key: null }], [BOOKING, 'DELETE', 404, '/api/bookings/2', {}],
  [FOLLOW_UPS, 'POST', 201, '/api/followups', { body: FOLLOW_UP }], [FOLLOW_UPS, 'POST', 200, '/api/followups', { body: FOLLOW_UP }], [FOLLOW_UPS, 'POST', 400, '/api/followups', { body: {} }],
  [FOLLOW_UPS, 'POST', 401, '/api/followups', { body: FOLLOW_UP, key: null }], [FOLLOW_UPS, 'POST', 404, '/api/followups', { body: { ...FOLLOW_UP, workspaceId: 'none' } }],
];
const ROUTES: [string, 'GET' | 'PUT' | 'POST' | 'DELETE', string, CallOptions][] = [
  [W, 'GET', '/api/availability/w', {}], [FEED, 'GET', '/api/availability', {}], [BOOKING, 'PUT', '/api/bookings/1', { body: BODY }], [BOOKING, 'DELETE', '/api/bookings/1', {}],
  [FOLLOW_UPS, 'POST', '/api/followups', { body: FOLLOW_UP }],
];

describe('the document and the real answers', () => {
  it('is OpenAPI 3.1, public, and every reference leads somewhere', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    for (const [ref] of JSON.stringify(document).matchAll(/"\$ref":"[^"]+"/g)) {
      const { $ref } = JSON.parse(`{${ref}}`) as { $ref: string };
      expect(() => validate({ $ref }, null, '', document)).not.toThrow();
    }
  });

  it.each(CASES)('%s %s %i: %s', async (path, method, status, address, options) => {
    const response = await api.call(address, { ...options, method: method as CallOptions['method'] });
    expect(response.status).toBe(status);
    expect(await problemsOf(path, method, response)).toEqual([]);
  });

  it.each(ROUTES)('%s %s: 405, 429, 500 and 503', async (path, method, address, options) => {
    const check = async (status: number, response: Response): Promise<void> => {
      expect(response.status).toBe(status);
      expect(await problemsOf(path, method, response)).toEqual([]);
    };
    await check(405, await api.call(address, { ...options, method: 'PATCH' }));
    await api.db.$executeRaw`UPDATE "ApiKey" SET "nextFreeAt" = clock_timestamp() + interval '1 hour'`;
    await check(429, await api.call(address, { ...options, method }));
    const [real, gone] = [api.deps.db, createDb('postgresql://127.0.0.1:1/x')];
    api.deps.db = gone;
    await check(503, await api.call(address, { ...options, method }));
    api.deps.db = null as unknown as typeof real;
    await check(500, await api.call(address, { ...options, method }));
    api.deps.db = real;
    await gone.$disconnect();
  });

  it('every documented answer was seen above', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`)));
    expect(documented.filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('the document and what the routes take', () => {
  it.each([
    [W, 'get', availabilityParameters.shape], [FEED, 'get', changesParameters.shape], [BOOKING, 'put', {}], [BOOKING, 'delete', cancelParameters.shape], [FOLLOW_UPS, 'post', {}],
  ])('%s %s: the same parameters', (path, method, shape) => {
    const { parameters } = operation(path, method);
    expect(parameters.filter((one) => one.in === 'query').map(({ name }) => name).sort()).toEqual(Object.keys(shape).sort());
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(inPath);
  });

  it.each([[W, '/api/availability/w'], [FEED, '/api/availability']])('%s: the bounds of limit are the real ones', async (path, address) => {
    const schema = operation(path, 'get').parameters.find(({ name }) => name === 'limit')?.schema ?? {};
    for (const limit of [Number(schema.minimum) - 1, Number(schema.minimum), Number(schema.maximum), Number(schema.maximum) + 1]) {
      const { status } = await api.call(`${address}?limit=${limit}`);
      expect(status).toBe(validate(schema, limit, '', document).length === 0 ? 200 : 400);
    }
  });

  it('the body of a booking: what the document refuses is refused, what it takes is taken', () => {
    const schema = operation(BOOKING, 'put').requestBody?.content['application/json']?.schema ?? {};
    const variants: unknown[] = [
      BODY, { ...BODY, leadEmail: null }, { ...BODY, leadEmail: 'x' }, { ...BODY, source: 'a b' }, { ...BODY, source: 'A.b-c' }, { ...BODY, workspaceId: '' },
      { ...BODY, startsAt: '2027' }, { ...BODY, more: 1 }, [], ...Object.keys(BODY).map((name) => ({ ...BODY, [name]: undefined })),
    ];
    for (const variant of variants) {
      const sent: unknown = JSON.parse(JSON.stringify(variant));
      expect([sent, validate(schema, sent, 'body', document).length === 0]).toEqual([sent, bookingBody.safeParse(sent).success]);
    }
  });

  it('the body of a follow-up: what the document refuses is refused, what it takes is taken', () => {
    const schema = operation(FOLLOW_UPS, 'post').requestBody?.content['application/json']?.schema ?? {};
    const variants: unknown[] = [
      FOLLOW_UP, { ...FOLLOW_UP, leadEmail: 'x' }, { ...FOLLOW_UP, channel: 'fax' }, { ...FOLLOW_UP, workspaceId: '' }, { ...FOLLOW_UP, dueAt: '2027' }, { ...FOLLOW_UP, more: 1 }, [],
      { ...FOLLOW_UP, thread: { replyId: 5, replyAll: true } }, { ...FOLLOW_UP, thread: ['a'] }, { ...FOLLOW_UP, thread: null }, ...Object.keys(FOLLOW_UP).map((name) => ({ ...FOLLOW_UP, [name]: undefined })),
    ];
    for (const variant of variants) {
      const sent: unknown = JSON.parse(JSON.stringify(variant));
      expect([sent, validate(schema, sent, 'body', document).length === 0]).toEqual([sent, followUpBody.safeParse(sent).success]);
    }
  });
});
