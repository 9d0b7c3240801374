import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockEntry { optionalDependencies?: Record<string, string>; resolved?: string }
const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as { packages: Record<string, LockEntry> };

/** A package finds its dependency beside itself, or in a folder above. */
function isLocked(from: string, name: string): boolean {
  const folders = from.split('/node_modules/').map((_, i, parts) => parts.slice(0, i + 1).join('/node_modules/'));
  return ['', ...folders.map((folder) => `${folder}/`)].some((folder) => `${folder}node_modules/${name}` in lock.packages);
}

it('locks the packages of every platform, so that a clean install works on each', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter((name) => !isLocked(path, name)).map((name) => `${path} → ${name}`));
  expect(missing).toEqual([]);
});

it('names no registry', () => {
  expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
});
