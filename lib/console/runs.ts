/** Runs of the cron jobs: a list with filters, and one with what it counted and saw. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import { consoleRead, type ConsoleContext } from './query';

export const RUN_JOBS = ['availability', 'followups', 'first-touch', 'watch'] as const;
export const RUN_OUTCOMES = ['running', 'good', 'not_good', 'lock_lost', 'locked', 'disabled', 'failed'] as const;

export interface RunRow {
  id: string;
  job: string;
  startedAt: number;
  finishedAt: number | null;
  outcome: string;
  error: string | null;
  /** The run's answer; null while it runs, or when it was killed. */
  counts: Record<string, unknown> | null;
}

export interface RunFilter {
  job?: string | undefined;
  outcome?: string | undefined;
  /** Epoch milliseconds; runs that began earlier than this only. */
  before?: number | undefined;
  after?: number | undefined;
}

/** Newest first. `hasMore`: counting all of a fortnight's 60,000 rows would cost more than it tells. */
export async function readRuns(context: Pick<ConsoleContext, 'db'>, filter: RunFilter, page: number, pageSize: number): Promise<{ now: number; runs: RunRow[]; hasMore: boolean }> {
  const { db } = context;
  const at = (ms: number): Prisma.Sql => Prisma.sql`to_timestamp(${ms}::float8 / 1000)`;
  const where = Prisma.join([
    ...(filter.job === undefined ? [Prisma.sql`true`] : [Prisma.sql`r.job = ${filter.job}`]),
    ...(filter.outcome === undefined ? [] : [Prisma.sql`r.outcome = ${filter.outcome}`]),
    ...(filter.before === undefined ? [] : [Prisma.sql`r."startedAt" < ${at(filter.before)}`]),
    ...(filter.after === undefined ? [] : [Prisma.sql`r."startedAt" >= ${at(filter.after)}`]),
  ], ' AND ');
  const [[clock], rows] = await consoleRead<[{ now: number }[], RunRow[]]>(
    context,
    db.$queryRaw`SELECT ${epochMs(Prisma.sql`now()`)} AS now`,
    db.$queryRaw`
      SELECT r.id, r.job, ${epochMs(Prisma.sql`r."startedAt"`)} AS "startedAt", ${epochMs(Prisma.sql`r."finishedAt"`)} AS "finishedAt", r.outcome, r.error, r.counts
      FROM "CronRun" r WHERE ${where} ORDER BY r."startedAt" DESC, r.id LIMIT ${pageSize + 1} OFFSET ${(page - 1) * pageSize}`,
  );
  return { now: clock?.now ?? 0, runs: rows.slice(0, pageSize), hasMore: rows.length > pageSize };
}

export interface RunTransition {
  workspaceId: string;
  /** Null: the workspace was removed since. */
  name: string | null;
  agencyId: string | null;
  kind: 'changed' | 'failed' | 'recovered';
  at: number;
  errorKind: string | null;
  message: string | null;
  addedCount: number | null;
  removedCount: number | null;
  failures: number | null;
}

export interface RunDetail {
  now: number;
  run: RunRow;
  /** First failures first, then recoveries, then changes; cut off at a bound. */
  transitions: RunTransition[];
  transitionCounts: Partial<Record<RunTransition['kind'], number>>;
  agencyNames: Map<string, string>;
}

const TRANSITIONS_SHOWN = 200;

/** @returns null when there is no such run */
export async function readRun(context: Pick<ConsoleContext, 'db'>, runId: string): Promise<RunDetail | null> {
  const { db } = context;
  const [runs] = await consoleRead<[(RunRow & { now: number })[]]>(context, db.$queryRaw`
    SELECT ${epochMs(Prisma.sql`now()`)} AS now, r.id, r.job, ${epochMs(Prisma.sql`r."startedAt"`)} AS "startedAt",
      ${epochMs(Prisma.sql`r."finishedAt"`)} AS "finishedAt", r.outcome, r.error, r.counts
    FROM "CronRun" r WHERE r.id = ${runId}`);
  const [found] = runs;
  if (!found) return null;
  const { now, ...run } = found;
  // Found by their time, which has an index; attempts begin within the run.
  const ofRun = Prisma.sql`t."runId" = ${runId} AND t.at BETWEEN to_timestamp(${run.startedAt}::float8 / 1000) - interval '1 minute'
    AND to_timestamp(${run.finishedAt ?? now}::float8 / 1000) + interval '1 minute'`;
  const [transitions, counts, agencies] = await consoleRead<[RunTransition[], { kind: RunTransition['kind']; count: number }[], { id: string; name: string }[]]>(
    context,
    db.$queryRaw`
      SELECT t."clientId" AS "workspaceId", c.name, c."userId" AS "agencyId", t.kind::text AS kind, ${epochMs(Prisma.sql`t.at`)} AS at, t."errorKind", t.message,
        t."addedCount", t."removedCount", t.failures
      FROM "WorkspaceTransition" t LEFT JOIN "Client" c ON c.id = t."clientId" WHERE ${ofRun}
      ORDER BY CASE t.kind WHEN 'failed' THEN 0 WHEN 'recovered' THEN 1 ELSE 2 END, t.id LIMIT ${TRANSITIONS_SHOWN}`,
    db.$queryRaw`SELECT t.kind::text AS kind, count(*)::int AS count FROM "WorkspaceTransition" t WHERE ${ofRun} GROUP BY 1`,
    db.$queryRaw`SELECT a.id, a.name FROM "Agency" a`,
  );
  return {
    now, run, transitions,
    transitionCounts: Object.fromEntries(counts.map(({ kind, count }) => [kind, count])),
    agencyNames: new Map(agencies.map(({ id, name }) => [id, name])),
  };
}
