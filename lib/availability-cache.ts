/**
 * The availability cache: every open slot of the next 30 days of every workspace, kept in Postgres.
 *
 * - `refreshAvailabilityCachesDue`: a sweep over the workspaces (the cron route, under its lock)
 * - `refreshWorkspaceAvailabilityCache`: one workspace now
 * - `getWorkspaceAvailabilitySlotsUtc`: what readers call; the one fast place
 */
import { processContext, type CacheContext } from './refresh/context';
import { readWorkspace, type AvailabilityAnswer } from './refresh/read';
import { isWorthRefreshing, readRefreshed, refreshOne, type RefreshOutcome } from './refresh/refresh-one';
import { runSweep, type SweepOptions, type SweepReport } from './refresh/sweep';

export { shouldRespectBackoff } from './refresh/backoff';
export { WorkspaceNotFoundError, type AvailabilityAnswer } from './refresh/read';
export { isUsable, type WorkspaceState } from './refresh/state';
export type { CacheContext } from './refresh/context';
export type { RefreshOutcome } from './refresh/refresh-one';
export type { SweepReport } from './refresh/sweep';
export type { AgencySummary, ProviderSummary } from './refresh/tally';

/** Length of the window in days of 24 hours, where `AVAILABILITY_LOOKAHEAD_DAYS` does not say otherwise. */
export const DEFAULT_LOOKAHEAD_DAYS = 30;

/**
 * Refreshes one workspace now, under a claim: of any number of callers in any process one fetches.
 * A failure keeps the stored slots and is an outcome, not an exception.
 * @param deadlines by `performance.now()`: until when the calendar is waited for, and the database
 * @throws WorkspaceNotFoundError; a database error
 */
export async function refreshWorkspaceAvailabilityCache(
  workspaceId: string,
  context: CacheContext = processContext(),
  deadlines?: { fetchMs: number; answerMs: number },
): Promise<RefreshOutcome> {
  return await refreshOne(context, workspaceId, { politely: false, deadlines });
}

/**
 * A sweep: refreshes the workspaces in fair order until all are done or the budget ends. Two at once are
 * safe (fences) but wasteful: the caller holds the sweep's lock.
 * @throws when the database cannot be reached; a failing calendar is counted, not thrown
 */
export async function refreshAvailabilityCachesDue(options: SweepOptions, context: CacheContext = processContext()): Promise<SweepReport> {
  return await runSweep(context, options);
}

export interface ReadOptions {
  /** Refresh first when stale by more than 30 s and backoff, breaker and quota allow it; false: no network call, ever. */
  refreshIfStale?: boolean;
  /** Older successes are not handed out; default `AVAILABILITY_MAX_AGE_MS`. */
  maxAgeMs?: number;
  /** Epoch milliseconds or a Date; default the database's clock. */
  now?: number | Date;
}

/**
 * The open slots of one workspace: none that is past, booked, or read longer ago than the age limit. `state`
 * says what an empty list means.
 * @throws WorkspaceNotFoundError; a database error
 */
export async function getWorkspaceAvailabilitySlotsUtc(
  workspaceId: string,
  options: ReadOptions = {},
  context: CacheContext = processContext(),
): Promise<AvailabilityAnswer> {
  const { refreshIfStale = true, maxAgeMs = context.settings.maxAgeMs, now } = options;
  const read = await readWorkspace(context.db, workspaceId, maxAgeMs, now === undefined ? undefined : Number(now));
  if (!refreshIfStale || !isWorthRefreshing(read)) return read.answer;
  return (await readRefreshed(context, workspaceId, maxAgeMs, read)).answer;
}
