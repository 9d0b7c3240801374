import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from './fail';
import { spawnGuarded } from './guarded-process';
import { isolatedAppEnv } from './environment';
import type { Lifetime } from './lifetime';
import { PROJECT_ROOT } from './migration-files';

export const NEXT_BIN = join(PROJECT_ROOT, 'node_modules', 'next', 'dist', 'bin', 'next');

const SOURCE_FOLDERS = ['app', 'lib', 'public'];
const BUILD_ID = join(PROJECT_ROOT, '.next', 'BUILD_ID');
const MARKER = join(PROJECT_ROOT, '.next', 'built-from');

/** Builds for production, unless the last build was of the same sources; says which. */
export async function buildWeb(lifetime: Lifetime): Promise<'built' | 'unchanged'> {
  const hash = await hashOfSources();
  if (await isBuiltFrom(hash)) return 'unchanged';
  const build = spawnGuarded({ name: 'build', command: process.execPath, args: [NEXT_BIN, 'build'], cwd: PROJECT_ROOT, env: isolatedAppEnv({}) });
  lifetime.onEnd(() => build.stop());
  let output = '';
  build.child.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  build.child.stderr?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const { code } = await build.exited;
  lifetime.throwIfEnding();
  if (code !== 0) throw new UserError(`The production build failed:\n${output.trim()}`);
  await writeFile(MARKER, `${hash} ${await readFile(BUILD_ID, 'utf8')}`);
  return 'built';
}

/** The marker also names the build, since another build may have replaced it. */
async function isBuiltFrom(hash: string): Promise<boolean> {
  if (!existsSync(MARKER) || !existsSync(BUILD_ID)) return false;
  return (await readFile(MARKER, 'utf8')) === `${hash} ${await readFile(BUILD_ID, 'utf8')}`;
}

async function hashOfSources(): Promise<string> {
  const atRoot = (await readdir(PROJECT_ROOT, { withFileTypes: true })).filter((entry) => entry.isFile() && /\.(ts|tsx|js|mjs|json)$/.test(entry.name)).map((entry) => entry.name);
  const inFolders = await Promise.all(
    SOURCE_FOLDERS.filter((folder) => existsSync(join(PROJECT_ROOT, folder))).map(async (folder) =>
      (await readdir(join(PROJECT_ROOT, folder), { withFileTypes: true, recursive: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT_ROOT.length + 1)),
    ),
  );
  const hash = createHash('sha256');
  for (const path of [...atRoot, ...inFolders.flat()].filter((name) => name !== 'next-env.d.ts').sort()) {
    hash.update(`${path}\0`).update(await readFile(join(PROJECT_ROOT, path))).update('\0');
  }
  return hash.digest('hex');
}
