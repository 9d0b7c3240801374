/**
 * A sweep: plan, run the engine, store, answer. Everything it does is bounded by its deadline.
 *
 * - until `budget − 2 s` refreshes start and run; then all that is under way aborts
 * - then results are flushed and metrics read, and the answer is given by `budget + 2 s`
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { anchoredClock, type Clock } from '../clock';
import { log } from '../log';
import type { HttpObservation } from '../providers/types';
import { runEngine } from './engine';
import { clearRetries, saveBreakers, saveConcurrency } from './hosts';
import { readFacts, ensureStatusRows } from './facts';
import { readCacheMetrics, type CacheMetrics } from './metrics';
import { lastTurnsOf, orderFairly, standingOf, type SkipReason, type SweepMode } from './order';
import { LAST_ANSWER_MS, quotaLimitedOf, reserveQuota, saveQuotaLessons, type QuotaLimited } from './quota';
import { Breakers } from './breaker';
import { DEFAULT_BOUNDS, HostLimits } from './concurrency';
import { RunEnded } from './attempt';
import { Sink } from './sink';
import type { StoredWrite } from './store';
import { Tally, type AgencySummary, type ErrorSummary, type ProviderSummary } from './tally';
import type { CacheContext } from './context';
import { workItemOf } from './work-item';
import type { WorkItem, WorkspaceFacts } from './types';
import type { Vendor } from '../providers/errors';

/** Kept free at the end of the budget for writing and answering. */
export const FLUSH_RESERVE_MS = 2_000;
/** Of the two seconds after the budget, what the run's own statements may use; the rest is for lock and record. */
export const ANSWER_GRACE_MS = 600;
/** An item slower than this stops holding a place; a quarter of a short run, so that it still serves the others. */
const PARK_AFTER_MS = 3_000;
/** A provider that is down must not fill the log each minute. */
const MAX_LOGGED_FAILURES = 20;

export interface SweepOptions {
  runId: string;
  mode: SweepMode;
  timeBudgetMs: number;
  concurrency: number | undefined;
  /** Most workspaces to refresh; undefined: all. */
  workspaceLimit: number | undefined;
  /** `performance.now()` when the run began: planning and locking count against the budget. */
  startedAtMs: number;
  /** Aborts with `RunEnded('lock_lost')`. */
  signal?: AbortSignal;
}

export interface SweepReport {
  /** A good sweep: it finished, and refreshed at least half of what it attempted or had nothing to attempt. */
  success: boolean;
  skipped: false;
  reason?: 'lock_lost';
  runId: string;
  mode: SweepMode;
  /** checked = attempted + the skipped + abandoned + unknown + notReached */
  checked: number;
  /** attempted = refreshed + errors.total */
  attempted: number;
  /** refreshed = changed + unchanged */
  refreshed: number;
  changed: number;
  unchanged: number;
  skippedBackoff: number;
  skippedNotConfigured: number;
  skippedPaused: number;
  skippedClaimed: number;
  /** No place in its credential's quota before the run's end. */
  skippedQuota: number;
  abandoned: number;
  unknown: number;
  notReached: number;
  errors: ErrorSummary;
  /** True only if nothing was abandoned or not reached. */
  finishedWithinBudget: boolean;
  durationMs: number;
  byProvider: Partial<Record<Vendor, ProviderSummary>>;
  byAgency: AgencySummary[];
  quotaLimited: QuotaLimited[];
  /** Hosts whose breaker is open after the run. */
  openBreakers: string[];
  /** Read after the run; null when the database did not answer in time. */
  metrics: CacheMetrics | null;
}

