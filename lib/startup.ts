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
 * Collects sooner: a sweep makes many objects that go beside few that stay, and a machine of one's own has its memory for
 * PostgreSQL and others too. Costs about a tenth of a sweep's time on the processor (docs/performance.md), so not where an
 * instance has its memory to itself and its time is billed.
 */
export function boundHeapGrowth(): void {
  if (isServerless()) return;
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWTH_PERCENT)}`);
}
