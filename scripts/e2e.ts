// `npm run test:e2e`: the built app in Chromium, before a real PostgreSQL and the simulator. Says what it lacks; installs
// nothing unless told to with `--install`.
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { CHROMIUM_INSTALL, chromiumPath } from './local/chromium';
import { installPackage } from './local/debian';
import { UserError } from './local/fail';
import { spawnGuarded } from './local/guarded-process';
import { live } from './local/lifetime';
import { PROJECT_ROOT } from './local/migration-files';
import { say } from './local/output';
import { buildWeb } from './local/web-build';

const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const command = new Command('npm run test:e2e --')
  .description('Tests of the console in Chromium, against the built app.')
  .argument('[files...]', 'only these test files')
  .option('--install', `install Chromium where it is missing, as root on Debian or Ubuntu: ${CHROMIUM_INSTALL}`)
  .option('--report <file>', 'also write the results as JSON')
  .parse();
const options = command.opts<{ install?: true; report?: string }>();

await live(async (lifetime) => {
  ensureChromium(options.install === true);
  say((await buildWeb(lifetime)) === 'built' ? 'Built the app.' : 'The app is built already.');
  const reporters = options.report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${resolve(options.report)}`];
  const tests = spawnGuarded({ name: 'tests', command: process.execPath, args: [VITEST, 'run', '--project', 'e2e', ...reporters, ...command.args], cwd: PROJECT_ROOT, output: 'inherit' });
  lifetime.onEnd(() => tests.stop());
  const { code } = await tests.exited;
  lifetime.throwIfEnding();
  if (code !== 0) throw new UserError('Some tests of the console failed.');
});

/** @throws UserError */
function ensureChromium(mayInstall: boolean): void {
  try {
    chromiumPath();
  } catch (error) {
    // A path that was given and is wrong is for its giver to put right.
    if (!(error instanceof UserError) || process.env.CHROMIUM_PATH !== undefined) throw error;
    if (!mayInstall) throw new UserError(`${error.message}\nor, as root on Debian or Ubuntu: npm run test:e2e -- --install`);
    installPackage('chromium', error.message);
    chromiumPath();
  }
}
