/** What all programs of the bench run against: PostgreSQL and the simulated providers, each in processes of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDb } from '../../lib/db';
import { isolatedAppEnv } from '../local/environment';
import type { Lifetime } from '../local/lifetime';
import { startPostgres, type EmbeddedPostgres } from '../local/postgres';
import { seedDatabase } from '../local/seed';
import { migrate } from '../migrate';
import { benchPopulation } from '../simulator/population';
import { openDatabaseMeter, type DatabaseMeter } from './database-meter';
import { partOf } from './population-part';
import { startWorker, type Worker } from './rpc';
import type { SimulatorCommands } from './simulator-worker';

export interface Stage {
  databaseUrl: string;
  /** A second database, for the naive program. */
  naiveUrl: string;
  /** Environment of a process of the app. */
  appEnv: NodeJS.ProcessEnv;
  simulator: Worker<SimulatorCommands>;
  meter: DatabaseMeter;
  naiveMeter: DatabaseMeter;
  /** Empties the database and seeds it with so many workspaces, of all agencies alike; nothing is known of them yet. */
  resize: (workspaces: number) => Promise<void>;
  /** Makes the naive program's database a copy of the other as it is. */
  copyForNaive: () => Promise<void>;
  logOf: (name: string) => string;
  /** Below node_modules' folder, so that bundles find what they import. */
  programDir: string;
}

export interface StageOptions {
  /** The most that a measure asks for. */
  workspaces: number;
  agencies: number;
  /** For logs. */
  dir: string;
}

const SEED = 1;
const NAIVE = 'naive';

export async function setStage(lifetime: Lifetime, { dir, ...size }: StageOptions): Promise<Stage> {
  await mkdir(dir, { recursive: true });
  const logOf = (name: string): string => join(dir, `${name}.log`);
  const server = await startMeteredPostgres(lifetime);
  lifetime.throwIfEnding();
  await migrate(server.url);

  const simulator = await startWorker<SimulatorCommands>(lifetime, { name: 'provider simulator', file: join(import.meta.dirname, 'simulator-worker.ts'), logFile: logOf('simulator') });
  const providers = await simulator.call('start', { ...size, seed: SEED });
  const meter = await openDatabaseMeter(server.url);
  lifetime.onEnd(() => meter.close());
  const naiveUrl = withDatabase(server.url, NAIVE);
  const naiveMeter = await openDatabaseMeter(naiveUrl);
  lifetime.onEnd(() => naiveMeter.close());

  const credentialsKey = `bench:${randomBytes(32).toString('base64')}`;
  const population = benchPopulation({ ...size, seed: SEED });
  return {
    databaseUrl: server.url, naiveUrl, simulator, meter, naiveMeter, logOf,
    appEnv: isolatedAppEnv({ ...providers, DATABASE_URL: server.url, CREDENTIALS_KEY: credentialsKey, LOG_LEVEL: 'info' }),
    programDir: join(dir, 'programs'),
    async resize(workspaces) {
      const tables = ['Client', 'Agency', 'ProviderHost', 'WorkspaceTransition', 'WorkspaceHour', 'CronRun'];
      await query(server.url, `TRUNCATE ${tables.map((table) => `"${table}"`).join(', ')} CASCADE`);
      const db = createDb(server.url, { poolMax: 2, applicationName: 'bench' });
      await seedDatabase(db, partOf(population, workspaces), credentialsKey);
      await db.$disconnect();
      // As autovacuum has long done where workspaces were not added a second ago.
      await query(server.url, 'VACUUM ANALYZE');
    },
    async copyForNaive() {
      await query(withDatabase(server.url, 'postgres'), `DROP DATABASE IF EXISTS ${NAIVE} WITH (FORCE)`);
      await query(withDatabase(server.url, 'postgres'), `CREATE DATABASE ${NAIVE} TEMPLATE ${new URL(server.url).pathname.slice(1)}`);
    },
  };
}

/** Durable, with PostgreSQL's own settings: what is measured is what a host does. */
async function startMeteredPostgres(lifetime: Lifetime): Promise<EmbeddedPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-postgres-'));
  lifetime.onEnd(() => rm(dataDir, { recursive: true, force: true }));
  const first = await startPostgres({ dataDir, mode: 'durable' });
  await query(first.url, 'ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements');
  // A library is loaded at the start only.
  await first.stop();
  lifetime.throwIfEnding();
  const server = await startPostgres({ dataDir, mode: 'durable' });
  lifetime.watch(server.process);
  return server;
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows;
  } finally {
    await client.end();
  }
}
