import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { PROJECT_ROOT } from '../local/migration-files';

/** In the order in which they are run. */
export const MEASURE_NAMES = ['parsing', 'sweep', 'database', 'growth', 'reach', 'bloat', 'read', 'freshness', 'cold-start'] as const;
export type MeasureName = (typeof MEASURE_NAMES)[number];

export interface Options {
  only: MeasureName[];
  /** Of the measures `sweep`, `database` and `cold-start`. */
  workspaces: number;
  agencies: number;
  repeats: number;
  /** Median latency of the simulated providers, milliseconds. */
  p50: number;
  /** Fixed, of ours, the bare and the naive program alike. */
  concurrency: number;
  /** Simulated minutes of `freshness`. */
  minutes: number;
  json: string;
  /** Counts are asserted, times only printed. */
  short: boolean;
  cpuProf: boolean;
}

export const BENCH_DIR = join(PROJECT_ROOT, '.data', 'bench');

/** Few and quick: what is asserted then does not depend on it. */
const SHORT: Pick<Options, 'only' | 'workspaces' | 'repeats' | 'p50' | 'concurrency'> = { only: ['sweep', 'database'], workspaces: 1_000, repeats: 1, p50: 20, concurrency: 128 };

function integerFrom(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
    return value;
  };
}

function measureNames(text: string): MeasureName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !MEASURE_NAMES.some((known) => known === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no measure ${JSON.stringify(unknown)}; there are ${MEASURE_NAMES.join(', ')}.`);
  return MEASURE_NAMES.filter((name) => names.includes(name));
}

/** @param argv as of the process */
export function parseOptions(argv: readonly string[], now: Date): Options {
  const command = new Command('npm run bench --')
    .description(
      'What sweeps and reads cost, against simulated providers and an embedded PostgreSQL with its own settings, beside the bare cost of the same requests.\n' +
        'Exit code 1 when a target is missed or the programs did not receive the same bytes.',
    )
    .option('--only <measures>', `some of ${MEASURE_NAMES.join(', ')}; apart by commas`, measureNames, [...MEASURE_NAMES])
    .option('--workspaces <n>', 'of sweep, database and cold-start: a third at each provider, 320 slots each', integerFrom(1, 100_000), 10_000)
    .option('--agencies <n>', 'of very different size', integerFrom(1, 10_000), 100)
    .option('--repeats <n>', 'rounds of all programs, in alternating order', integerFrom(1, 100), 3)
    .option('--p50 <ms>', 'median of the log-normal latency; 0: none', integerFrom(0, 10_000), 250)
    .option('--concurrency <n>', 'fixed, of the rows that are compared', integerFrom(1, 1_000), 256)
    .option('--minutes <n>', 'simulated, of freshness; the full hour is 60', integerFrom(1, 1_440), 10)
    .option('--json <file>', 'where the figures go (default: .data/bench/<time>.json)')
    .option('--short', `for continuous integration: ${SHORT.only.join(' and ')} of ${String(SHORT.workspaces)} workspaces, ${String(SHORT.repeats)} round at ${String(SHORT.p50)} ms; asserts counts, prints times`, false)
    .option('--cpu-prof', 'write a CPU profile of one more sweep and one more bare run beside the figures', false)
    .addHelpText('after', `\nExamples:\n  npm run bench\n  npm run bench -- --only sweep --repeats 5 --cpu-prof\n  npm run bench -- --only freshness --minutes 60\n  npm run bench -- --short\n\nThis machine has ${String(availableParallelism())} cores; the figures asked for are those of two.`);
  command.parse(argv);
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const options = {
    json: join(BENCH_DIR, `${now.toISOString().slice(0, 19).replaceAll(':', '-')}.json`),
    ...command.opts<Omit<Options, 'json'> & { json?: string }>(),
  };
  if (options.short) {
    for (const name of ['only', 'workspaces', 'repeats', 'p50', 'concurrency'] as const) {
      if (!given(name)) Object.assign(options, { [name]: SHORT[name] });
    }
  }
  if (!given('agencies')) options.agencies = Math.min(options.agencies, options.workspaces);
  if (options.agencies > options.workspaces) command.error('--agencies must not be above --workspaces: every agency has one at least.');
  return options;
}
