/** "Refresh now", of one workspace or many: it calls calendars, so it is not one transaction with its record. */
import pLimit from 'p-limit';
import { refreshWorkspaceAvailabilityCache, WorkspaceNotFoundError, type CacheContext, type RefreshOutcome } from '../availability-cache';
import type { Prisma } from '../db';
import { processContext } from '../refresh/context';
import { amend, record, type By, type Done } from './audit';

/** The most workspaces of one bulk refresh: what is more is the sweep's work. */
export const MAX_BULK_REFRESH = 500;
/** Calendars at once: a person's refresh must not crowd out the sweep's. */
const BULK_CONCURRENCY = 8;
/** The rest is left when a platform is about to end the request. */
const BULK_BUDGET_MS = 50_000;

/** The outcome is kept in the record. @throws WorkspaceNotFoundError; a database error */
export async function refreshNow(by: By, workspaceId: string, context: CacheContext = processContext()): Promise<Done<RefreshOutcome>> {
  const entry = await record(context.db, by, { action: 'workspace.refresh', subject: workspaceId });
  if (entry === null) return { kind: 'repeated' };
  const outcome = await refreshWorkspaceAvailabilityCache(workspaceId, context);
  await amend(context.db, entry, outcome);
  return { kind: 'done', value: outcome };
}

export interface BulkProgress {
  workspaceId: string;
  outcome: RefreshOutcome | { kind: 'failed'; errorKind: 'internal_error'; message: string } | { kind: 'skipped'; reason: 'timeUp' };
  done: number;
  total: number;
}

export interface BulkCounts {
  refreshed: number;
  failed: number;
  skipped: number;
}

/**
 * Refreshes each, a few at a time, and tells of each as it ends. What its time or the caller's signal cuts off is
 * skipped as `timeUp`. The record holds the counts.
 */
export async function refreshMany(
  by: By, workspaceIds: readonly string[], options: { onProgress: (progress: BulkProgress) => void; signal?: AbortSignal; budgetMs?: number }, context: CacheContext = processContext(),
): Promise<Done<BulkCounts>> {
  const ids = [...new Set(workspaceIds)].slice(0, MAX_BULK_REFRESH);
  const entry = await record(context.db, by, { action: 'workspaces.refresh', subject: null, details: { workspaces: ids.length } });
  if (entry === null) return { kind: 'repeated' };
  const endsAt = performance.now() + (options.budgetMs ?? BULK_BUDGET_MS);
  const counts = { refreshed: 0, failed: 0, skipped: 0 };
  let done = 0;
  await pLimit(BULK_CONCURRENCY).map(ids, async (workspaceId) => {
    const isOver = options.signal?.aborted === true || performance.now() > endsAt;
    const outcome = isOver ? { kind: 'skipped', reason: 'timeUp' } as const : await refreshOrSay(context, workspaceId);
    counts[outcome.kind]++;
    options.onProgress({ workspaceId, outcome, done: ++done, total: ids.length });
  });
  await amend(context.db, entry, counts satisfies Prisma.InputJsonObject);
  return { kind: 'done', value: counts };
}

/** One that cannot be refreshed at all must not end the others. */
async function refreshOrSay(context: CacheContext, workspaceId: string): Promise<BulkProgress['outcome']> {
  try {
    return await refreshWorkspaceAvailabilityCache(workspaceId, context);
  } catch (error) {
    if (error instanceof WorkspaceNotFoundError) return { kind: 'skipped', reason: 'deleted' };
    return { kind: 'failed', errorKind: 'internal_error', message: 'The refresh could not be done: the database did not answer as it should.' };
  }
}
