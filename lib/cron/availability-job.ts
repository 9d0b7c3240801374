/** The availability job: parameters, limits and answers of `GET /api/cron/availability`. */
import { z } from 'zod';
import { alarmTransport, beat, sweepDisabledBy } from '../alarms';
import { refreshAvailabilityCachesDue, refreshWorkspaceAvailabilityCache, WorkspaceNotFoundError, type RefreshOutcome } from '../availability-cache';
import { MAX_TIME_BUDGET_MS } from '../env';
import { log } from '../log';
import { processContext, type CacheContext } from '../refresh/context';
import { ANSWER_GRACE_MS, FLUSH_RESERVE_MS } from '../refresh/sweep';
import type { CronJob, JobAnswer, JobRun } from './cron-route';
import { LOCKS } from './lock-keys';

/** Less leaves no time to fetch in: two seconds are kept for writing and answering. */
const MIN_TIME_BUDGET_MS = 3_000;
/** After the answer, and so in nobody's way. */
const HEARTBEAT_TIMEOUT_MS = 5_000;

const integer = (min: number, max: number) => {
  const expected = `must be an integer from ${String(min)} to ${String(max)}`;
  return z.string().regex(/^\d{1,10}$/, expected).transform(Number).refine((n) => n >= min && n <= max, expected).optional();
};
const id = z.string().min(1, 'must not be empty').max(200, 'is too long to be a workspace id').regex(/^\P{Cc}*$/u, 'has control characters').optional();

const params = z
  .strictObject({
    mode: z.enum(['all', 'due'], 'must be all or due').default('all'),
    timeBudgetMs: integer(MIN_TIME_BUDGET_MS, MAX_TIME_BUDGET_MS),
    concurrency: integer(1, 1_000),
    limit: integer(1, 1_000_000_000),
    workspaceId: id,
    clientId: id,
  })
  .refine((p) => p.workspaceId === undefined || p.clientId === undefined || p.workspaceId === p.clientId, {
    path: ['clientId'],
    message: 'is an alias of workspaceId and names another workspace',
  })
  .transform(({ clientId, workspaceId, ...rest }) => ({ ...rest, workspaceId: workspaceId ?? clientId }));

type Params = z.infer<typeof params>;

/** @param contextOf the cache it works on: the process's own, or a test's */
export function createAvailabilityJob(contextOf: () => CacheContext): CronJob<Params> {
  return {
    name: 'availability',
    params,
    timeBudgetMs: (given, env) => given.timeBudgetMs ?? env.AVAILABILITY_CRON_TIME_BUDGET_MS,
    lockOf: ({ workspaceId }) => (workspaceId === undefined ? LOCKS.availabilitySweep : null),
    before: (run) => disabledAnswer(run),
    afterwards: async (run, result) => {
      const { HEARTBEAT_URL: url } = run.env;
      // Also after a sweep with nothing to do: silence means that none was good.
      if (url === undefined || result.outcome !== 'good' || run.params.workspaceId !== undefined) return;
      const beaten = await beat(alarmTransport(run.env), url, HEARTBEAT_TIMEOUT_MS);
      if (beaten.kind === 'failed') log().warn({ runId: run.runId, error: beaten.error }, 'heartbeat_failed');
    },
    run: async (run) => (run.params.workspaceId === undefined ? await sweep(run, contextOf()) : await refreshOne(run, run.params.workspaceId, contextOf())),
    answerTo: (error) => {
      if (!(error instanceof WorkspaceNotFoundError)) return null;
      return { status: 404, outcome: 'failed', body: { success: false, error: 'workspace_not_found', message: error.message } };
    },
  };
}

export const availabilityJob = createAvailabilityJob(processContext);

/** 0 turns the sweep off, and loudly so: people set it to stop the followups cron, which never refreshes here. */
function disabledAnswer({ params: { workspaceId }, env, runId }: JobRun<Params>): JobAnswer | null {
  const variable = sweepDisabledBy(env);
  if (variable === null || workspaceId !== undefined) return null;
  return {
    status: 200,
    outcome: 'disabled',
    body: {
      success: true, skipped: true, reason: 'disabled', disabledBy: variable, runId,
      message: `${variable}=0 turns the availability sweep off: no calendar is refreshed and slots go out of date. It is not needed to keep the followups cron from refreshing, which only reads the cache. Unset it for no limit.`,
    },
  };
}

async function sweep({ params: p, env, runId, startedAtMs, timeBudgetMs, signal }: JobRun<Params>, context: CacheContext): Promise<JobAnswer> {
  const limit = env.AVAILABILITY_CRON_WORKSPACE_LIMIT ?? env.AVAILABILITY_CRON_LIMIT;
  const limits = [limit, p.limit].filter((n) => n !== undefined);
  const report = await refreshAvailabilityCachesDue({
    runId, startedAtMs, timeBudgetMs, signal,
    mode: p.mode,
    concurrency: p.concurrency ?? env.AVAILABILITY_CRON_CONCURRENCY,
    workspaceLimit: limits.length === 0 ? undefined : Math.min(...limits),
  }, context);
  const outcome = report.reason === 'lock_lost' ? 'lock_lost' : report.success ? 'good' : 'not_good';
  return { status: 200, outcome, body: { ...report } };
}

async function refreshOne({ runId, startedAtMs, timeBudgetMs }: JobRun<Params>, workspaceId: string, context: CacheContext): Promise<JobAnswer> {
  const endMs = startedAtMs + timeBudgetMs;
  const result = await refreshWorkspaceAvailabilityCache(workspaceId, context, { fetchMs: endMs - FLUSH_RESERVE_MS, answerMs: endMs + ANSWER_GRACE_MS });
  const success = result.kind === 'refreshed';
  return {
    status: 200,
    outcome: success ? 'good' : 'not_good',
    body: { success, skipped: result.kind === 'skipped', ...reasonOf(result), runId, workspaceId, result, durationMs: Math.round(performance.now() - startedAtMs) },
  };
}

function reasonOf(result: RefreshOutcome): { reason?: string } {
  return result.kind === 'skipped' ? { reason: result.reason } : {};
}
