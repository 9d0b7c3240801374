import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface LockEntry { optionalDependencies?: Record<string, string>; resolved?: string; integrity?: string; version?: string }
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

it('names the hash of every package, so that none is installed unverified', () => {
  expect(Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '')).map(([path]) => path)).toEqual([]);
});

it('holds exactly one version of what must not be mixed', () => {
  const versions = (name: RegExp): string[] => [...new Set(Object.entries(lock.packages).filter(([path]) => name.test(path)).map(([, { version }]) => version ?? ''))];
  expect(versions(/node_modules\/(?:prisma|@prisma\/client|@prisma\/adapter-pg|@prisma\/driver-adapter-utils)$/)).toHaveLength(1);
  expect(versions(/node_modules\/react$/)).toHaveLength(1);
});

it('lists every licence of production, each allowed or explained', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/licences.ts', '--check'], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

describe('the workflow', () => {
  const workflow = readFileSync(new URL('../../.github/workflows/ci.yml', import.meta.url), 'utf8');

  it('uses actions by their commit alone, and may only read', () => {
    const used = [...workflow.matchAll(/uses:\s*(\S+)/g)].map(([, action = '']) => action);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m);
  });
});
