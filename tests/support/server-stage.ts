/** Servers, their database, perhaps a pooler, and the providers they ask: the stage of a process-level test. */
import { createDb, type Db } from '@/lib/db';
import { startSimulator, type RequestEvent, type Simulator, type SimulatorOptions } from '../../scripts/simulator/server';
import { addWorkspace } from './cache';
import { createTestDatabase } from './database';
import { startPgBouncer } from './pgbouncer';
import { ensureBuilt, startServer, type Reply, type Server } from './server';
import { startGate, type Gate } from './server-gate';
import { startOrUndo, type Undo } from './start-or-undo';

export interface StageOptions {
  servers: number;
  /** Through PgBouncer in transaction mode, its lock too. */
  pooled?: boolean;
  /** Connections of a process's Prisma pool; undefined: the default. */
  poolMax?: number;
  env?: Record<string, string>;
  simulator?: SimulatorOptions;
  /** A database of the test's own instead of a fresh copy. */
  databaseUrl?: string;
}

export interface Stage {
  /** Straight to the database. */
  db: Db;
  databaseUrl: string;
  sim: Simulator;
  /** In front of where GoHighLevel's slots come from: held, a sweep cannot end. */
  ghl: Gate;
  servers: Server[];
  /** `count` workspaces of each provider, `agency-1`'s; returns their ids, which are their calendars' too. */
  addWorkspaces: (count: number, prefix?: string) => Promise<string[]>;
  /** Hits the sweep. */
  sweep: (server: number, query?: string) => Promise<Reply>;
  /** Resolves at the next request that the simulator gets for a slot list behind the gate. */
  nextHeldRequest: () => Promise<RequestEvent>;
  close: () => Promise<void>;
}

export const SECRET = 'a-secret-of-the-fault-tests';
export const AUTHORISED = { authorization: `Bearer ${SECRET}` };
const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const;

export async function startStage(options: StageOptions): Promise<Stage> {
  await ensureBuilt();
  return await startOrUndo((undo, close) => build(options, undo, close));
}

async function build(options: StageOptions, undo: Undo, close: () => Promise<void>): Promise<Stage> {
  let { databaseUrl } = options;
  if (databaseUrl === undefined) {
    const database = await createTestDatabase();
    undo.push(database.drop);
    databaseUrl = database.url;
  }
  const db = createDb(databaseUrl, { poolMax: 2, applicationName: 'test' });
  undo.push(() => db.$disconnect());
  const sim = await startSimulator(options.simulator);
  undo.push(() => sim.close());
  const ghl = await startGate(sim.env.GHL_BACKEND_ORIGIN ?? '');
  undo.push(ghl.close);
  let appUrl = databaseUrl;
  if (options.pooled) {
    const pooler = await startPgBouncer(databaseUrl);
    undo.push(pooler.stop);
    appUrl = pooler.url;
  }
  const env = {
    ...sim.env,
    GHL_BACKEND_ORIGIN: `http://${ghl.host}`,
    DATABASE_URL: appUrl,
    CRON_SECRET: SECRET,
    LOG_LEVEL: 'warn',
    ...(options.poolMax === undefined ? {} : { DATABASE_POOL_MAX: String(options.poolMax) }),
    ...options.env,
  };
  const starting = await Promise.allSettled(Array.from({ length: options.servers }, () => startServer({ env })));
  const servers = starting.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const server of servers) undo.push(server.stop);
  const failed = starting.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;

  return {
    db, databaseUrl, sim, ghl, servers, close,
    addWorkspaces: async (count, prefix = 'w') => {
      const ids: string[] = [];
      for (const provider of PROVIDERS) {
        for (let i = 0; i < count; i++) {
          const id = `${prefix}-${provider}-${String(i)}`;
          const { url } = sim.addCalendar({ id, provider, zone: 'Europe/Paris' });
          ids.push(await addWorkspace(db, { id, url, type: provider }));
        }
      }
      return ids;
    },
    sweep: (server, query = '') => {
      const chosen = servers[server];
      if (!chosen) throw new Error(`there is no server ${String(server)}`);
      return chosen.get(`/api/cron/availability?${query}`, AUTHORISED);
    },
    nextHeldRequest: () => new Promise((resolve) => {
      const off = sim.onRequest((event) => {
        if (event.endpoint !== 'free-slots') return;
        off();
        resolve(event);
      });
    }),
  };
}
