import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import pg from 'pg';
import { startPostgres } from '../../scripts/local/postgres';
import { migrate } from '../../scripts/migrate';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The test server's administrative URL. */
    postgresUrl: string;
    /** A migrated, empty database that test databases are copied from. */
    templateDatabase: string;
  }
}

const TEMPLATE = 'template_migrated';

/** One PostgreSQL for a test run, in a folder of its own: nothing is left from, or for, another run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'test-postgres-'));
  const server = await startPostgres({ dataDir, mode: 'throwaway', maxConnections: 400 });
  try {
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${TEMPLATE}`);
    const templateUrl = new URL(server.url);
    templateUrl.pathname = `/${TEMPLATE}`;
    await migrate(templateUrl.href);
    // A copy is made only while nobody is connected, so nobody may.
    await admin.query(`ALTER DATABASE ${TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`);
    await admin.end();
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('postgresUrl', server.url);
  project.provide('templateDatabase', TEMPLATE);
  return server.stop;
}
