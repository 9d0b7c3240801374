import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import pg from 'pg';
import { PROJECT_ROOT } from './migration-files';

/** The variables of the demo that is running, written by it and removed when it ends. */
export const RUNNING_DEMO_FILE = join(PROJECT_ROOT, '.data', 'demo', 'running.env');

/** The variables of a demo that answers; undefined when none runs. */
export async function runningDemo(): Promise<NodeJS.Dict<string> | undefined> {
  if (!existsSync(RUNNING_DEMO_FILE)) return undefined;
  const variables = parseEnv(readFileSync(RUNNING_DEMO_FILE, 'utf8'));
  const client = new pg.Client({ connectionString: variables.DATABASE_URL, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return variables;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}
