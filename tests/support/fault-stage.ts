/** Three servers, their database, perhaps a pooler and the providers, each a process of its own that can be broken and mended. */
import { addApiKey } from '@/lib/reader/keys';
import { createDb, type Db } from '@/lib/db';
import { freePort } from '../../scripts/local/free-port';
import { createRandom, type Random } from '../../scripts/simulator/random';
import type { CalendarSpec } from '../../scripts/simulator/server';
import { addWorkspace } from './cache';
import { startPgBouncer, type PgBouncer } from './pgbouncer';
import { startRestartablePostgres, type RestartablePostgres } from './restartable-postgres';
import { ensureBuilt, startServer, type Reply, type Server } from './server';
import { AUTHORISED, SECRET } from './server-stage';
import { startOrUndo, type Undo } from './start-or-undo';
import { startSimulatorClient, type SimulatorClient } from './simulator-client';

export interface FaultStageOptions {
  seed: number;
  servers?: number;
  pooled?: boolean;
  /** Of each provider. */
  workspaces?: number;
  /** Of the simulator, e.g. `80,0.5`. */
  latency?: string;
  env?: Record<string, string>;
  /** Folders of other builds, by server; otherwise the project's own. */
  roots?: readonly string[];
}

export interface FaultStage {
  random: Random;
  postgres: RestartablePostgres;
  pooler: PgBouncer | undefined;
  /** Past relay and pooler; a new client after a restart of PostgreSQL. */
  db: () => Db;
  /** To be called after PostgreSQL was restarted: its address is another one. */
  reconnect: () => Promise<void>;
  sim: SimulatorClient;
  servers: Server[];
  env: Record<string, string>;
  ids: string[];
  /** A key of the reader API, its agency having every workspace. */
  keys: string[];
  sweep: (server: number, query?: string) => Promise<Reply>;
  /** Sweeps on every server until one of each is complete; returns how long one takes when everything is known, milliseconds. */
  warmUp: () => Promise<number>;
  /** Starts a killed server again at its address, with other variables or from another build if given. */
  restart: (server: number, env?: Record<string, string>, root?: string) => Promise<void>;
  close: () => Promise<void>;
}

/** Every calendar has open times in every week, so that an empty list is always a lie. */
const SPEC = { incrementMinutes: 30, horizonDays: 60 } as const;
const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const;
const ZONES = ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney'] as const;
/** One key may read ten times a second. */
const KEYS = 8;
const AGENCY = 'agency-1';
const WARM_UP_TRIES = 5;

export async function startFaultStage(options: FaultStageOptions): Promise<FaultStage> {
  await ensureBuilt();
  return await startOrUndo((undo, close) => build(options, undo, close));
}

async function build(options: FaultStageOptions, undo: Undo, close: () => Promise<void>): Promise<FaultStage> {
  const random = createRandom(options.seed);
  const postgres = await startRestartablePostgres();
  undo.push(postgres.stop);
  let db = createDb(postgres.directUrl(), { poolMax: 3, applicationName: 'test' });
  undo.push(() => db.$disconnect());
  const sim = await startSimulatorClient({ seed: options.seed, latency: options.latency ?? '60,0.5' });
  undo.push(sim.stop);
  const pooler = options.pooled ? await startPgBouncer(postgres.url) : undefined;
  if (pooler) undo.push(pooler.stop);

  const env = { ...sim.env, DATABASE_URL: pooler?.url ?? postgres.url, CRON_SECRET: SECRET, LOG_LEVEL: 'warn', ...options.env };
  const servers: Server[] = [];
  const roots = [...(options.roots ?? [])];
  for (let i = 0; i < (options.servers ?? 3); i++) servers.push(await startServer({ env, port: await freePort(), root: roots[i] }));
  // As they are at the end: a restarted one stands in its predecessor's place.
  undo.push(async () => { for (const server of servers) await server.stop(); });

  const specs: CalendarSpec[] = PROVIDERS.flatMap((provider) =>
    Array.from({ length: options.workspaces ?? 4 }, (_, i) => ({ ...SPEC, id: `w-${provider}-${String(i)}`, provider, zone: random.pick(ZONES) })));
  for (const { id, provider, url } of await sim.addCalendars(specs)) await addWorkspace(db, { id, url, type: provider, agencyId: AGENCY });
  const keys: string[] = [];
  for (let i = 0; i < KEYS; i++) keys.push((await addApiKey(db, AGENCY)).key);

  const serverAt = (index: number): Server => {
    const server = servers[index];
    if (!server) throw new Error(`there is no server ${String(index)}`);
    return server;
  };
  const sweep = (index: number, query = ''): Promise<Reply> => serverAt(index).get(`/api/cron/availability?${query}`, AUTHORISED);
  return {
    random, postgres, pooler, sim, servers, env, keys, close,
    ids: specs.map(({ id }) => id),
    db: () => db,
    reconnect: async () => {
      await db.$disconnect();
      db = createDb(postgres.directUrl(), { poolMax: 3, applicationName: 'test' });
    },
    sweep,
    warmUp: async () => {
      let sweepMs = 0;
      for (let index = 0; index < servers.length; index++) {
        // The first on a busy machine may be too slow for its own deadlines.
        for (let tries = 0; ; tries++) {
          const { body, tookMs } = await sweep(index);
          sweepMs = tookMs;
          if (body.refreshed === specs.length) break;
          if (tries === WARM_UP_TRIES) throw new Error(`no sweep is complete: ${JSON.stringify(body)}`);
          await db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL`;
          await db.$executeRaw`UPDATE "ProviderHost" SET "openUntil" = NULL`;
        }
      }
      return sweepMs;
    },
    restart: async (index, more = {}, root = roots[index]) => {
      const server = serverAt(index);
      await server.stop();
      if (root !== undefined) roots[index] = root;
      servers[index] = await startServer({ env: { ...env, ...more }, port: Number(new URL(server.url).port), root });
    },
  };
}
