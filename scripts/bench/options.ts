import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { PROJECT_ROOT } from '../local/migration-files';

export interface Options {
  workspaces: number;
  agencies: number;
  repeats: number;
  /** Median latency of the simulated providers, milliseconds. */
  p50: number;
  /** Fixed, of ours, the bare and the naive program alike. */
  concurrency: number;
  json: string;
  /** Counts are asserted, times only printed. */
  short: boolean;
  cpuProf: boolean;
}

export const BENCH_DIR = join(PROJECT_ROOT, '.data', 'bench');

/** Few and quick: what is asserted then does not depend on it. */
const SHORT = { repeats: 1, p50: 20 };

function integerFrom(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
    return value;
  };
}

/** @param argv as of the process */
export function parseOptions(argv: readonly string[], now: Date): Options {
  const command = new Command('npm run bench --')
    .description(
      'One sweep of many workspaces against simulated providers and an embedded PostgreSQL, beside the bare cost of the same requests.\n' +
        'Exit code 1 when a target is missed or the programs did not receive the same bytes.',
    )
    .option('--workspaces <n>', 'a third at each provider, 320 slots each', integerFrom(1, 100_000), 1_000)
    .option('--agencies <n>', 'of very different size', integerFrom(1, 10_000), 100)
    .option('--repeats <n>', 'rounds of all programs, in alternating order', integerFrom(1, 100), 3)
    .option('--p50 <ms>', 'median of the log-normal latency; 0: none', integerFrom(0, 10_000), 250)
    .option('--concurrency <n>', 'fixed, of the rows that are compared', integerFrom(1, 1_000), 128)
    .option('--json <file>', 'where the figures go (default: .data/bench/<time>.json)')
    .option('--short', `for continuous integration: ${String(SHORT.repeats)} round at ${String(SHORT.p50)} ms; asserts counts, prints times`, false)
    .option('--cpu-prof', 'write a CPU profile of one more sweep and one more bare run beside the figures', false)
    .addHelpText('after', `\nExamples:\n  npm run bench\n  npm run bench -- --workspaces 10000 --repeats 5\n  npm run bench -- --short\n\nThis machine has ${String(availableParallelism())} cores; the figures asked for are those of two.`);
  command.parse(argv);
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const options = {
    json: join(BENCH_DIR, `${now.toISOString().slice(0, 19).replaceAll(':', '-')}.json`),
    ...command.opts<Omit<Options, 'json'> & { json?: string }>(),
  };
  if (!given('agencies')) options.agencies = Math.min(options.agencies, options.workspaces);
  if (options.agencies > options.workspaces) command.error('--agencies must not be above --workspaces: every agency has one at least.');
  if (!options.short) return options;
  return {
    ...options,
    repeats: given('repeats') ? options.repeats : SHORT.repeats,
    p50: given('p50') ? options.p50 : SHORT.p50,
  };
}
