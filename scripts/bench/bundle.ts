/**
 * The programs as one file of JavaScript each, as a host runs them: TypeScript's loader would count some 40 MB
 * and a thread of its own.
 */
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

/** The part of esbuild's interface that is used; the package comes with tsx. */
interface Bundler {
  build: (options: Record<string, unknown>) => Promise<unknown>;
}

/** @returns where the bundle of a script of this folder is */
export async function bundlePrograms(scripts: readonly string[], outDir: string): Promise<(script: string) => string> {
  const own = createRequire(import.meta.url);
  const { build } = createRequire(own.resolve('tsx/package.json'))('esbuild') as Bundler;
  await build({
    entryPoints: scripts.map((script) => join(import.meta.dirname, script)),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return (script) => join(outDir, `${basename(script, '.ts')}.mjs`);
}
