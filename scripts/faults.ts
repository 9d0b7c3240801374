// `npm run test:faults`: the built app on several processes, killed, frozen and cut off, also behind PgBouncer; then first
// touch and follow-ups, killed at every step hundreds of times, and a campaign of 5,000 leads. `--short`: the lock and the bundle. Says what it lacks; installs nothing unless told to with `--install`.
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { findPgBouncer, PGBOUNCER_INSTALL } from '../tests/support/pgbouncer';
import { installPackage } from './local/debian';
import { UserError } from './local/fail';
import { spawnGuarded } from './local/guarded-process';
import { live, type Lifetime } from './local/lifetime';
import { PROJECT_ROOT } from './local/migration-files';
import { say } from './local/output';
import { buildWeb } from './local/web-build';

interface Options {
  short?: true;
  jobs?: true;
  install?: true;
  report?: string;
}

/** Two hits at once, a hundred at once, a killed holder, straight and pooled; and what the build holds. */
const SHORT_PART = ['tests/faults/lock.test.ts', 'tests/faults/bundle.test.ts'];
/** The jobs' own tests, which `npm test` runs at a fraction of this size. */
const JOBS_PART = {
  files: ['tests/integration/first-touch/crash.test.ts', 'tests/integration/follow-ups/crash.test.ts', 'tests/integration/first-touch/campaign-size.test.ts'],
  size: { FIRST_TOUCH_CRASHES: '200', FOLLOW_UP_CRASHES: '200', FIRST_TOUCH_LEADS: '5000' },
};
const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const options = new Command('npm run test:faults --')
  .description('Tests of the built app on several processes: kills, freezes, lost connections, deadlines.')
  .option('--short', 'the lock and the bundle, about a minute')
  .option('--jobs', 'only first touch and follow-ups: hundreds of kills, a campaign of 5,000 leads; about half an hour')
  .option('--install', `install what is missing on Debian or Ubuntu, as root: ${PGBOUNCER_INSTALL}`)
  .option('--report <file>', 'also write the results as JSON')
  .parse()
  .opts<Options>();

await live(async (lifetime) => {
  // The jobs' part is of their own processes and simulators.
  if (!options.jobs) {
    ensurePgBouncer(options.install === true);
    say((await buildWeb(lifetime)) === 'built' ? 'Built the app.' : 'The app is built already.');
  }
  await runTests(lifetime, options);
});

function ensurePgBouncer(mayInstall: boolean): void {
  if (findPgBouncer() !== undefined) return;
  const lack = `PgBouncer is missing, and these tests fail without it. Install it: ${PGBOUNCER_INSTALL}`;
  if (!mayInstall) throw new UserError(`${lack}\nor, as root on Debian or Ubuntu: npm run test:faults -- --install`);
  installPackage('pgbouncer', lack);
  if (findPgBouncer() === undefined) throw new UserError(lack);
}

interface Part {
  project: string;
  files: readonly string[];
  env?: Record<string, string>;
  reportFile: string | undefined;
}

/** Both parts are run, and then it is told whether one failed. */
async function runTests(lifetime: Lifetime, { short, jobs, report }: Options): Promise<void> {
  const processes: Part = { project: 'faults', files: short ? SHORT_PART : [], reportFile: report };
  const ofJobs: Part = { project: 'integration', files: JOBS_PART.files, env: JOBS_PART.size, reportFile: report?.replace(/(\.json)?$/, '-jobs$1') };
  const parts = short ? [processes] : jobs ? [ofJobs] : [processes, ofJobs];
  let failed = 0;
  for (const part of parts) if (!(await isPassed(lifetime, part))) failed++;
  if (failed > 0) throw new UserError('Some fault tests failed.');
}

async function isPassed(lifetime: Lifetime, { project, files, env, reportFile }: Part): Promise<boolean> {
  const reporters = reportFile === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${resolve(reportFile)}`];
  const tests = spawnGuarded({
    name: 'tests',
    command: process.execPath,
    // One after the other: beside each other they would test the machine.
    args: [VITEST, 'run', '--project', project, '--maxWorkers=1', ...reporters, ...files],
    cwd: PROJECT_ROOT,
    output: 'inherit',
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  });
  lifetime.onEnd(() => tests.stop());
  const { code } = await tests.exited;
  lifetime.throwIfEnding();
  return code === 0;
}
