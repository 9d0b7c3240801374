/** The first-touch job: parameters and answers of `GET /api/cron/emailbison/availability-slot`. */
import { z } from 'zod';
import { processFirstTouchContext, runFirstTouch, type FirstTouchContext } from '../emailbison-first-touch-availability';
import { MAX_TIME_BUDGET_MS } from '../env';
import type { CronJob } from './cron-route';
import { LOCKS } from './lock-keys';

/** Less leaves no time to write in: two seconds are kept for the answer. */
const MIN_TIME_BUDGET_MS = 3_000;
const budget = `must be an integer from ${String(MIN_TIME_BUDGET_MS)} to ${String(MAX_TIME_BUDGET_MS)}`;

const params = z.strictObject({
  dryRun: z.enum(['true', 'false'], 'must be true or false').default('false').transform((value) => value === 'true'),
  timeBudgetMs: z.string().regex(/^\d{1,10}$/, budget).transform(Number).refine((n) => n >= MIN_TIME_BUDGET_MS && n <= MAX_TIME_BUDGET_MS, budget).optional(),
});

type Params = z.infer<typeof params>;

/** @param contextOf what it works with: the process's own, or a test's */
export function createFirstTouchJob(contextOf: () => FirstTouchContext): CronJob<Params> {
  return {
    name: 'first-touch',
    params,
    timeBudgetMs: (given, env) => given.timeBudgetMs ?? env.EMAILBISON_FIRST_TOUCH_TIME_BUDGET_MS,
    isRecorded: ({ dryRun }) => !dryRun,
    lockOf: ({ dryRun }) => (dryRun ? null : LOCKS.firstTouch),
    run: async ({ params: { dryRun }, runId, startedAtMs, timeBudgetMs, signal }) => {
      const report = await runFirstTouch(contextOf(), { runId, startedAtMs, timeBudgetMs, signal, isDryRun: dryRun });
      return { status: 200, outcome: report.reason === 'lock_lost' ? 'lock_lost' : report.success ? 'good' : 'not_good', body: { ...report } };
    },
  };
}

export const firstTouchJob = createFirstTouchJob(processFirstTouchContext);
