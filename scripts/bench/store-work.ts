/** Sweeps that only write: made-up results through the sweep's own store, in its batches, without a request. */
import { setTimeout as sleep } from 'node:timers/promises';
import { anchoredClock } from '../../lib/clock';
import type { Db } from '../../lib/db';
import type { CacheContext } from '../../lib/refresh/context';
import { ensureStatusRows, readFacts } from '../../lib/refresh/facts';
import { contentHashOf, slotsHashOf } from '../../lib/refresh/hashes';
import { Sink } from '../../lib/refresh/sink';
import type { StoredWrite, Write } from '../../lib/refresh/store';
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
const VACUUM_STEP_MS = 20;

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
    const slots = new Float64Array(list);
    const slotsHash = slotsHashOf(slots);
    const contentHash = contentHashOf({ slotsHash, fingerprint: item.fingerprint, durationMinutes: 30, meta });
    const sendSlots = known.get(item) !== contentHash.toString();
    known.set(item, contentHash.toString());
    return { kind: 'success', sendSlots, result: { kind: 'success', item, beganAt: Math.floor(clock.now()), latencyMs: 250, slots, durationMinutes: 30, meta, slotsHash, contentHash } };
  };

  for (let sweep = 0; sweep < sweeps; sweep++) {
    await untilVacuumRests(db);
    const deadline = performance.now() + TIMEOUT_MS;
    const written: StoredWrite[] = [];
    const sink = new Sink({ db, settings, timeLeftMs: () => deadline - performance.now(), onStored: (stored) => { written.push(...stored); } });
    items.forEach((item, index) => { sink.add(writeOf(item, changeEvery > 0 && (index + sweep) % changeEvery === 0)); });
    await sink.flush();
    const lost = written.find(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged');
    if (lost) throw new Error(`a made-up result was not stored: ${lost.outcome} ${lost.error ?? ''}`);
  }
  await transport.close();
}

/**
 * A vacuum or analyze holds back what can be pruned while it runs: in life for a second of a sweep's minute, here for
 * dozens of sweeps that take milliseconds each. So they wait for it, as the minute does.
 */
async function untilVacuumRests(db: Db): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    const [row] = await db.$queryRaw<{ workers: number }[]>`
      SELECT count(*)::int AS workers FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = current_database()`;
    if (row?.workers === 0) return;
    await sleep(VACUUM_STEP_MS);
  }
  throw new Error('autovacuum does not come to an end');
}
