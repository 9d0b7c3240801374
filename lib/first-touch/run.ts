/**
 * One run of first touch over every workspace that has it on.
 *
 * Agencies take turns, and who was visited longest ago comes first, so a run that is cut off starves nobody. All
 * calls end 2 s before the budget does; what they leave half done the next run finds.
 */
import { setMaxListeners } from 'node:events';
import { deadlineUnder } from '../abort';
import { anchoredClock } from '../clock';
import { createLane, type Lane } from '../providers/emailbison/lane';
import { RunEnded } from '../refresh/attempt';
import type { FirstTouchContext } from './context';
import { orderOf } from './order';
import { mostNotable, sumOf, type Counts, type VisitReport } from './tally';
import { visitWorkspace } from './visit-workspace';
import { readFirstTouchWorkspaces, saveVisit, type FirstTouchWorkspace } from './workspaces';

/** Kept free at the end of the budget for what is being written, and the answer. */
const END_RESERVE_MS = 2_000;
/** Each is bounded by its instance's lane; more would only share the same database. */
const WORKSPACES_AT_ONCE = 4;
/** Of the run: a workspace that hangs must not hold a place for all of it. */
const WORKSPACE_SHARE = 0.75;
/** A turn that begins with less time than this would be over before it wrote anything. */
const LEAST_TURN_MS = 1_500;
const LEAST_TURN_SHARE = 0.25;
const WORKSPACES_SHOWN = 10;

export interface FirstTouchOptions {
  runId: string;
  timeBudgetMs: number;
  /** `performance.now()` when the run began. */
  startedAtMs: number;
  /** Aborts with `RunEnded('lock_lost')`. */
  signal?: AbortSignal;
  /** Writes nothing anywhere and answers what it would do. */
  isDryRun: boolean;
  /** Only this one. */
  workspaceId?: string | undefined;
}

export interface FirstTouchReport extends Counts {
  success: boolean;
  skipped: false;
  reason?: 'lock_lost';
  runId: string;
  dryRun: boolean;
  /** Workspaces with first touch on = visited + skippedPaused + workspacesNotReached. */
  workspaces: { total: number; visited: number; skippedPaused: number; notReached: number; inError: number };
  /** Leads looked at: the sum of the counts. */
  checked: number;
  /** Why leads went the way they did, over all workspaces. */
  reasons: Record<string, number>;
  byWorkspace: VisitReport[];
  errors: { total: number; byKind: Record<string, number>; first: { workspaceId: string; kind: string; message: string } | null };
  finishedWithinBudget: boolean;
  durationMs: number;
}

/** @throws on a database error */
export async function runFirstTouch(context: FirstTouchContext, options: FirstTouchOptions): Promise<FirstTouchReport> {
  const { db } = context.cache;
  const elapsed = (): number => performance.now() - options.startedAtMs;
  const timeLeftMs = (): number => options.timeBudgetMs - END_RESERVE_MS - elapsed();
  const plan = await readFirstTouchWorkspaces(db, Math.max(1, timeLeftMs()), options.workspaceId);
  const clock = context.now === undefined ? anchoredClock(plan.databaseNow) : { now: context.now };
  const ready = orderOf(plan.workspaces.filter(({ isPaused }) => !isPaused));

  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const onSignal = (): void => { end.abort(options.signal?.reason); };
  if (options.signal?.aborted) onSignal();
  options.signal?.addEventListener('abort', onSignal);
  const timer = setTimeout(() => { end.abort(new RunEnded('deadline')); }, Math.max(0, timeLeftMs()));

  const lanes = new Map<string, Lane>();
  const laneOf = ({ credential }: FirstTouchWorkspace): Lane => {
    const key = credential?.baseUrl ?? '';
    const lane = lanes.get(key) ?? createLane({ timeLeftMs, random: context.random });
    lanes.set(key, lane);
    return lane;
  };
  const visits: VisitReport[] = [];
  const queue = [...ready];
  const workMs = options.timeBudgetMs - END_RESERVE_MS;
  const leastTurnMs = Math.min(LEAST_TURN_MS, workMs * LEAST_TURN_SHARE);
  const visitNext = async (workspace: FirstTouchWorkspace): Promise<void> => {
    const signal = deadlineUnder(end.signal, Math.max(1, Math.floor(workMs * WORKSPACE_SHARE)));
    if (!options.isDryRun) await saveVisit(db, workspace.workspaceId, clock.now(), null);
    const report = await visitWorkspace(workspace, { context, lane: laneOf(workspace), isDryRun: options.isDryRun, now: () => clock.now(), timeLeftMs, signal });
    visits.push(report);
    if (!options.isDryRun && report.error) await saveVisit(db, workspace.workspaceId, clock.now(), `${report.error.kind}: ${report.error.message}`);
  };
  try {
    const workers = Array.from({ length: Math.min(WORKSPACES_AT_ONCE, queue.length) }, async () => {
      while (!end.signal.aborted && timeLeftMs() >= leastTurnMs) {
        const workspace = queue.shift();
        if (!workspace) return;
        await visitNext(workspace);
      }
    });
    for (const worker of await Promise.allSettled(workers)) if (worker.status === 'rejected') throw worker.reason;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onSignal);
  }
  return reportOf(plan.workspaces, visits, queue.length, options, end.signal, elapsed());
}

function reportOf(workspaces: readonly FirstTouchWorkspace[], visits: readonly VisitReport[], notReached: number, options: FirstTouchOptions, signal: AbortSignal, elapsedMs: number): FirstTouchReport {
  const isLockLost = signal.aborted && signal.reason instanceof RunEnded && signal.reason.why === 'lock_lost';
  const counts = sumOf(visits);
  const failures = visits.flatMap(({ workspaceId, error }) => (error ? [{ workspaceId, ...error }] : []));
  const byKind: Record<string, number> = {};
  for (const { kind } of failures) byKind[kind] = (byKind[kind] ?? 0) + 1;
  const reasons: Record<string, number> = {};
  for (const visit of visits) for (const [reason, count] of Object.entries(visit.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  const finishedWithinBudget = !isLockLost && notReached === 0 && counts.notReached === 0 && visits.every(({ isCutOff }) => !isCutOff);
  return {
    success: finishedWithinBudget && failures.length * 2 <= visits.length,
    skipped: false,
    ...(isLockLost ? { reason: 'lock_lost' as const } : {}),
    runId: options.runId,
    dryRun: options.isDryRun,
    workspaces: { total: workspaces.length, visited: visits.length, skippedPaused: workspaces.filter(({ isPaused }) => isPaused).length, notReached, inError: failures.length },
    ...counts,
    reasons,
    byWorkspace: mostNotable(visits, WORKSPACES_SHOWN),
    errors: { total: failures.length, byKind, first: failures[0] ?? null },
    finishedWithinBudget,
    durationMs: Math.round(elapsedMs),
  };
}
