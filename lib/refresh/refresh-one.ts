/**
 * Refreshes one workspace outside a sweep: by a person, by `workspaceId=`, or for a reader whose slots are
 * stale. Takes no lock but a claim, one conditional UPDATE of `refreshingUntil`; sweeps leave a live claim alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { anchoredClock, type Clock } from '../clock';
import { boundedTransaction, Prisma, type Db } from '../db';
import { log } from '../log';
import type { ErrorKind } from '../providers/errors';
import { attempt } from './attempt';
import { decideFailure, shouldRespectBackoff } from './backoff';
import type { CacheContext } from './context';
import { epochMs } from './configured';
import { ensureStatusRows, readFacts } from './facts';
import { isOpen } from './breaker';
import { LAST_ANSWER_MS, paceOf, quotaLesson, requestsOf, reserveQuota, saveQuotaLessons, settlementOf, type Grant } from './quota';
import { SendPace } from './send-pace';
import { readWorkspace, WorkspaceNotFoundError, type ReadResult } from './read';
import { mustSendSlots, storeBatch, type Write } from './store';
import { workItemOf } from './work-item';
import type { WorkItem } from './types';

export type RefreshOutcome =
  | { kind: 'refreshed'; changed: boolean; slotCount: number; durationMs: number }
  | { kind: 'failed'; errorKind: ErrorKind | 'store_error' | 'unknown_write'; message: string; durationMs: number }
  | { kind: 'skipped'; reason: 'paused' | 'notConfigured' | 'claimed' | 'backoff' | 'breaker' | 'quota' | 'deleted' };

const QUERY_TIMEOUT_MS = 5_000;
/** A claim outlives the workspace's deadline by this, for the write; then it ends by itself. */
const CLAIM_GRACE_MS = 5_000;
/** How long a reader waits for another's refresh, and how often it looks. */
const WAIT_FOR_OTHER_MS = 5_000;
const WAIT_STEP_MS = 250;
/** A reader refreshes only what is stale by more than this: the next sweep is that near. */
export const STALE_BEYOND_MS = 30_000;

export interface RefreshOneOptions {
  /** Respect backoff, breaker and quota, as a reader must; a person's refresh does not wait. */
  politely: boolean;
  /** By `performance.now()`: when the calendar is not waited for any longer, and when the database is not. */
  deadlines?: { fetchMs: number; answerMs: number } | undefined;
}

/** @throws WorkspaceNotFoundError; when the database does not answer in time */
export async function refreshOne(context: CacheContext, workspaceId: string, options: RefreshOneOptions): Promise<RefreshOutcome> {
  const { db, settings } = context;
  const startedAt = performance.now();
  const { fetchMs, answerMs } = options.deadlines ?? { fetchMs: Infinity, answerMs: Infinity };
  const queryTimeLeft = (): number => Math.min(QUERY_TIMEOUT_MS, answerMs - performance.now());
  const facts = await readFacts(db, { workspaceId, timeoutMs: queryTimeLeft() });
  const workspace = facts.workspaces[0];
  if (!workspace) throw new WorkspaceNotFoundError(workspaceId);
  const clock = anchoredClock(facts.databaseNow);
  if (workspace.paused) return { kind: 'skipped', reason: 'paused' };
  const planned = workItemOf(workspace, context.origins);
  if (!planned) return { kind: 'skipped', reason: 'notConfigured' };
  let item = planned;

  const host = facts.hosts.find((h) => h.host === item.host);
  const isBreakerOpen = host !== undefined && isOpen({ ...host, failuresInARow: 0, errorKind: null }, clock.now());
  if (options.politely) {
    if (shouldRespectBackoff({ ...item.status, configuredFingerprint: item.fingerprint }, clock.now())) return { kind: 'skipped', reason: 'backoff' };
    if (isBreakerOpen) return { kind: 'skipped', reason: 'breaker' };
  }
  if (!item.status.exists) await ensureStatusRows(db, [workspaceId], queryTimeLeft());
  const claimedUntil = await claim(db, item, settings.workspaceTimeoutMs + CLAIM_GRACE_MS, queryTimeLeft());
  if (claimedUntil === undefined) return { kind: 'skipped', reason: 'claimed' };
  const pace = new SendPace(clock);
  let grant: Grant | undefined;
  let blockedUntil: number | null = null;
  try {
    if (item.credential) {
      // A person's refresh is counted against the quota too, but does not wait for its place. Nobody is let through while
      // the vendor said to wait, or beyond the day's share.
      const now = clock.now();
      const ownMs = item.link.provider === 'unknown' ? 0 : requestsOf(item, now) * paceOf(item.link.provider, settings.quotaSharePercent, null).intervalMs;
      // What cannot be asked before the deadline would be held against the calendar.
      const waitMs = Math.min(ownMs, settings.workspaceTimeoutMs - LAST_ANSWER_MS);
      const quota = await reserveQuota(db, [item], {
        now, endsAt: now + waitMs, sharePercent: settings.quotaSharePercent, timeoutMs: queryTimeLeft(), isForced: !options.politely,
      });
      grant = quota.grants.get(item.credential.quotaKey);
      const [admitted] = quota.admitted;
      if (!admitted) return { kind: 'skipped', reason: 'quota' };
      if (options.politely) item = admitted;
    }
    const workspaceTimeoutMs = Math.max(0, Math.min(settings.workspaceTimeoutMs, fetchMs - performance.now()));
    const write = await fetchOne({ ...context, settings: { ...settings, workspaceTimeoutMs } }, item, clock, pace, isBreakerOpen);
    if (write.kind === 'failure' && write.result.errorKind === 'rate_limited') blockedUntil = clock.now() + (write.result.retryAfterMs ?? settings.ttlMs);
    const deadline = performance.now() + queryTimeLeft();
    const [stored] = await storeBatch(db, [write], settings, () => deadline - performance.now());
    const durationMs = Math.round(performance.now() - startedAt);
    if (!stored || stored.outcome === 'gone') return { kind: 'skipped', reason: 'deleted' };
    if (stored.outcome === 'unknown') return { kind: 'failed', errorKind: 'unknown_write', message: 'The database did not answer; whether the result was stored is not known.', durationMs };
    if (stored.outcome === 'failed') return { kind: 'failed', errorKind: 'store_error', message: stored.error ?? 'The database refused the row.', durationMs };
    if (write.kind === 'success') return { kind: 'refreshed', changed: stored.outcome === 'changed', slotCount: write.result.slots.length, durationMs };
    if (write.kind === 'failure') return { kind: 'failed', errorKind: write.result.errorKind, message: write.result.message, durationMs };
    return { kind: 'skipped', reason: 'claimed' };
  } finally {
    await ignoringDatabase('release the claim', workspaceId, release(db, workspaceId, claimedUntil, queryTimeLeft()));
    if (item.credential && grant) {
      const { quotaKey } = item.credential;
      const settlement = settlementOf(grant, pace.sentWith(quotaKey));
      if (settlement || blockedUntil !== null) await ignoringDatabase('save the quota', workspaceId, saveQuotaLessons(db, [quotaLesson(quotaKey, { settlement, blockedUntil })], queryTimeLeft()));
    }
  }
}

