// `npm run test:faults`: the built app on several processes, while what is around it breaks: kills, freezes, databases,
// poolers, providers, clocks, quotas, load. `-- --help` lists the parts. Says what it lacks; installs nothing unless told
// to with `--install`.
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
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
  only?: string[];
  install?: true;
  report?: string;
  seed?: string;
  rounds?: string;
  freezes?: string;
  runs?: string;
  minutes?: string;
  workspaces?: string;
  seconds?: string;
  sweeps?: string;
}

interface Part {
  what: string;
  project: 'faults' | 'integration';
  files: readonly string[];
  /** How much it does unless told otherwise, by variable: the long run. */
  long: Record<string, string>;
  /** In `--short` it does as little as its files say by themselves; false: then it is left out. */
  isShort: boolean;
}

const inFaults = (...names: string[]): string[] => names.map((name) => `tests/faults/${name}.test.ts`);

const PARTS: Record<string, Part> = {
  lock: { what: 'one sweep at a time: a hundred hits at once, a killed holder; straight and pooled', project: 'faults', files: inFaults('lock'), long: {}, isShort: true },
  bundle: { what: 'what the production build holds', project: 'faults', files: inFaults('bundle'), long: {}, isShort: true },
  'lock-lost': { what: 'frozen holders, lost connections', project: 'faults', files: inFaults('lock-lost'), long: {}, isShort: false },
  kills: { what: 'servers killed and frozen at random points of a sweep (--rounds, --freezes: each straight and pooled)', project: 'faults', files: inFaults('kills'), long: { FAULT_ROUNDS: '250', FAULT_FREEZES: '30' }, isShort: true },
  breaks: { what: 'database, pooler, providers and clocks break, one after another (--rounds)', project: 'faults', files: inFaults('breaks'), long: { FAULT_ROUNDS: '5' }, isShort: false },
  versions: { what: "another version's build beside this one, rolled out and back (--rounds); needs the repository's history", project: 'faults', files: inFaults('versions'), long: { FAULT_ROUNDS: '20' }, isShort: false },
  sends: { what: 'three senders of follow-ups, one of them killed, again and again (--rounds)', project: 'faults', files: inFaults('sends'), long: { FAULT_ROUNDS: '100' }, isShort: false },
  deadlines: { what: 'runs against providers and databases that do not answer (--runs)', project: 'faults', files: inFaults('deadline-many', 'deadline-providers', 'deadline-database'), long: { FAULT_RUNS: '10000' }, isShort: false },
  quotas: { what: "the vendors' limits, three processes, the customer beside us (--minutes)", project: 'faults', files: inFaults('quotas'), long: { FAULT_MINUTES: '5' }, isShort: false },
  load: { what: 'reads beside a sweep, 200 a second in a process, 50 and 200 over HTTP (--workspaces, --seconds)', project: 'faults', files: inFaults('load'), long: { FAULT_WORKSPACES: '10000', FAULT_SECONDS: '60' }, isShort: false },
  soak: { what: 'days of sweeps: memory and tables (--sweeps)', project: 'faults', files: inFaults('soak'), long: { FAULT_SWEEPS: '2880' }, isShort: false },
  secrets: { what: 'planted secrets, looked for in a dump, all logs and all answers', project: 'faults', files: inFaults('planted-secrets'), long: {}, isShort: false },
  // Their own tests, which `npm test` runs at a fraction of this size.
  jobs: {
    what: 'first touch and follow-ups killed at every step hundreds of times, a campaign of 5,000 leads', project: 'integration', isShort: false,
    files: ['tests/integration/first-touch/crash.test.ts', 'tests/integration/follow-ups/crash.test.ts', 'tests/integration/first-touch/campaign-size.test.ts'],
    long: { FIRST_TOUCH_CRASHES: '200', FOLLOW_UP_CRASHES: '200', FIRST_TOUCH_LEADS: '5000' },
  },
};
/** Options that size a part, by the variable that its tests read. */
const SIZES = {
  seed: 'FAULT_SEED', rounds: 'FAULT_ROUNDS', freezes: 'FAULT_FREEZES', runs: 'FAULT_RUNS', minutes: 'FAULT_MINUTES', workspaces: 'FAULT_WORKSPACES', seconds: 'FAULT_SECONDS', sweeps: 'FAULT_SWEEPS',
} as const;

