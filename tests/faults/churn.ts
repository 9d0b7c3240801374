import type { FaultStage } from '../support/fault-stage';
import { DAY_MS } from './reader';

/** Longer than any reading: within one, a time is taken or freed, not both. */
const REST_MS = 60_000;
const MEETING_MS = 30 * 60_000;

/**
 * People book times and cancel again, so that what is read at one instant differs from what was read before. Returns the
 * calendars that changed.
 */
export function createChurn({ sim, random, ids }: FaultStage): (count: number) => Promise<Set<string>> {
  const taken: { id: string; start: number; at: number }[] = [];
  const touched = new Map<string, number>();
  return async (count) => {
    const changed = new Set<string>();
    for (let i = 0; i < count; i++) {
      const now = Date.now();
      const [oldest] = taken;
      if (oldest && now - oldest.at > REST_MS && random.next() < 0.5) {
        taken.shift();
        touched.set(`${oldest.id} ${String(oldest.start)}`, now);
        changed.add(oldest.id);
        await sim.unbook(oldest.id, oldest.start, oldest.start + MEETING_MS);
        continue;
      }
      const id = random.pick(ids);
      const start = random.pick(await sim.truth(id, now + DAY_MS, now + 29 * DAY_MS, now));
      if (now - (touched.get(`${id} ${String(start)}`) ?? 0) < REST_MS) continue;
      taken.push({ id, start, at: now });
      changed.add(id);
      await sim.book(id, start, start + MEETING_MS);
    }
    return changed;
  };
}