async function fetchOne(context: CacheContext, item: WorkItem, clock: Clock, pace: SendPace, breakerOpen: boolean): Promise<Write> {
  const never = new AbortController().signal;
  // The claim ends at its time, so waiting for a turn counts here.
  const clientOf = () => context.transport.client({ beforeRequest: ({ signal }) => pace.turn(item, signal) });
  const result = await attempt(item, context, clientOf, clock, never);
  if (result.kind === 'abandoned') return { kind: 'abandoned', result };
  if (result.kind === 'success') return { kind: 'success', result, sendSlots: mustSendSlots(result) };
  const decision = decideFailure(
    {
      errorKind: result.errorKind, retryAfterMs: result.retryAfterMs, status: item.status, fingerprint: item.fingerprint,
      hasSucceeded: item.status.succeededAt !== null && item.stored?.slotsFingerprint === item.fingerprint, breakerOpen,
    },
    context.settings, clock.now(), context.random(),
  );
  return { kind: 'failure', result, decision };
}

/**
 * One conditional UPDATE: of any number of claimants, in any process, one wins. Who read the row before another's
 * refresh and comes after it loses, too: the calendar was just asked. Returns the claim's end, its token.
 */
async function claim(db: Db, { workspaceId, status }: WorkItem, forMs: number, timeoutMs: number): Promise<string | undefined> {
  const [claimed] = await boundedTransaction(db, timeoutMs, [
    db.$queryRaw<{ until: string }[]>`
      UPDATE "WorkspaceAvailabilityStatus" SET "refreshingUntil" = clock_timestamp() + ${forMs} * interval '1 millisecond'
      WHERE "clientId" = ${workspaceId} AND ("refreshingUntil" IS NULL OR "refreshingUntil" <= clock_timestamp())
        AND ${epochMs(Prisma.sql`"fetchedAt"`)} IS NOT DISTINCT FROM ${status.fetchedAt}::float8
      RETURNING "refreshingUntil"::text AS until`,
  ]);
  return claimed[0]?.until;
}

/** Ends our claim if it still stands: never one that another took after ours ran out. */
async function release(db: Db, workspaceId: string, claimedUntil: string, timeoutMs: number): Promise<void> {
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      UPDATE "WorkspaceAvailabilityStatus" SET "refreshingUntil" = NULL
      WHERE "clientId" = ${workspaceId} AND "refreshingUntil" = ${claimedUntil}::timestamptz`,
  ]);
}

/** The refresh's outcome matters more than its bookkeeping. */
async function ignoringDatabase(what: string, workspaceId: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    log().warn({ workspaceId, what, error: error instanceof Error ? error.name : 'unknown' }, 'refresh_bookkeeping_failed');
  });
}

/** Whether a reader should ask for a refresh before it answers. Pure. */
export function isWorthRefreshing({ answer, staleAt, now, isConfigurationNew }: ReadResult): boolean {
  if (answer.state === 'paused' || answer.calendarUrl === null) return false;
  return staleAt === null || now > staleAt + STALE_BEYOND_MS || isConfigurationNew;
}

/** Refreshes for a reader, or waits for who holds the claim, then reads again; from the cache in any case. */
export async function readRefreshed(context: CacheContext, workspaceId: string, maxAgeMs: number, before: ReadResult): Promise<ReadResult> {
  const outcome = await refreshOne(context, workspaceId, { politely: true });
  if (outcome.kind !== 'skipped' || outcome.reason !== 'claimed') {
    return outcome.kind === 'skipped' ? before : await readWorkspace(context.db, workspaceId, maxAgeMs, before.givenNow);
  }
  const deadline = performance.now() + WAIT_FOR_OTHER_MS;
  for (;;) {
    const latest = await readWorkspace(context.db, workspaceId, maxAgeMs, before.givenNow);
    if (!latest.isClaimed || latest.fetchedAt !== before.fetchedAt || performance.now() > deadline) return latest;
    await sleep(WAIT_STEP_MS);
  }
}
