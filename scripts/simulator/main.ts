import { Command, InvalidArgumentError, Option } from 'commander';
import { parseLatency } from './latency';
import { benchPopulation, seedPopulation } from './population';
import { startSimulator } from './server';

/** The simulator as a process of its own. */

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number, 0 or more');
  return value;
}

function latency(text: string) {
  try {
    return parseLatency(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('an instant such as 2026-11-23T12:00:00Z');
  return ms;
}

interface Options {
  seed: number;
  basePort: number;
  population: 'demo' | 'bench' | 'none';
  workspaces: number;
  agencies: number;
  latency?: ReturnType<typeof parseLatency>;
  now?: number;
  log: boolean;
}

const program = new Command()
  .name('simulator')
  .description('Speaks the booking endpoints and official APIs of Calendly, HubSpot Meetings, GoHighLevel and EmailBison on local ports.')
  .option('--seed <n>', 'seed of everything random', integer, 1)
  .option('--base-port <port>', 'control port; the hosts follow it (0: free ports)', integer, 4600)
  .addOption(new Option('--population <name>', 'calendars to start with').choices(['demo', 'bench', 'none']).default('demo'))
  .option('--workspaces <n>', 'workspaces of the population', integer, 300)
  .option('--agencies <n>', 'agencies of the population', integer, 12)
  .option('--latency <spec>', 'none, <ms>, or <median ms>,<sigma>', latency)
  .option('--now <instant>', 'start with the clock stopped at this instant', instant)
  .option('--log', 'a line for each request', false)
  .parse();

const options = program.opts<Options>();
const size = { workspaces: options.workspaces, agencies: options.agencies, seed: options.seed };
const population =
  options.population === 'demo'
    ? seedPopulation(size)
    : options.population === 'bench'
      ? benchPopulation(size)
      : { calendars: [], faults: [] };

const simulator = await startSimulator({
  seed: options.seed,
  basePort: options.basePort,
  latency: options.latency,
  calendars: population.calendars,
  faults: population.faults,
  ...(options.log ? { log: (line: string) => console.log(line) } : {}),
});
if (options.now !== undefined) simulator.setNow(options.now);

console.log(`${population.calendars.length} calendars; control: ${simulator.origins.control}; EmailBison: ${simulator.origins.emailbison}`);
console.log(`SIMULATOR_CONTROL=${simulator.origins.control}`);
for (const [name, value] of Object.entries(simulator.env)) console.log(`${name}=${value}`);

const stop = (): void => {
  void simulator.close().then(() => process.exit(0));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
