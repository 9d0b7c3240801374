// Writes the next migration: `npm run db:diff -- <name>`. It holds what prisma/schema.prisma says and the
// migrations so far do not, found by applying those to an embedded, throwaway PostgreSQL.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DiffTarget } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { runMain, UserError } from './local/fail';
import { MIGRATIONS_DIR, PROJECT_ROOT, readMigrations } from './local/migration-files';
import { startPostgres } from './local/postgres';
import { NO_FILTERS, withSchemaEngine } from './local/schema-engine';

const HEADING = `-- What it changes: …
-- Does the previous version of the app work beside it? …

`;

/** The SQL that leads from one state to the schema file; empty when there is nothing to do. */
export async function diffToSchema(databaseUrl: string, from: DiffTarget): Promise<string> {
  const content = await readFile(join(PROJECT_ROOT, 'prisma', 'schema.prisma'), 'utf8');
  const to: DiffTarget = { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] };
  const { stdout } = await withSchemaEngine(databaseUrl, (engine) => engine.diff({ from, to, script: true, exitCode: null, filters: NO_FILTERS }));
  const sql = stdout?.trim() ?? '';
  return sql.startsWith('-- This is an empty migration') ? '' : sql;
}

async function main(): Promise<void> {
  const name = process.argv[2] ?? '';
  if (!/^[a-z][a-z0-9_]{2,60}$/.test(name)) throw new UserError('usage: npm run db:diff -- <name>, e.g. add_reader_keys (lower case, digits and underscores)');
  const server = await startPostgres({ dataDir: await mkdtemp(join(tmpdir(), 'migration-diff-')), mode: 'throwaway' });
  try {
    const sql = await diffToSchema(server.url, { tag: 'migrations', ...(await readMigrations()) });
    if (sql === '') {
      process.stdout.write('Nothing to write: the migrations already lead to prisma/schema.prisma.\n');
      return;
    }
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const folder = join(MIGRATIONS_DIR, `${stamp}_${name}`);
    await mkdir(folder);
    await writeFile(join(folder, 'migration.sql'), `${HEADING}${sql}\n`);
    process.stdout.write(`Wrote prisma/migrations/${stamp}_${name}/migration.sql. Complete its heading, and add by hand what changed in prisma/extras.sql.\n`);
  } finally {
    await server.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runMain(main);
