/** The API over a database of its own: its routes as handlers, and two agencies with keys and workspaces. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDb, Prisma, type Db } from '@/lib/db';
import { parseEnv } from '@/lib/env';
import type { ApiDeps } from '@/lib/reader/api-route';
import { addApiKey } from '@/lib/reader/keys';
import { availabilityRoute, bookingRoute, changesRoute, followUpsRoute } from '@/lib/reader/routes';
import { createContext } from '@/lib/refresh/context';
import { startPostgres } from '../../../scripts/local/postgres';
import { migrate } from '../../../scripts/migrate';
import { addWorkspace } from '../../support/cache';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { itemOf, store, success } from '../refresh/writes';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const ORIGIN = 'https://app.test';

/** Nothing listens there: a reader that called a calendar would fail. */
const UNREACHABLE = 'http://127.0.0.1:1';

export interface TestApi {
  db: Db;
  url: string;
  deps: ApiDeps;
  /** Keys by agency. */
  keys: { a: string; b: string };
  /** Adds a workspace of the agency; returns its id. */
  addWorkspace: (id: string, agencyId?: string) => Promise<string>;
  /** A successful reading that began at `beganAt`, default now: the slots as epoch milliseconds. */
  storeSlots: (workspaceId: string, slots: readonly number[], beganAt?: number) => Promise<void>;
  /** Calls the handler of the address with the key of an agency, a text as key, or none. */
  call: (path: string, options?: CallOptions) => Promise<Response>;
  /** As many tokens as a key has after a rest. */
  restKeys: () => Promise<void>;
  /** Statements of the API since the last question. */
  statements: () => number;
  close: () => Promise<void>;
}

export interface CallOptions {
  key?: string | null;
  method?: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a text or bytes. */
  body?: unknown;
}

/** @param options.alone on a server of its own: the change feed waits for transactions of every database of a server */
export async function createTestApi(options: { alone?: boolean } = {}): Promise<TestApi> {
  const database = options.alone ? await createServer() : await createTestDatabase();
  const db = createDb(database.url, { poolMax: 8 });
  let statements = 0;
  const counted = db.$extends({ query: { $allOperations: ({ args, query }) => { statements++; return query(args); } } }) as unknown as Db;
  const env = parseEnv({
    DATABASE_URL: database.url, LOG_LEVEL: 'silent',
    CALENDLY_BOOKING_ORIGIN: UNREACHABLE, CALENDLY_API_ORIGIN: UNREACHABLE, HUBSPOT_MEETINGS_ORIGIN: UNREACHABLE, GHL_BACKEND_ORIGIN: UNREACHABLE,
  });
  const context = createContext(env, counted);
  const deps: ApiDeps = { db: counted, context };
  const routes = { availability: availabilityRoute(() => deps), changes: changesRoute(() => deps), booking: bookingRoute(() => deps), followUps: followUpsRoute(() => deps) };

  const add = (id: string, agencyId = 'agency-a'): Promise<string> => addWorkspace(db, { id, agencyId, url: `https://calendly.com/${id}/intro`, type: 'calendly' });
  await Promise.all([add('a-home'), add('b-home', 'agency-b')]);
  const keys = { a: (await addApiKey(db, 'agency-a')).key, b: (await addApiKey(db, 'agency-b')).key };

  return {
    db, deps, keys, url: database.url,
    addWorkspace: add,
    storeSlots: async (workspaceId, slots, beganAt = Date.now()) => {
      const [stored] = await store(db, success(await itemOf({ ...context, db }, workspaceId), beganAt, slots));
      if (stored?.outcome !== 'changed' && stored?.outcome !== 'unchanged') throw new Error(`not stored: ${stored?.outcome ?? 'nothing'}`);
    },
    call: async (path, { key = keys.a, method = 'GET', headers = {}, body } = {}) => {
      const request = new Request(`${ORIGIN}${path}`, {
        method,
        headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body) }),
      });
      return await routes[routeOf(request.url)][method](request);
    },
    restKeys: async () => { await db.$executeRaw(Prisma.sql`UPDATE "ApiKey" SET "nextFreeAt" = clock_timestamp()`); },
    statements: () => {
      const seen = statements;
      statements = 0;
      return seen;
    },
    close: async () => {
      await context.transport.close();
      await db.$disconnect();
      await database.drop();
    },
  };
}

async function createServer(): Promise<TestDatabase> {
  const server = await startPostgres({ dataDir: await mkdtemp(join(tmpdir(), 'test-postgres-')), mode: 'throwaway' });
  await migrate(server.url);
  const db = createDb(server.url);
  // Its workers write for moments that no test chooses.
  await db.$executeRawUnsafe('ALTER SYSTEM SET autovacuum = off');
  await db.$queryRaw`SELECT pg_reload_conf()`;
  await db.$disconnect();
  return { url: server.url, drop: server.stop };
}

function routeOf(url: string): 'availability' | 'changes' | 'booking' | 'followUps' {
  const { pathname } = new URL(url);
  if (pathname.startsWith('/api/bookings/')) return 'booking';
  if (pathname === '/api/followups') return 'followUps';
  return pathname === '/api/availability' ? 'changes' : 'availability';
}

/** Full hours from tomorrow on, UTC. */
export function hours(count: number): number[] {
  const first = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  return Array.from({ length: count }, (_, i) => first + i * HOUR_MS);
}

export const iso = (ms: number): string => new Date(ms).toISOString();
