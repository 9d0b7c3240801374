/** The followups job: parameters and answer of `GET /api/cron/followups`. */
import { z } from 'zod';
import { runFollowUps, type FollowUpsContext } from '../followups';
import { createHttpTransport } from '../providers/http';
import type { ApiTransport } from '../providers/types';
import { db } from '../db';
import { MAX_TIME_BUDGET_MS, type Env } from '../env';
import type { CronJob } from './cron-route';

const expected = `must be an integer from 3000 to ${String(MAX_TIME_BUDGET_MS)}`;
const params = z.strictObject({
  timeBudgetMs: z.string().regex(/^\d{1,10}$/, expected).transform(Number).refine((n) => n >= 3_000 && n <= MAX_TIME_BUDGET_MS, expected).optional(),
});

const DEFAULT_BUDGET_MS = 50_000;

let shared: ApiTransport | undefined;

/** The process's own. No part of it can reach a calendar: it has no way to refresh. */
function processFollowUps(from: Env): FollowUpsContext {
  shared ??= createHttpTransport({ allowHosts: from.OUTBOUND_ALLOW_HOSTS, trustedOrigins: [] });
  return { db: db(from), transport: shared, maxAgeMs: from.AVAILABILITY_MAX_AGE_MS, credentialsKey: from.CREDENTIALS_KEY, random: Math.random };
}

export function createFollowUpsJob(contextOf: (from: Env) => FollowUpsContext = processFollowUps): CronJob<z.infer<typeof params>> {
  return {
    name: 'followups',
    params,
    timeBudgetMs: (given) => given.timeBudgetMs ?? DEFAULT_BUDGET_MS,
    // Claims of rows keep runs apart: none has to wait for another.
    lockOf: () => null,
    run: async ({ env, runId, startedAtMs, timeBudgetMs }) => {
      const report = await runFollowUps(contextOf(env), { runId, timeBudgetMs, startedAtMs });
      return { status: 200, outcome: report.success ? 'good' : 'not_good', body: { ...report, skipped: false } };
    },
  };
}
