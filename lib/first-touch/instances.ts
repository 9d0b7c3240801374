/** SQL: what was seen of EmailBison instances. */
import { boundedTransaction, type Db } from '../db';
import { NOTHING_SEEN, type Observation, type Seen } from './reach';

const TIMEOUT_MS = 3_000;
const COLUMNS = Object.keys(NOTHING_SEEN) as Observation[];

export async function readSeen(db: Db, origin: string): Promise<Seen> {
  const row = await db.emailBisonInstance.findUnique({ where: { origin } });
  if (!row) return NOTHING_SEEN;
  return Object.fromEntries(COLUMNS.map((column) => [column, row[column]?.getTime() ?? null])) as unknown as Seen;
}

/** The newest of each; two runs of workspaces that share the instance may come in any order. */
export async function saveSeen(db: Db, origin: string, seen: ReadonlyMap<Observation, number>): Promise<void> {
  if (seen.size === 0) return;
  const at = (column: Observation): Date | null => {
    const ms = seen.get(column);
    return ms === undefined ? null : new Date(ms);
  };
  await boundedTransaction(db, TIMEOUT_MS, [db.$executeRaw`
    INSERT INTO "EmailBisonInstance" AS i (origin, "earlyCarriedAt", "earlyMissedAt", "lateShownAt", "lateNotShownAt", "lateCarriedAt", "lateMissedAt")
    VALUES (${origin}, ${at('earlyCarriedAt')}, ${at('earlyMissedAt')}, ${at('lateShownAt')}, ${at('lateNotShownAt')}, ${at('lateCarriedAt')}, ${at('lateMissedAt')})
    ON CONFLICT (origin) DO UPDATE SET
      "earlyCarriedAt" = GREATEST(i."earlyCarriedAt", EXCLUDED."earlyCarriedAt"), "earlyMissedAt" = GREATEST(i."earlyMissedAt", EXCLUDED."earlyMissedAt"),
      "lateShownAt" = GREATEST(i."lateShownAt", EXCLUDED."lateShownAt"), "lateNotShownAt" = GREATEST(i."lateNotShownAt", EXCLUDED."lateNotShownAt"),
      "lateCarriedAt" = GREATEST(i."lateCarriedAt", EXCLUDED."lateCarriedAt"), "lateMissedAt" = GREATEST(i."lateMissedAt", EXCLUDED."lateMissedAt")`]);
}
