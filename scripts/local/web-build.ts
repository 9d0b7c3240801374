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

export const SOURCE_FOLDERS = ['app', 'lib', 'public'];
const buildIdOf = (root: string): string => join(root, '.next', 'BUILD_ID');
const markerOf = (root: string): string => join(root, '.next', 'built-from');

/**
 * Builds for production, unless the last build was of the same sources; says which.
 * @param root another folder of the app's sources than this project's own
 */
export async function buildWeb(lifetime: Lifetime, root = PROJECT_ROOT): Promise<'built' | 'unchanged'> {
  const hash = await hashOfSources(root);
  if (await isBuiltFrom(root, hash)) return 'unchanged';
  const build = spawnGuarded({ name: 'build', command: process.execPath, args: [NEXT_BIN, 'build'], cwd: root, env: isolatedAppEnv({}) });
  lifetime.onEnd(() => build.stop());
  let output = '';
  build.child.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  build.child.stderr?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const { code } = await build.exited;
  lifetime.throwIfEnding();
  if (code !== 0) throw new UserError(`The production build failed:\n${output.trim()}`);
  await writeFile(markerOf(root), `${hash} ${await readFile(buildIdOf(root), 'utf8')}`);
  return 'built';
}

/** The marker also names the build, since another build may have replaced it. */
async function isBuiltFrom(root: string, hash: string): Promise<boolean> {
  const [marker, buildId] = [markerOf(root), buildIdOf(root)];
  if (!existsSync(marker) || !existsSync(buildId)) return false;
  return (await readFile(marker, 'utf8')) === `${hash} ${await readFile(buildId, 'utf8')}`;
}

async function hashOfSources(root: string): Promise<string> {
  const atRoot = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isFile() && /\.(ts|tsx|js|mjs|json)$/.test(entry.name)).map((entry) => entry.name);
  const inFolders = await Promise.all(
    SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder))).map(async (folder) =>
      (await readdir(join(root, folder), { withFileTypes: true, recursive: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
    ),
  );
  const hash = createHash('sha256');
  for (const path of [...atRoot, ...inFolders.flat()].filter((name) => name !== 'next-env.d.ts').sort()) {
    hash.update(`${path}\0`).update(await readFile(join(root, path))).update('\0');
  }
  return hash.digest('hex');
}
