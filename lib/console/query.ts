/** What the console's queries stand on: a bound on each, so that an open page cannot hurt the database. */
import { boundedTransaction, db, type Db, type Prisma } from '../db';
import { env } from '../env';

/** The server ends a statement of the console that takes longer. */
export const CONSOLE_STATEMENT_TIMEOUT_MS = 2_000;

export interface ConsoleContext {
  db: Db;
  /** When slots count as stale. */
  ttlMs: number;
  /** When slots are not handed out any more. */
  maxAgeMs: number;
  timeBudgetMs: number;
  /** The variable that turns the sweep off; null: it is on. */
  sweepDisabledBy: string | null;
}

/** The process's own. @throws EnvError */
export function consoleContext(): ConsoleContext {
  const from = env();
  const disabledBy = from.AVAILABILITY_CRON_WORKSPACE_LIMIT === undefined ? 'AVAILABILITY_CRON_LIMIT' : 'AVAILABILITY_CRON_WORKSPACE_LIMIT';
  return {
    db: db(from),
    ttlMs: from.AVAILABILITY_CACHE_TTL_MS,
    maxAgeMs: from.AVAILABILITY_MAX_AGE_MS,
    timeBudgetMs: from.AVAILABILITY_CRON_TIME_BUDGET_MS,
    sweepDisabledBy: from[disabledBy] === 0 ? disabledBy : null,
  };
}

/** Statements of one panel, each bounded by `CONSOLE_STATEMENT_TIMEOUT_MS`. @throws a database error, a timeout too */
export async function consoleRead<T extends unknown[]>(context: Pick<ConsoleContext, 'db'>, ...statements: { [K in keyof T]: Prisma.PrismaPromise<T[K]> }): Promise<T> {
  return await boundedTransaction<T>(context.db, CONSOLE_STATEMENT_TIMEOUT_MS, statements);
}