const VITEST = join(PROJECT_ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const command = new Command('npm run test:faults --')
  .description('Tests of the built app on several processes: everything around it breaks. Hours in all; each part has its size.')
  .option('--short', `little of ${Object.keys(PARTS).filter((name) => PARTS[name]?.isShort).join(' and ')}, under two minutes`)
  .addOption(new Option('--only <part...>', 'these parts').choices(Object.keys(PARTS)))
  .option('--install', `install what is missing on Debian or Ubuntu, as root: ${PGBOUNCER_INSTALL}`)
  .option('--report <file>', 'also write the results as JSON, a file a part from the second on');
for (const name of Object.keys(SIZES)) command.option(`--${name} <n>`, name === 'seed' ? 'takes back the seed that a run has printed' : 'see the parts', wholeNumber);
command.addHelpText('after', `\nParts:\n${Object.entries(PARTS).map(([name, { what, long }]) => `  ${name.padEnd(10)} ${what}${sizeText(long)}`).join('\n')}`);
const options = command.parse().opts<Options>();

await live(async (lifetime) => {
  // Other parts are of their own processes.
  if (chosenParts().some(({ project }) => project === 'faults')) {
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

function wholeNumber(text: string): string {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return text;
}

function sizeText(long: Record<string, string>): string {
  const sizes = Object.entries(long).map(([variable, size]) => `${variable.toLowerCase().replace(/^fault_/, '').replaceAll('_', ' ')} ${size}`);
  return sizes.length === 0 ? '' : `; ${sizes.join(', ')}`;
}

function chosenParts(): Part[] {
  return Object.entries(PARTS).flatMap(([name, part]) => (options.only ? options.only.includes(name) : !options.short || part.isShort) ? [part] : []);
}

/** All parts are run, and then it is told whether one failed. */
async function runTests(lifetime: Lifetime, { short, report }: Options): Promise<void> {
  const given = Object.fromEntries(Object.entries(SIZES).flatMap(([name, variable]) => (options[name as keyof typeof SIZES] === undefined ? [] : [[variable, options[name as keyof typeof SIZES]]])));
  // What is short needs no run of its own for each part.
  const all = chosenParts();
  const runs = short ? [{ project: 'faults' as const, files: all.flatMap(({ files }) => files), long: {} }] : all;
  let failed = 0;
  for (const [index, { project, files, long }] of runs.entries()) {
    const reportFile = report?.replace(/(\.json)?$/, index === 0 ? '$1' : `-${String(index)}$1`);
    if (!(await isPassed(lifetime, { project, files, env: { ...process.env, ...long, ...given }, reportFile }))) failed++;
  }
  if (failed > 0) throw new UserError('Some fault tests failed.');
}

interface Run {
  project: string;
  files: readonly string[];
  env: NodeJS.ProcessEnv;
  reportFile: string | undefined;
}

async function isPassed(lifetime: Lifetime, { project, files, env, reportFile }: Run): Promise<boolean> {
  const reporters = reportFile === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${resolve(reportFile)}`];
  const tests = spawnGuarded({
    name: 'tests',
    command: process.execPath,
    // One after the other: beside each other they would test the machine.
    args: [VITEST, 'run', '--project', project, '--maxWorkers=1', ...reporters, ...files],
    cwd: PROJECT_ROOT,
    output: 'inherit',
    env,
  });
  lifetime.onEnd(() => tests.stop());
  const { code } = await tests.exited;
  lifetime.throwIfEnding();
  return code === 0;
}
