/** Results of attempts as tests make them up: for the store alone, without a fetch. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@/lib/db';
import { decideFailure } from '@/lib/refresh/backoff';
import { ensureStatusRows, readFacts } from '@/lib/refresh/facts';
import { contentHashOf, slotsHashOf } from '@/lib/refresh/hashes';
import { storeBatch, type StoredWrite, type Write } from '@/lib/refresh/store';
import type { FailureResult, WorkItem } from '@/lib/refresh/types';
import { workItemOf } from '@/lib/refresh/work-item';
import type { CacheContext } from '@/lib/refresh/context';
import type { ProviderMeta } from '@/lib/providers/types';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** What every attempt here took. */
export const LATENCY_MS = 120;

/** The items that a sweep would plan now, by workspace. */
export async function itemsOf(context: CacheContext): Promise<Map<string, WorkItem>> {
  const { workspaces } = await readFacts(context.db, { timeoutMs: 5_000 });
  await ensureStatusRows(context.db, workspaces.map((w) => w.workspaceId), 5_000);
  return new Map(workspaces.flatMap((facts) => {
    const item = workItemOf(facts, context.origins);
    return item ? [[facts.workspaceId, item] as const] : [];
  }));
}

export async function itemOf(context: CacheContext, workspaceId: string): Promise<WorkItem> {
  const item = (await itemsOf(context)).get(workspaceId);
  if (!item) throw new Error(`no item for ${workspaceId}`);
  return item;
}

export interface SuccessOptions {
  meta?: ProviderMeta;
  durationMinutes?: number;
  /** False: as an attempt does that knows the stored content to be the same. */
  sendSlots?: boolean;
}

export function success(item: WorkItem, beganAt: number, slots: readonly number[], options: SuccessOptions = {}): Extract<Write, { kind: 'success' }> {
  const { meta = { resolvedId: 'known' }, durationMinutes = item.durationMinutes, sendSlots = true } = options;
  const packed = new Float64Array(slots);
  const slotsHash = slotsHashOf(packed);
  const contentHash = contentHashOf({ slotsHash, fingerprint: item.fingerprint, durationMinutes, meta });
  return { kind: 'success', sendSlots, result: { kind: 'success', item, beganAt, latencyMs: LATENCY_MS, slots: packed, durationMinutes, meta, slotsHash, contentHash } };
}

export function failure(item: WorkItem, beganAt: number, errorKind: FailureResult['errorKind'] = 'server_error', message = `failed at ${beganAt}`): Write {
  const result: FailureResult = { kind: 'failure', item, beganAt, latencyMs: LATENCY_MS, errorKind, message, retryAfterMs: undefined };
  const decision = decideFailure(
    { errorKind, retryAfterMs: undefined, status: item.status, fingerprint: item.fingerprint, hasSucceeded: false, breakerOpen: false },
    { ttlMs: MINUTE_MS, maxAgeMs: 15 * MINUTE_MS }, beganAt, 0.5,
  );
  return { kind: 'failure', result, decision };
}

export function abandoned(item: WorkItem, beganAt: number): Write {
  return { kind: 'abandoned', result: { kind: 'abandoned', item, beganAt, latencyMs: LATENCY_MS } };
}

export const STORE_SETTINGS = { ttlMs: MINUTE_MS, lookaheadDays: 30 };

export async function store(db: Db, ...writes: Write[]): Promise<StoredWrite[]> {
  return await storeBatch(db, writes, STORE_SETTINGS, () => 10_000);
}

/** Resolves when a statement of the database waits for a row that another holds. */
export async function isWaitingForLock(db: Db): Promise<void> {
  for (;;) {
    const [row] = await db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (row && row.waiting > 0) return;
    await sleep(5);
  }
}
