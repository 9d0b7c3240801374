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
import { startWorker, type Worker } from './rpc';
import type { SimulatorCommands } from './simulator-worker';

export interface Stage {
  databaseUrl: string;
  /** A second, equally seeded database, for the naive program. */
  naiveUrl: string;
  /** Environment of a process of the app. */
  appEnv: NodeJS.ProcessEnv;
  simulator: Worker<SimulatorCommands>;
  meter: DatabaseMeter;
  naiveMeter: DatabaseMeter;
  logOf: (name: string) => string;
  /** Below node_modules' folder, so that bundles find what they import. */
  programDir: string;
}

export interface StageOptions {
  workspaces: number;
  agencies: number;
  p50Ms: number;
  /** For logs. */
  dir: string;
}

const SEED = 1;

export async function setStage(lifetime: Lifetime, { dir, p50Ms, ...size }: StageOptions): Promise<Stage> {
  await mkdir(dir, { recursive: true });
  const logOf = (name: string): string => join(dir, `${name}.log`);
  const server = await startMeteredPostgres(lifetime);
  lifetime.throwIfEnding();
  await migrate(server.url);

  const credentialsKey = `bench:${randomBytes(32).toString('base64')}`;
  const db = createDb(server.url, { poolMax: 2, applicationName: 'bench' });
  await seedDatabase(db, benchPopulation({ ...size, seed: SEED }), credentialsKey);
  await db.$disconnect();
  const naiveUrl = await copyDatabase(server.url, 'naive');
  lifetime.throwIfEnding();

  const simulator = await startWorker<SimulatorCommands>(lifetime, { name: 'provider simulator', file: join(import.meta.dirname, 'simulator-worker.ts'), logFile: logOf('simulator') });
  const providers = await simulator.call('start', { ...size, seed: SEED, p50Ms });
  const meter = await openDatabaseMeter(server.url);
  lifetime.onEnd(() => meter.close());
  const naiveMeter = await openDatabaseMeter(naiveUrl);
  lifetime.onEnd(() => naiveMeter.close());
  const appEnv = isolatedAppEnv({ ...providers, DATABASE_URL: server.url, CREDENTIALS_KEY: credentialsKey, LOG_LEVEL: 'info' });
  return { databaseUrl: server.url, naiveUrl, appEnv, simulator, meter, naiveMeter, logOf, programDir: join(dir, 'programs') };
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

async function copyDatabase(url: string, name: string): Promise<string> {
  const copy = new URL(url);
  const original = copy.pathname.slice(1);
  copy.pathname = '/postgres';
  await query(copy.href, `CREATE DATABASE ${name} TEMPLATE ${original}`);
  copy.pathname = `/${name}`;
  return copy.href;
}

async function query(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
