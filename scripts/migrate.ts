// Applies the migrations that the database lacks: `npm run db:migrate`, with no download.
// DIRECT_DATABASE_URL is used when set, since a transaction pooler in between cannot hold the lock's transaction for long.
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { env } from '../lib/env';
import { runMain, sentenceOf, UserError } from './local/fail';
import { readMigrations } from './local/migration-files';
import { NO_FILTERS, withSchemaEngine } from './local/schema-engine';

/** Two deployments may start at once; the second waits here and then finds nothing to do. */
const MIGRATION_LOCK_KEY = 2_026_112_301;
const LOCK_WAIT_MS = 60_000;

/** Applies what is missing and returns the names of what was applied. `_prisma_migrations` is kept as `prisma migrate deploy` keeps it. */
export async function migrate(url: string, migrationsDir?: string): Promise<string[]> {
  const migrationsList = await readMigrations(migrationsDir);
  return await whileLocked(url, async () => {
    try {
      const { appliedMigrationNames } = await withSchemaEngine(url, (engine) => engine.applyMigrations({ migrationsList, filters: NO_FILTERS }));
      return appliedMigrationNames;
    } catch (error) {
      throw await describeFailure(url, error);
    }
  });
}

/** Names of the migrations that `migrate` would apply, and of those whose last attempt failed. */
export async function pendingMigrations(url: string, migrationsDir?: string): Promise<{ pending: string[]; failed: string[] }> {
  const migrationsList = await readMigrations(migrationsDir);
  const all = migrationsList.migrationDirectories.map(({ path }) => path);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows: known } = await client.query<{ present: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`);
    if (!known[0]?.present) return { pending: all, failed: [] };
    const { rows } = await client.query<{ name: string; done: boolean }>(
      'SELECT migration_name AS name, finished_at IS NOT NULL AS done FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    );
    const done = new Set(rows.filter((row) => row.done).map((row) => row.name));
    return { pending: all.filter((name) => !done.has(name)), failed: rows.filter((row) => !row.done).map((row) => row.name) };
  } finally {
    await client.end();
  }
}

/** The lock belongs to a transaction, so that it ends with its connection whatever becomes of us. */
async function whileLocked<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'migrate' });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new UserError(`Cannot reach the database to migrate it: ${sentenceOf(error)}`, { cause: error });
  }
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${String(LOCK_WAIT_MS)}`);
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]).catch((error: unknown) => {
      throw new UserError(`Another migration of this database has been running for over ${String(LOCK_WAIT_MS / 1000)} s; try again when it is done.`, { cause: error });
    });
    return await work();
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The engine's errors carry a Rust backtrace, and not always the migration's name. */
async function describeFailure(url: string, error: unknown): Promise<UserError> {
  const text = (error as Error).message.replace(/\n\s+\d+: \w+::[\s\S]*$/, '').trim();
  const { failed } = await pendingMigrations(url).catch(() => ({ failed: [] }));
  const name = failed.at(-1);
  if (name === undefined) return new UserError(`The migrations could not be applied: ${text}`);
  const isOld = (error as { code?: string }).code === 'P3009';
  return new UserError(
    (isOld ? `Migration ${name} failed earlier, and none is applied until that is settled. ` : `Migration ${name} failed and was not applied: ${text}\n`) +
      `Repair its cause, mark it with "npx prisma migrate resolve --rolled-back ${name}", and run this again.`,
  );
}

async function main(): Promise<void> {
  const url = env().DIRECT_DATABASE_URL ?? env().DATABASE_URL;
  if (!url) throw new UserError('Set DATABASE_URL (or DIRECT_DATABASE_URL, which wins here) to the database to migrate.');
  const { hostname, pathname } = new URL(url);
  const applied = await migrate(url);
  const where = `${hostname}${pathname}`;
  for (const name of applied) process.stdout.write(`applied ${name}\n`);
  process.stdout.write(applied.length === 0 ? `Nothing to apply: ${where} is up to date.\n` : `${where} is up to date.\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runMain(main);
