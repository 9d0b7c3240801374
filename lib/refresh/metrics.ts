/** How fresh the cache is, in one statement: what a run says at its end, and what health and console show. */
import { boundedTransaction, Prisma, type Db } from '../db';
import { configuredWorkspaces, fingerprintSql, pausedSql } from './configured';

export interface CacheMetrics {
  /** Workspaces that are configured, not paused and not misconfigured: the figures below are of these. */
  totalCaches: number;
  /** Past their `staleAt`, or never refreshed. */
  dueCaches: number;
  /** Whose last attempt failed. */
  erroringCaches: number;
  neverSucceeded: number;
  /** Seconds since `succeededAt`; null while nothing has succeeded. */
  oldestSuccessAgeSeconds: number | null;
  ageSeconds: { p50: number | null; p95: number | null; p99: number | null; max: number | null };
  /** Counted apart. */
  paused: number;
  notConfigured: number;
  misconfigured: number;
}

/** Of a workspace over the aliases of `configuredWorkspaces` and its hot row `s`: what the figures are of, or why it is counted apart. */
export const standingSql = Prisma.sql`CASE WHEN ${pausedSql} THEN 'paused' WHEN l.id IS NULL THEN 'notConfigured'
  WHEN s."actionRequired" AND s."attemptFingerprint" = ${fingerprintSql} THEN 'misconfigured' ELSE 'counted' END`;

export async function readCacheMetrics(db: Db, timeoutMs: number): Promise<CacheMetrics> {
  const [rows] = await boundedTransaction(db, timeoutMs, [
    db.$queryRaw<{ metrics: CacheMetrics }[]>`
      WITH w AS MATERIALIZED (
        SELECT ${standingSql} AS standing, s."staleAt", s."errorKind", extract(epoch FROM clock_timestamp() - s."succeededAt") AS age
        FROM ${configuredWorkspaces} LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      ), ages AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE "staleAt" IS NULL OR "staleAt" <= clock_timestamp()) AS due,
          count(*) FILTER (WHERE "errorKind" IS NOT NULL) AS erroring, count(*) FILTER (WHERE age IS NULL) AS never,
          percentile_cont(ARRAY[0.5, 0.95, 0.99, 1]) WITHIN GROUP (ORDER BY age) FILTER (WHERE age IS NOT NULL) AS q
        FROM w WHERE standing = 'counted'
      )
      SELECT json_build_object('totalCaches', total, 'dueCaches', due, 'erroringCaches', erroring, 'neverSucceeded', never,
        'oldestSuccessAgeSeconds', ${seconds(4)},
        'ageSeconds', json_build_object('p50', ${seconds(1)}, 'p95', ${seconds(2)}, 'p99', ${seconds(3)}, 'max', ${seconds(4)}),
        'paused', (SELECT count(*) FROM w WHERE standing = 'paused'),
        'notConfigured', (SELECT count(*) FROM w WHERE standing = 'notConfigured'),
        'misconfigured', (SELECT count(*) FROM w WHERE standing = 'misconfigured')) AS metrics
      FROM ages`,
  ]);
  const row = rows[0];
  if (!row) throw new Error('the metrics query returned no row');
  return row.metrics;
}

function seconds(quantile: number): Prisma.Sql {
  return Prisma.sql`round(q[${quantile}::int]::numeric, 1)::float8`;
}
