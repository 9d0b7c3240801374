/** A run of the followups job: claims due rows, a few at a time, until none is due or its time ends. */
import { parseCredentialKeys } from '../credentials';
import type { Db } from '../db';
import { log } from '../log';
import type { ApiTransport } from '../providers/types';
import { claimDue, type ClaimedFollowUp } from './claims';
import { afterFailure, maySent, OUTCOMES, type FollowUpOutcome } from './endings';
import { countUnknown, finishClaim, freeLeftOffers } from './finish';
import { processFollowUp, type ProcessContext } from './process';
import { shareClaims } from './share-claims';
import { createWorkspaceReader } from './workspaces';

export interface FollowUpsContext {
  db: Db;
  transport: ApiTransport;
  maxAgeMs: number;
  credentialsKey: string | undefined;
  /** Uniform in [0, 1). */
  random: () => number;
  /** A test's clock; default: the database's. */
  now?: () => number;
  at?: ProcessContext['at'];
}

/**
 * claimed = the sum of the outcomes. `moved`: to the next opening, or until the workspace is resumed. `unknown`: may
 * have been sent; a person must look. `abandoned`: cut off by the run's end. `lost`: cancelled, deleted or taken over
 * by another run meanwhile.
 */
export interface FollowUpsReport extends Record<FollowUpOutcome, number> {
  success: boolean;
  runId: string;
  claimed: number;
  /** All that wait for a person's word, of this run and of earlier ones. */
  awaitingOperator: number;
  /** This job reads the cache and refreshes nothing, whatever the limits say. */
  availabilityRefresh: 'dedicated-cron';
  finishedWithinBudget: boolean;
  durationMs: number;
}

/** Rows worked on at once; none is claimed before a worker is free for it. */
const AT_ONCE = 8;
const DELIVERY_TIMEOUT_MS = 10_000;
/** A claim outlives everything that one row can take; it begins anew when the message goes out. */
const CLAIM_MS = 60_000;
/** Nothing is claimed when less than this is left: what was begun is seldom cut off. */
const NEEDS_MS = DELIVERY_TIMEOUT_MS + 2_000;
const MIN_SEND_MS = 2_000;
/** What a row that is under way at the end may still take. */
const END_GRACE_MS = 500;

export interface RunOptions {
  runId: string;
  timeBudgetMs: number;
  /** `performance.now()` when the run began. */
  startedAtMs: number;
}

/** Any number of runs may work beside each other. @throws when the database does not answer */
export async function runFollowUps(context: FollowUpsContext, { runId, timeBudgetMs, startedAtMs }: RunOptions): Promise<FollowUpsReport> {
  const { db, transport, random, now } = context;
  const workspaceOf = createWorkspaceReader(db, context.credentialsKey === undefined ? undefined : parseCredentialKeys(context.credentialsKey));
  const timeLeftMs = (): number => timeBudgetMs - (performance.now() - startedAtMs);
  const needsMs = Math.min(NEEDS_MS, timeBudgetMs / 2);
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<FollowUpOutcome, number>;
  const heldUntil = new Map<string, number>();
  const processContext: ProcessContext = {
    db, http: transport.apiClient(), maxAgeMs: context.maxAgeMs, claimMs: CLAIM_MS, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS, random, now, timeLeftMs, at: context.at,
    minSendMs: Math.min(MIN_SEND_MS, timeBudgetMs / 4),
    holdMs: (receiver) => Math.max(0, (heldUntil.get(receiver) ?? 0) - performance.now()),
    hold: (receiver, forMs) => heldUntil.set(receiver, Math.max(heldUntil.get(receiver) ?? 0, performance.now() + forMs)),
  };

  const progress = { claimed: 0, isDone: false };
  // One claim after the other: each sees whose turn the one before was.
  const next = shareClaims(async (limit) => {
    if (progress.isDone || timeLeftMs() <= needsMs) return [];
    const rows = await claimDue(db, { limit, claimMs: CLAIM_MS, timeoutMs: Math.min(5_000, timeLeftMs()), now });
    progress.claimed += rows.length;
    progress.isDone = rows.length < limit;
    return rows;
  });
  const one = async (row: ClaimedFollowUp): Promise<void> => {
    try {
      counts[await processFollowUp(processContext, row, await workspaceOf(row.workspaceId))]++;
    } catch (error) {
      counts[await afterDefect(processContext, row, runId, error)]++;
    }
  };

  await freeLeftOffers(db);
  // Each works on one row at a time: a slow receiver holds up one of them.
  const workers = Promise.allSettled(Array.from({ length: AT_ONCE }, async () => {
    for (let row = await next(); row; row = await next()) await one(row);
  }));
  const ended = await beforeTheEnd(workers, timeLeftMs() + END_GRACE_MS);
  const broken = ended?.find((worker) => worker.status === 'rejected');
  if (broken) throw broken.reason;
  const seen = { ...counts };
  const total = OUTCOMES.reduce((sum, outcome) => sum + seen[outcome], 0);
  const { claimed, isDone } = progress;
  const finishedWithinBudget = isDone && total === claimed;
  return {
    success: finishedWithinBudget, runId, claimed, ...seen, abandoned: seen.abandoned + claimed - total, awaitingOperator: await countUnknown(db),
    availabilityRefresh: 'dedicated-cron', finishedWithinBudget, durationMs: Math.round(performance.now() - startedAtMs),
  };
}

/**
 * One bad row never stops the others, and does not come back for ever: its try counts. Had it been about to be sent,
 * nothing is written: its claim runs out, and the next run takes it as one that may have been.
 */
async function afterDefect({ db, random, now }: ProcessContext, row: ClaimedFollowUp, runId: string, error: unknown): Promise<FollowUpOutcome> {
  const name = error instanceof Error ? error.name : 'unknown';
  log().error({ runId, followUpId: row.id, error: name }, 'follow_up_failed');
  const { outcome, change } = afterFailure(row, { kind: 'refused', message: `It could not be worked on (${name}). See the log of run ${runId}.` }, true, random());
  const isWritten = await finishClaim(db, row, change, { now, ifNotIntended: !maySent(row) }).catch(() => false);
  return isWritten ? outcome : 'lost';
}

/** Null: the time ended first. What is still under way is healed as a killed process is: its claim runs out. */
async function beforeTheEnd<T>(work: Promise<T>, timeMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<null>((resolve) => { timer = setTimeout(() => { resolve(null); }, Math.max(0, timeMs)); });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
