// `npm run test:faults`: the built app on several processes, killed, frozen and cut off, also behind PgBouncer.
// `--short`: the lock and the bundle. Says what it lacks; installs nothing unless told to with `--install`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { findPgBouncer, PGBOUNCER_INSTALL } from '../tests/support/pgbouncer';
import { UserError } from './local/fail';
import { spawnGuarded } from './local/guarded-process';
import { live, type Lifetime } from './local/lifetime';
import { PROJECT_ROOT } from './local/migration-files';
import { say } from './local/output';
import { buildWeb } from './local/web-build';

interface Options {
  short?: true;
  install?: true;
  report?: string;
}

/** Two hits at once, a hundred at once, a killed holder, straight and pooled; and what the build holds. */
const SHORT_PART = ['tests/faults/lock.test.ts', 'tests/faults/bundle.test.ts'];
const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const options = new Command('npm run test:faults --')
  .description('Tests of the built app on several processes: kills, freezes, lost connections, deadlines.')
  .option('--short', 'the lock and the bundle, about a minute')
  .option('--install', `install what is missing on Debian or Ubuntu, as root: ${PGBOUNCER_INSTALL}`)
  .option('--report <file>', 'also write the results as JSON')
  .parse()
  .opts<Options>();

await live(async (lifetime) => {
  ensurePgBouncer(options.install === true);
  say((await buildWeb(lifetime)) === 'built' ? 'Built the app.' : 'The app is built already.');
  await runTests(lifetime, options);
});

function ensurePgBouncer(mayInstall: boolean): void {
  if (findPgBouncer() !== undefined) return;
  const lack = `PgBouncer is missing, and these tests fail without it. Install it: ${PGBOUNCER_INSTALL}`;
  if (!mayInstall) throw new UserError(`${lack}\nor, as root on Debian or Ubuntu: npm run test:faults -- --install`);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new UserError(`${lack}\n(--install works as root on Debian or Ubuntu only.)`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'pgbouncer']]) {
    say(`apt-get ${args.join(' ')}`);
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    if (status !== 0) throw new UserError(`"apt-get ${args.join(' ')}" failed. ${lack}`);
  }
  if (findPgBouncer() === undefined) throw new UserError(lack);
}

async function runTests(lifetime: Lifetime, { short, report }: Options): Promise<void> {
  const reporters = report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${resolve(report)}`];
  const tests = spawnGuarded({
    name: 'tests',
    command: process.execPath,
    args: [VITEST, 'run', '--project', 'faults', ...reporters, ...(short ? SHORT_PART : [])],
    cwd: PROJECT_ROOT,
    output: 'inherit',
  });
  lifetime.onEnd(() => tests.stop());
  const { code } = await tests.exited;
  lifetime.throwIfEnding();
  if (code !== 0) throw new UserError('Some fault tests failed.');
}
