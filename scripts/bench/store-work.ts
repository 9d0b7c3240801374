/** Sweeps that only write: made-up results through the sweep's own store, in its batches, without a request. */
import { anchoredClock } from '../../lib/clock';
import type { CacheContext } from '../../lib/refresh/context';
import { ensureStatusRows, readFacts } from '../../lib/refresh/facts';
import { contentHashOf, slotsHashOf } from '../../lib/refresh/hashes';
import { BATCH_ROWS } from '../../lib/refresh/sink';
import { storeBatch, type Write } from '../../lib/refresh/store';
import type { WorkItem } from '../../lib/refresh/types';
import { workItemOf } from '../../lib/refresh/work-item';

export interface StoringInput {
  sweeps: number;
  /** Of each calendar; half an hour apart from tomorrow on. */
  slots: number;
  /** One in so many calendars changes in each sweep; 0: none. */
  changeEvery: number;
}

const SLOT_MS = 30 * 60_000;
const DAY_MS = 86_400_000;
const TIMEOUT_MS = 20_000;

export async function storeOften({ db, settings, origins, transport }: CacheContext, { sweeps, slots, changeEvery }: StoringInput): Promise<void> {
  const { workspaces, databaseNow } = await readFacts(db, { timeoutMs: TIMEOUT_MS });
  const clock = anchoredClock(databaseNow);
  const items = workspaces.flatMap((facts) => workItemOf(facts, origins) ?? []);
  await ensureStatusRows(db, items.map((item) => item.workspaceId), TIMEOUT_MS);
  const first = Math.floor(databaseNow / SLOT_MS) * SLOT_MS + DAY_MS;
  const lists = new Map(items.map((item) => [item, Array.from({ length: slots }, (_, index) => first + index * SLOT_MS)]));
  const known = new Map(items.map((item) => [item, item.status.contentHash]));

  const writeOf = (item: WorkItem, isChanged: boolean): Write => {
    let list = lists.get(item) ?? [];
    if (isChanged) {
      // The oldest goes, one comes: as long as before.
      list = [...list.filter((_, index) => index > 0), (list.at(-1) ?? first) + SLOT_MS];
      lists.set(item, list);
    }
    const meta = { resolvedId: 'made-up' };
    const slotsHash = slotsHashOf(list);
    const contentHash = contentHashOf({ slotsHash, fingerprint: item.fingerprint, durationMinutes: 30, meta });
    const sendSlots = known.get(item) !== contentHash.toString();
    known.set(item, contentHash.toString());
    return { kind: 'success', sendSlots, result: { kind: 'success', item, beganAt: Math.floor(clock.now()), latencyMs: 250, slots: list, durationMinutes: 30, meta, slotsHash, contentHash } };
  };

  for (let sweep = 0; sweep < sweeps; sweep++) {
    const writes = items.map((item, index) => writeOf(item, changeEvery > 0 && (index + sweep) % changeEvery === 0));
    for (let at = 0; at < writes.length; at += BATCH_ROWS) {
      const batch = writes.filter((_, index) => index >= at && index < at + BATCH_ROWS);
      const deadline = performance.now() + TIMEOUT_MS;
      const stored = await storeBatch(db, batch, settings, () => deadline - performance.now());
      const lost = stored.find(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged');
      if (lost) throw new Error(`a made-up result was not stored: ${lost.outcome} ${lost.error ?? ''}`);
    }
  }
  await transport.close();
}
