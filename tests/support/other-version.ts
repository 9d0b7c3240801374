/**
 * Another version of the app, built beside this one: what answers at the same time while a deployment rolls out. Its folder
 * is inside the project, where Node finds the project's packages from it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT, readMigrations } from '../../scripts/local/migration-files';
import { SOURCE_FOLDERS } from '../../scripts/local/web-build';
import { ensureBuilt } from './server';

/** A text that stands exactly once in a source file, and what stands there in the other version. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

const VERSIONS_DIR = join(PROJECT_ROOT, '.data', 'versions');
const NEEDS_HISTORY = "this needs the repository's history: git fetch --unshallow";

/** This version with other texts in its sources; returns the folder of its build. */
export async function buildEdited(name: string, edits: readonly Edit[]): Promise<string> {
  const root = await emptyFolder(name);
  const files = (await readdir(PROJECT_ROOT)).filter((name) => /\.(ts|js|json)$/.test(name));
  const folders = SOURCE_FOLDERS.filter((folder) => existsSync(join(PROJECT_ROOT, folder)));
  for (const path of [...files, ...folders]) await cp(join(PROJECT_ROOT, path), join(root, path), { recursive: true });
  for (const { file, from, to } of edits) {
    const parts = (await readFile(join(root, file), 'utf8')).split(from);
    if (parts.length !== 2) throw new Error(`${JSON.stringify(from)} stands ${String(parts.length - 1)} times in ${file}`);
    await writeFile(join(root, file), parts.join(to));
  }
  return await build(root);
}

/** The commit before the newest migration came: it knows one migration less than the database has. Returns the folder of its build. */
export async function buildBeforeNewestMigration(): Promise<string> {
  const root = await emptyFolder('before-newest-migration');
  const newest = (await readMigrations()).migrationDirectories.at(-1)?.path ?? '';
  const added = command('git', ['log', '--diff-filter=A', '--format=%H', '--', `prisma/migrations/${newest}`]).toString().trim().split('\n').at(-1) ?? '';
  if (added === '') throw new Error(NEEDS_HISTORY);
  command('tar', ['-x', '-C', root], command('git', ['archive', `${added}^`], undefined, NEEDS_HISTORY));
  // Its own client, of the schema that it knows.
  command(process.execPath, [join(root, 'scripts', 'prisma-generate.mjs')]);
  return await build(root);
}

/** Without what an earlier run left, but for its build: that is good while the sources are the same. */
async function emptyFolder(name: string): Promise<string> {
  const root = join(VERSIONS_DIR, name);
  await mkdir(root, { recursive: true });
  for (const entry of await readdir(root)) if (entry !== '.next') await rm(join(root, entry), { recursive: true });
  return root;
}

async function build(root: string): Promise<string> {
  const config = await readFile(join(root, 'next.config.js'), 'utf8');
  await writeFile(join(root, 'next.config.of-the-version.js'), config);
  // Packages are above its folder; its types were checked where it was written.
  await writeFile(join(root, 'next.config.js'), `import config from './next.config.of-the-version.js';

export default { ...config, turbopack: { root: ${JSON.stringify(PROJECT_ROOT)} }, typescript: { ...config.typescript, ignoreBuildErrors: true } };
`);
  await ensureBuilt(root);
  return root;
}

function command(program: string, args: readonly string[], input?: Buffer, hint = ''): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: PROJECT_ROOT, maxBuffer: 200_000_000, ...(input === undefined ? {} : { input }) });
  if (status !== 0) throw new Error([`${program} ${args.join(' ')} failed`, error?.message ?? stderr.toString().trim(), hint].filter(Boolean).join(': '));
  return stdout;
}
