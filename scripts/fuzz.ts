// `npm run test:fuzz`: the long run of what `npm test` tries a few thousand times: bad input of every parser and route, and
// time in every zone. `--cases` and `--times` set how many; the seeds of a failure are printed.
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError } from './local/fail';
import { spawnGuarded } from './local/guarded-process';
import { live } from './local/lifetime';
import { PROJECT_ROOT } from './local/migration-files';

const options = new Command('npm run test:fuzz --')
  .description('The long run of the tests with random input.')
  .option('--cases <n>', 'cases of bad input, about', '120000')
  .option('--times <n>', 'cases of time, at least', '1000000')
  .parse()
  .opts<{ cases: string; times: string }>();

const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');
/** Hours are for seeds that find something to shrink. */
const TEST_TIMEOUT_MS = 3_600_000;

await live(async (lifetime) => {
  const tests = spawnGuarded({
    name: 'tests',
    command: process.execPath,
    args: [VITEST, 'run', '--project', 'unit', '--project', 'integration', '--maxWorkers=1', `--testTimeout=${String(TEST_TIMEOUT_MS)}`, 'tests/unit/fuzz', 'tests/unit/time', 'tests/integration/fuzz', 'tests/integration/outbound'],
    cwd: PROJECT_ROOT,
    env: { ...process.env, FUZZ_CASES: options.cases, TIME_CASES: options.times },
    output: 'inherit',
  });
  lifetime.onEnd(() => tests.stop());
  const { code } = await tests.exited;
  lifetime.throwIfEnding();
  if (code !== 0) throw new UserError('Some tests failed; their seeds are above.');
});
