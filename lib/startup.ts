import { setFlagsFromString } from 'node:v8';
import { databaseUrl, EnvError, isServerless } from './env';

/**
 * A bad environment stops the start, with the variable's name. On a serverless host there is no start to stop:
 * every answer is a 503 that says the same.
 */
export function checkEnvironment(): void {
  try {
    databaseUrl();
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    process.stderr.write(`${error.message}\n`);
    if (!isServerless()) process.exit(1);
  }
}

/** Of what is alive after a full collection, until the next. V8's own choice lets a sweep's heap grow to a multiple. */
const HEAP_GROWTH_PERCENT = 60;

/**
 * Collects sooner: a sweep is a minute of many short-lived objects beside few that stay, and a host bills, or ends, a process
 * by its peak of memory. Costs a little of the processor's time (docs/performance.md).
 */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWTH_PERCENT)}`);
}
