/** The watch job: parameters and answer of `GET /api/cron/watch`. */
import { z } from 'zod';
import { processAlarms, watch, type AlarmContext } from '../alarms';
import { log } from '../log';
import { prune, pruneTurnOf, type Pruned } from '../prune';
import type { CronJob } from './cron-route';

const BUDGET_MS = 20_000;
/** Of the budget, kept for sending and answering. */
const PRUNE_RESERVE_MS = 5_000;
/** An answer must not grow with the number of causes. */
const FOUND_SHOWN = 50;

const params = z.strictObject({});

/** @param contextOf what it works on: the process's own, or a test's */
export function createWatchJob(contextOf: (env: AlarmContext['env']) => AlarmContext = (env) => processAlarms(env)): CronJob<z.infer<typeof params>> {
  return {
    name: 'watch',
    params,
    timeBudgetMs: () => BUDGET_MS,
    lockOf: () => null,
    run: async ({ env, runId, startedAtMs }) => {
      const context = contextOf(env);
      const { found, ...report } = await watch(context);
      const timeLeftMs = (): number => startedAtMs + BUDGET_MS - PRUNE_RESERVE_MS - performance.now();
      const pruned = await pruneTurn(context, timeLeftMs, runId);
      return {
        status: 200,
        outcome: 'good',
        body: {
          success: true, skipped: false, runId, ...report, foundTotal: found.length,
          found: found.slice(0, FOUND_SHOWN).map(({ kind, subject, message }) => ({ kind, subject, message })),
          pruned: { ...pruned }, durationMs: Math.round(performance.now() - startedAtMs),
        },
      };
    },
  };
}

/** Alarms matter more: what cannot be pruned now is pruned an hour later. */
async function pruneTurn({ db, env }: AlarmContext, timeLeftMs: () => number, runId: string): Promise<Pruned> {
  const now = Date.now();
  try {
    return await prune(db, env, now, timeLeftMs, pruneTurnOf(now));
  } catch (error) {
    log().warn({ runId, error: error instanceof Error ? error.name : 'unknown' }, 'prune_failed');
    return {};
  }
}
