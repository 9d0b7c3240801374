import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');
export const MIGRATIONS_DIR = join(PROJECT_ROOT, 'prisma', 'migrations');

/** The migrations folder in the form that the schema engine takes. */
export async function readMigrations(baseDir = MIGRATIONS_DIR): Promise<MigrationList> {
  const folders = (await readdir(baseDir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  const migrationDirectories = await Promise.all(
    folders.map(async (path) => ({
      path,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') } },
    })),
  );
  const lockfile = { path: 'migration_lock.toml', content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8') };
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories };
}

/** A path as a person reads it: from the project's folder where it is inside. */
export function shownPath(path: string): string {
  const fromRoot = relative(PROJECT_ROOT, path);
  return fromRoot.startsWith('..') ? path : fromRoot;
}
