import { join } from 'node:path';
import { createDb, type Db } from '../../lib/db';
import { parseEnv, type Env } from '../../lib/env';
import { migrate } from '../migrate';
import { loadEnvFiles } from './environment';
import { PROJECT_ROOT } from './migration-files';
import { findRunningPostgres, startPostgres } from './postgres';
import { runningDemo } from './running-demo';

export const DEV_DATA_DIR = join(PROJECT_ROOT, '.data', 'dev');

export interface ScriptContext {
  env: Env & { DATABASE_URL: string };
  db: Db;
}

/**
 * Runs a command against the database it means: DATABASE_URL (from `.env` too); else the demo that is running;
 * else the one of `npm run dev`, started for this command when it is not running.
 */
export async function withScriptDatabase<T>(work: (context: ScriptContext) => Promise<T>): Promise<T> {
  loadEnvFiles();
  const given: NodeJS.Dict<string> = process.env.DATABASE_URL?.trim() ? {} : ((await runningDemo()) ?? {});
  if (given.DATABASE_URL) process.stderr.write(`(the demo's database, since it is running)\n`);
  const env = parseEnv({ ...process.env, ...given });
  const { url, stop } = env.DATABASE_URL ? { url: env.DATABASE_URL, stop: undefined } : await devDatabase();
  const db = createDb(url, { poolMax: 4, applicationName: 'script' });
  try {
    return await work({ env: { ...env, DATABASE_URL: url }, db });
  } finally {
    await db.$disconnect();
    await stop?.();
  }
}

/** The embedded database of `npm run dev`; `stop` is set when this call started it. */
export async function devDatabase(): Promise<{ url: string; stop?: () => Promise<void> }> {
  const running = await findRunningPostgres(DEV_DATA_DIR);
  if (running) return { url: running };
  const { url, stop } = await startPostgres({ dataDir: DEV_DATA_DIR, mode: 'durable' });
  await migrate(url);
  return { url, stop };
}
