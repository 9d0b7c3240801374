/** A cache over its own database and simulator: what an integration test of refreshing needs. */
import { randomUUID } from 'node:crypto';
import { parseCredentialKeys } from '@/lib/credentials';
import { createDb, type Db } from '@/lib/db';
import { parseEnv, type Env } from '@/lib/env';
import type { WorkspaceAvailabilityCache, WorkspaceAvailabilityStatus } from '@/lib/generated/prisma/client';
import { createContext, type CacheContext, type CacheSettings } from '@/lib/refresh/context';
import { runSweep, type SweepOptions, type SweepReport } from '@/lib/refresh/sweep';
import { setCredential } from '@/lib/workspaces';
import { startSimulator } from '../../scripts/simulator/server';
import type { CalendarHandle, CalendarSpec, Simulator, SimulatorOptions } from '../../scripts/simulator/server';
import { createTestDatabase } from './database';

export interface TestCache {
  db: Db;
  url: string;
  env: Env;
  sim: Simulator;
  context: CacheContext;
  /** A context with other settings over the same database. */
  contextWith: (settings: Partial<CacheSettings>) => CacheContext;
  /** Adds a calendar to the simulator and a workspace that links to it; returns the workspace's id. */
  addWorkspace: (options: WorkspaceOptions) => Promise<string>;
  /** Adds a calendar to the simulator and a workspace of the same id that links to it. */
  addCalendar: (spec: CalendarSpec, options?: Partial<WorkspaceOptions>) => Promise<CalendarHandle>;
  /** Gives the workspace its calendar's token, so that the official API is asked. */
  addCredential: (workspaceId: string) => Promise<void>;
  /** The hot row; throws where there is none. */
  status: (workspaceId: string) => Promise<WorkspaceAvailabilityStatus>;
  /** The cold row; null until a first success. */
  stored: (workspaceId: string) => Promise<WorkspaceAvailabilityCache | null>;
  sweep: (options?: Partial<SweepOptions>, context?: CacheContext) => Promise<SweepReport>;
  close: () => Promise<void>;
}

export interface WorkspaceOptions {
  id?: string;
  agencyId?: string | null;
  url: string;
  type: 'calendly' | 'hubspot' | 'ghl' | 'unknown';
  durationMinutes?: number;
  timezone?: string;
}

/** 32 zero bytes: a test's key, fit for nothing else. */
const TEST_CREDENTIALS_KEY = `test:${Buffer.alloc(32).toString('base64')}`;

export async function createTestCache(options: { simulator?: SimulatorOptions; env?: Record<string, string>; poolMax?: number } = {}): Promise<TestCache> {
  const database = await createTestDatabase();
  const sim = await startSimulator(options.simulator);
  const env = parseEnv({ DATABASE_URL: database.url, CREDENTIALS_KEY: TEST_CREDENTIALS_KEY, LOG_LEVEL: 'silent', ...sim.env, ...options.env });
  const db = createDb(database.url, { poolMax: options.poolMax ?? 4 });
  const context = createContext(env, db);
  return {
    db, env, sim, context,
    url: database.url,
    contextWith: (settings) => ({ ...context, settings: { ...context.settings, ...settings } }),
    addWorkspace: (workspace) => addWorkspace(db, workspace),
    addCalendar: async (spec, workspace = {}) => {
      const handle = sim.addCalendar(spec);
      await addWorkspace(db, { id: spec.id, url: handle.url, type: spec.provider, ...workspace });
      return handle;
    },
    addCredential: (id) => {
      const { provider, token } = sim.calendar(id);
      return setCredential(db, id, provider, token, parseCredentialKeys(TEST_CREDENTIALS_KEY));
    },
    status: (clientId) => db.workspaceAvailabilityStatus.findUniqueOrThrow({ where: { clientId } }),
    stored: (clientId) => db.workspaceAvailabilityCache.findUnique({ where: { clientId } }),
    sweep: async (sweepOptions = {}, over = context) => await runSweep(over, {
      runId: randomUUID(), mode: 'all', timeBudgetMs: 20_000, concurrency: undefined, workspaceLimit: undefined,
      startedAtMs: performance.now(), ...sweepOptions,
    }),
    close: async () => {
      await context.transport.close();
      await db.$disconnect();
      await sim.close();
      await database.drop();
    },
  };
}

export async function addWorkspace(db: Db, { id = randomUUID(), agencyId = 'agency-1', url, type, durationMinutes = 30, timezone = 'UTC' }: WorkspaceOptions): Promise<string> {
  await db.client.create({
    data: {
      id, name: id, userId: agencyId,
      links: { create: { name: 'Booking', url, type, isDefault: true } },
      settings: { create: { timezone, meetingDurationMinutes: durationMinutes } },
    },
  });
  return id;
}

export type { CalendarSpec };