/** @throws when the database cannot be reached or does not answer the planning query in time */
export async function runSweep(context: CacheContext, options: SweepOptions): Promise<SweepReport> {
  const { db, settings } = context;
  const elapsed = (): number => performance.now() - options.startedAtMs;
  const fetchTimeLeft = (): number => options.timeBudgetMs - FLUSH_RESERVE_MS - elapsed();
  const answerTimeLeft = (): number => options.timeBudgetMs + ANSWER_GRACE_MS - elapsed();

  const facts = await readFacts(db, { timeoutMs: answerTimeLeft() });
  const clock = anchoredClock(facts.databaseNow);
  const plan = planOf(facts.workspaces, context, options, clock);
  const endsAt = clock.now() + fetchTimeLeft();
  // Less in a short run, which has few places.
  const placesEndAt = endsAt - Math.min(LAST_ANSWER_MS, fetchTimeLeft() / 10);
  const missing = plan.items.filter((item) => !item.status.exists).map((item) => item.workspaceId);
  await ensureStatusRows(db, missing, answerTimeLeft());
  const quota = await reserveQuota(db, plan.items, {
    endsAt: placesEndAt, now: clock.now(), sharePercent: settings.quotaSharePercent, timeoutMs: answerTimeLeft(),
  });

  const tally = new Tally();
  const breakers = new Breakers(facts.hosts, settings.maxAgeMs / 3, () => clock.now());
  const learned = new Map(facts.hosts.flatMap((h) => (h.concurrency === null ? [] : [[h.host, h.concurrency] as const])));
  const limits = new HostLimits({ ...DEFAULT_BOUNDS, max: settings.maxConcurrencyPerHost }, options.concurrency, learned);
  const observe = (observation: HttpObservation): void => {
    tally.observe(observation);
    limits.record(observation.host, observation);
  };
  const sink = new Sink({
    db, settings: { ...settings, runId: options.runId }, timeLeftMs: answerTimeLeft,
    onStored: (stored) => {
      for (const write of stored) {
        tally.record(write);
        logFailure(write, options.runId, tally.errors.total);
      }
    },
  });

  const end = new AbortController();
  const onSignal = (): void => { end.abort(options.signal?.reason); };
  if (options.signal?.aborted) onSignal();
  options.signal?.addEventListener('abort', onSignal);
  const endTimer = setTimeout(() => { end.abort(new RunEnded('deadline')); }, Math.max(0, fetchTimeLeft()));
  const engine = await runEngine({
    items: quota.admitted, grants: quota.grants, context, observe, clock, endsAt, placesEndAt, signal: end.signal, breakers, limits, sink,
    concurrency: options.concurrency, parkAfterMs: Math.min(PARK_AFTER_MS, (options.timeBudgetMs - FLUSH_RESERVE_MS) / 4),
  });
  clearTimeout(endTimer);
  options.signal?.removeEventListener('abort', onSignal);
  await sink.flush();

  // Asked only now: a process that was frozen finds its deadlines passed before it hears what arrived meanwhile, and all its
  // attempts may have failed of them by then.
  await nextTurn();
  const isLockLost = options.signal?.aborted ?? false;
  const closed = breakers.closed();
  const inClosedHosts = plan.all.filter((item) => closed.has(item.host)).map((item) => item.workspaceId);
  const limitedHosts = options.concurrency === undefined ? limits.found() : [];
  await ignoringLateDatabase('save what the run learned', async () => {
    await saveQuotaLessons(db, engine.quotaLessons, answerTimeLeft());
    // Deadlines that a frozen process missed say nothing of the hosts, and closing them would stop the run that has taken over.
    if (isLockLost) return;
    await saveBreakers(db, breakers.changed(), answerTimeLeft());
    await clearRetries(db, inClosedHosts, answerTimeLeft());
    await saveConcurrency(db, limitedHosts.filter((f) => learned.get(f.host) !== f.concurrency), answerTimeLeft());
  });
  const metrics = await ignoringLateDatabase('read the metrics', () => readCacheMetrics(db, answerTimeLeft()));

  const notReached = [...plan.beyondLimit, ...engine.notReached];
  const abandoned = tally.abandoned + engine.abandonedUnwritten;
  const refreshed = tally.changed + tally.unchanged;
  const attempted = refreshed + tally.errors.total;
  const isFinished = abandoned === 0 && engine.notReached.length === 0 && !isLockLost;
  return {
    // What may not have been stored was not refreshed.
    success: isFinished && refreshed * 2 >= attempted + tally.unknown,
    skipped: false,
    ...(isLockLost ? { reason: 'lock_lost' as const } : {}),
    runId: options.runId,
    mode: options.mode,
    checked: plan.checked,
    attempted,
    refreshed,
    changed: tally.changed,
    unchanged: tally.unchanged,
    skippedBackoff: plan.skipped.backoff + engine.closedOut.length,
    skippedNotConfigured: plan.skipped.notConfigured + tally.gone,
    skippedPaused: plan.skipped.paused,
    skippedClaimed: plan.skipped.claimed,
    skippedQuota: quota.refused.length + engine.tooLate.length,
    abandoned,
    unknown: tally.unknown,
    notReached: notReached.length,
    errors: tally.errors,
    finishedWithinBudget: isFinished && notReached.length === 0,
    durationMs: Math.round(elapsed()),
    byProvider: tally.byProvider(),
    byAgency: tally.byAgency(facts.workspaces, notReached, clock.now()),
    quotaLimited: quotaLimitedOf(plan.items, [...quota.refused, ...engine.tooLate], quota.grants, { now: clock.now(), ttlMs: settings.ttlMs }),
    openBreakers: breakers.open(),
    metrics,
  };
}

interface Plan {
  /** Work of this run, in order. */
  items: WorkItem[];
  /** Work that the workspace limit leaves for later runs. */
  beyondLimit: WorkItem[];
  /** Every workspace with a link, also those that are skipped. */
  all: WorkItem[];
  checked: number;
  skipped: Record<SkipReason, number>;
}

function planOf(workspaces: readonly WorkspaceFacts[], context: CacheContext, options: SweepOptions, clock: Clock): Plan {
  const skipped: Record<SkipReason, number> = { notConfigured: 0, paused: 0, backoff: 0, claimed: 0 };
  const all: WorkItem[] = [];
  const work: WorkItem[] = [];
  let checked = 0;
  const now = clock.now();
  for (const facts of workspaces) {
    const item = workItemOf(facts, context.origins);
    if (item) all.push(item);
    const standing = standingOf(facts, options.mode, now);
    if (standing.kind === 'notDue') continue;
    checked++;
    if (standing.kind === 'skip') skipped[standing.reason]++;
    else if (item) work.push(item);
  }
  const ordered = orderFairly(work, lastTurnsOf(workspaces));
  const limit = options.workspaceLimit ?? Infinity;
  return {
    items: ordered.filter((_, index) => index < limit),
    beyondLimit: ordered.filter((_, index) => index >= limit),
    all, checked, skipped,
  };
}

/** One line a failure, up to a bound; the run's own line has the counts. No message: it may hold anything. */
function logFailure({ write, outcome }: StoredWrite, runId: string, failuresSoFar: number): void {
  if (failuresSoFar > MAX_LOGGED_FAILURES || (write.kind !== 'failure' && outcome !== 'failed')) return;
  const { workspaceId, host } = write.result.item;
  log().warn({ runId, workspaceId, host, kind: outcome === 'failed' || write.kind !== 'failure' ? 'store_error' : write.result.errorKind }, 'refresh_failed');
}

/** The run's own end matters more than its bookkeeping: a database that is late here must not cost the answer. */
async function ignoringLateDatabase<T>(what: string, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    log().warn({ what, error: error instanceof Error ? error.name : 'unknown' }, 'sweep_bookkeeping_failed');
    return null;
  }
}
