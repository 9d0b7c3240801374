// Generates the Prisma client after an install, without a download.
//
// Prisma's CLI looks for its native schema engine before any command, and fetches it from a host of
// its own. `generate` never runs that engine, so any existing executable satisfies the look-up.
// Migrations use the same engine as WebAssembly instead: see scripts/migrate.ts.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build', 'index.js');
const result = spawnSync(process.execPath, [cli, 'generate', '--no-hints'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
});
if (result.status !== 0) {
  process.stderr.write(`prisma generate failed:\n${result.stdout}${result.stderr}${result.error ?? ''}\n`);
  process.exit(1);
}
