/** The last hours' sweeps, and whether they go on as they should. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import type { ProviderSummary } from '../refresh/tally';
import { consoleRead, type ConsoleContext } from './query';

export interface SweepPoint {
  runId: string;
  startedAt: number;
  /** Null: it is running, or was killed. */
  finishedAt: number | null;
  outcome: string;
  durationMs: number | null;
  checked: number;
  attempted: number;
  refreshed: number;
  changed: number;
  /** Not reached, abandoned or of unknown result. */
  left: number;
  errors: number;
  errorsByKind: Record<string, number>;
  quotaLimited: { provider: string; workspaces: number; expectedAgeSeconds: number }[];
}

export interface SweepHealth {
  now: number;
  /** Oldest first. */
  sweeps: SweepPoint[];
  /** The newest that did work, good or not. */
  last: SweepPoint | null;
  running: { runId: string; startedAt: number } | null;
  /** End of the newest good one, of any time; null: never. */
  lastGoodAt: number | null;
  /** No good one for longer than three budgets, and three minutes at least. */
  isLate: boolean;
  /** The variable that turns the sweep off; null: it is on. */
  disabledBy: string | null;
  byProvider: Partial<Record<string, ProviderSummary & { recentRequests: number; recentErrors: number }>>;
}

/** A sweep a minute for six hours; more are drawn as one anyway. */
const MAX_POINTS = 400;
const RECENT_MS = 15 * 60_000;
const LATE_MS = 3 * 60_000;

interface Row extends Omit<SweepPoint, 'errorsByKind' | 'quotaLimited'> {
  errorsByKind: Record<string, number> | null;
  quotaLimited: SweepPoint['quotaLimited'] | null;
  byProvider: Record<string, ProviderSummary> | null;
}

/** @param hours how far back the sweeps go */
export async function readSweeps(context: Pick<ConsoleContext, 'db' | 'timeBudgetMs' | 'sweepDisabledBy'>, hours: number): Promise<SweepHealth> {
  const { db } = context;
  const count = (field: string): Prisma.Sql => Prisma.sql`COALESCE((r.counts->>${field})::int, 0)`;
  // Refreshes of one workspace are runs of this job too; a sweep's answer says how many it checked.
  const isSweep = Prisma.sql`r.job = 'availability' AND (r.counts ? 'checked' OR r.outcome IN ('running', 'failed', 'disabled'))`;
  const [[clock], rows] = await consoleRead<[{ now: number; lastGoodAt: number | null }[], Row[]]>(
    context,
    db.$queryRaw`
      SELECT ${epochMs(Prisma.sql`now()`)} AS now,
        (SELECT ${epochMs(Prisma.sql`r."finishedAt"`)} FROM "CronRun" r
           WHERE r.job = 'availability' AND r.outcome = 'good' AND r.counts ? 'checked' ORDER BY r."startedAt" DESC LIMIT 1) AS "lastGoodAt"`,
    db.$queryRaw`
      SELECT r.id AS "runId", ${epochMs(Prisma.sql`r."startedAt"`)} AS "startedAt", ${epochMs(Prisma.sql`r."finishedAt"`)} AS "finishedAt", r.outcome,
        (r.counts->>'durationMs')::float8 AS "durationMs", ${count('checked')} AS checked, ${count('attempted')} AS attempted,
        ${count('refreshed')} AS refreshed, ${count('changed')} AS changed,
        ${count('notReached')} + ${count('abandoned')} + ${count('unknown')} AS left,
        COALESCE((r.counts->'errors'->>'total')::int, 0) AS errors, r.counts->'errors'->'byKind' AS "errorsByKind",
        r.counts->'quotaLimited' AS "quotaLimited",
        CASE WHEN r."startedAt" > now() - ${RECENT_MS}::float8 * interval '1 millisecond' THEN r.counts->'byProvider' END AS "byProvider"
      FROM "CronRun" r WHERE ${isSweep} AND r."startedAt" > now() - ${hours}::float8 * interval '1 hour'
      ORDER BY r."startedAt" DESC LIMIT ${MAX_POINTS}`,
  );
  if (!clock) throw new Error('the query of sweeps returned no row');
  const { now, lastGoodAt } = clock;
  const worked = rows.filter(({ outcome, finishedAt }) => finishedAt !== null && outcome !== 'disabled');
  const runningSince = rows[0]?.outcome === 'running' && now - rows[0].startedAt < context.timeBudgetMs + LATE_MS ? rows[0] : null;
  return {
    now, lastGoodAt,
    sweeps: worked.map(pointOf).reverse(),
    last: worked[0] ? pointOf(worked[0]) : null,
    running: runningSince && { runId: runningSince.runId, startedAt: runningSince.startedAt },
    isLate: lastGoodAt === null ? rows.length > 0 && worked.length > 0 : now - lastGoodAt > Math.max(LATE_MS, 3 * context.timeBudgetMs),
    disabledBy: context.sweepDisabledBy,
    byProvider: sumByProvider(rows),
  };
}

function pointOf({ byProvider: _, errorsByKind, quotaLimited, ...row }: Row): SweepPoint {
  return { ...row, errorsByKind: errorsByKind ?? {}, quotaLimited: quotaLimited ?? [] };
}

/** Latencies of the newest sweep that asked the provider, requests and failures of the last quarter of an hour. */
function sumByProvider(newestFirst: readonly Row[]): SweepHealth['byProvider'] {
  const sums: SweepHealth['byProvider'] = {};
  for (const { byProvider } of newestFirst) {
    for (const [provider, summary] of Object.entries(byProvider ?? {})) {
      const sum = (sums[provider] ??= { ...summary, recentRequests: 0, recentErrors: 0 });
      sum.recentRequests += summary.requests;
      sum.recentErrors += summary.errors;
    }
  }
  return sums;
}
