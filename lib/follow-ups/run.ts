/** A run of the followups job: claims due rows, a few at a time, until none is due or its time ends. */
import { parseCredentialKeys } from '../credentials';
import type { Db } from '../db';
import { log } from '../log';
import type { ApiTransport } from '../providers/types';
import { claimDue, type ClaimedFollowUp } from './claims';
import { processFollowUp, type FollowUpOutcome, type ProcessContext } from './process';
import { readFollowUpWorkspace, type FollowUpWorkspace } from './workspaces';

export interface FollowUpsContext {
  db: Db;
  transport: ApiTransport;
  maxAgeMs: number;
  credentialsKey: string | undefined;
  random: () => number;
  at?: ProcessContext['at'];
}

export interface FollowUpsReport {
  success: boolean;
  runId: string;
  /** claimed = the sum of the outcomes */
  claimed: number;
  sent: number;
  /** To the next opening, or until the workspace is resumed. */
  moved: number;
  deferred: number;
  expired: number;
  cancelled: number;
  retrying: number;
  failed: number;
  /** May have been sent; a person must look. */
  unknown: number;
  /** Cancelled, deleted or taken over by another run meanwhile. */
  lost: number;
  /** This job reads the cache and refreshes nothing, whatever the limits say. */
  availabilityRefresh: 'dedicated-cron';
  finishedWithinBudget: boolean;
  durationMs: number;
}

/** As many as are claimed at once are worked on at once: a claim does not wait in a queue. */
const AT_ONCE = 8;
const DELIVERY_TIMEOUT_MS = 10_000;
/** A claim outlives everything that one row can take. */
const CLAIM_MS = 60_000;
/** Nothing is claimed when less than this is left: what was begun is not cut off. */
const NEEDS_MS = DELIVERY_TIMEOUT_MS + 2_000;

/** Any number of runs may work beside each other. @throws when the database does not answer */
export async function runFollowUps(context: FollowUpsContext, options: { runId: string; timeBudgetMs: number; startedAtMs: number }): Promise<FollowUpsReport> {
  const { db, transport, maxAgeMs, random } = context;
  const keys = context.credentialsKey === undefined ? undefined : parseCredentialKeys(context.credentialsKey);
  const timeLeft = (): number => options.timeBudgetMs - (performance.now() - options.startedAtMs);
  const needsMs = Math.min(NEEDS_MS, options.timeBudgetMs / 2);
  const deliveryTimeoutMs = Math.min(DELIVERY_TIMEOUT_MS, needsMs);
  const counts: Record<FollowUpOutcome, number> = { sent: 0, moved: 0, deferred: 0, expired: 0, cancelled: 0, retrying: 0, failed: 0, unknown: 0, lost: 0 };
  const workspaces = new Map<string, Promise<FollowUpWorkspace | null>>();
  const workspaceOf = (id: string): Promise<FollowUpWorkspace | null> => {
    const known = workspaces.get(id) ?? readFollowUpWorkspace(db, id, keys);
    workspaces.set(id, known);
    return known;
  };
  const process: ProcessContext = { db, http: transport.apiClient(), maxAgeMs, deliveryTimeoutMs, random, ...(context.at ? { at: context.at } : {}) };

  const one = async (row: ClaimedFollowUp): Promise<void> => {
    try {
      counts[await processFollowUp(process, row, await workspaceOf(row.workspaceId))]++;
    } catch (error) {
      // One bad row never stops the others: its claim runs out, and the next run takes it as a broken one.
      counts.lost++;
      log().error({ runId: options.runId, followUpId: row.id, error: error instanceof Error ? error.name : 'unknown' }, 'follow_up_failed');
    }
  };

  const first = timeLeft() > needsMs ? await claimDue(db, { limit: AT_ONCE, claimMs: CLAIM_MS }) : [];
  let claimed = first.length;
  let isDone = first.length < AT_ONCE;
  const next = async (): Promise<ClaimedFollowUp | undefined> => {
    if (isDone || timeLeft() <= needsMs) return undefined;
    const [row] = await claimDue(db, { limit: 1, claimMs: CLAIM_MS });
    if (row) claimed++;
    else isDone = true;
    return row;
  };
  // A worker for each row of the first claim: a slow receiver holds up one of them.
  await Promise.all(first.map(async (row) => {
    for (let at: ClaimedFollowUp | undefined = row; at; at = await next()) await one(at);
  }));
  return {
    success: isDone, runId: options.runId, claimed, ...counts,
    availabilityRefresh: 'dedicated-cron', finishedWithinBudget: isDone, durationMs: Math.round(performance.now() - options.startedAtMs),
  };
}
