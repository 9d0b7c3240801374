import type { Db } from '../../lib/db';

const POLL_MS = 1_000;

/** Follows a sweep through the database: how many workspaces have been attempted since it started. */
export function followSweep(db: Db): { done: () => number; total: () => number; stop: () => void } {
  let [done, total] = [0, 0];
  let startedAt: Date | undefined;
  let isBusy = false;
  const poll = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      // The database's clock, since ours may differ.
      startedAt ??= (await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`)[0]?.now;
      const [row] = await db.$queryRaw<{ done: number; total: number }[]>`
        SELECT count(*) FILTER (WHERE s."fetchedAt" >= ${startedAt ?? new Date()})::int AS done, count(*)::int AS total
        FROM "Client" c LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id`;
      if (row) ({ done, total } = row);
    } catch {
      // Progress is a courtesy; the sweep's own answer tells of trouble.
    } finally {
      isBusy = false;
    }
  };
  void poll();
  const timer = setInterval(() => void poll(), POLL_MS);
  return { done: () => done, total: () => total, stop: () => { clearInterval(timer); } };
}
