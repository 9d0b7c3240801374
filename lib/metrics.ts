/** What `GET /api/metrics` shows: everything read from Postgres, since a function's memory lives too short to count in. */
import { z } from 'zod';
import { boundedTransaction, Prisma, type Db } from './db';
import type { OpsFacts } from './ops/facts';
import { readOpsFacts } from './ops/facts';
import { renderMetrics, type MetricFamily, type Sample } from './ops/prometheus';
import { configuredWorkspaces } from './refresh/configured';
import { standingSql } from './refresh/metrics';

/** Seconds: a sweep a minute, its budget, the default age limit, and beyond. */
const AGE_BUCKETS = [15, 30, 60, 90, 120, 300, 600, 900, 1_800, 3_600, 21_600, 86_400];
/** The page must not grow with the number of agencies. */
const AGENCIES_SHOWN = 50;

type Counts = Record<string, number>;
interface Row {
  ages: { buckets: number[]; sum: number; count: number };
  errors: Counts;
  refreshes: { provider: string; result: string; n: number }[];
  runs: { job: string; outcome: string; n: number }[];
  lastSuccess: { job: string; at: number }[];
  offers: Counts;
  followUps: Counts;
  alarms: Counts;
  quotas: { provider: string; n: number; used: number; blocked: number }[];
  byProvider: unknown;
}

const providerSummaries = z.record(z.string(), z.object({ requests: z.number(), p50Ms: z.number().nullable(), p95Ms: z.number().nullable(), errors: z.number() }));
const countsBy = (key: Prisma.Sql, from: Prisma.Sql): Prisma.Sql => Prisma.sql`COALESCE((SELECT json_object_agg(key, n) FROM (SELECT ${key} AS key, count(*) AS n FROM ${from} GROUP BY 1) g), '{}')`;

/** @throws when the database does not answer in time */
export async function readMetricsText(db: Db, timeoutMs: number): Promise<string> {
  const facts = await readOpsFacts(db, timeoutMs);
  const [[row]] = await boundedTransaction<[Row[]]>(db, timeoutMs, [
    db.$queryRaw<Row[]>`
      WITH w AS MATERIALIZED (
        SELECT l.type::text AS provider, s."errorKind" AS kind, ${standingSql} AS standing,
          GREATEST(0, extract(epoch FROM clock_timestamp() - s."succeededAt"))::float8 AS age,
          CASE WHEN s.hour = floor(extract(epoch FROM clock_timestamp()) / 3600)::int THEN s."hourRefreshes" ELSE 0 END AS refreshes,
          CASE WHEN s.hour = floor(extract(epoch FROM clock_timestamp()) / 3600)::int THEN s."hourChanges" ELSE 0 END AS changes,
          CASE WHEN s.hour = floor(extract(epoch FROM clock_timestamp()) / 3600)::int THEN s."hourFailures" ELSE 0 END AS failures
        FROM ${configuredWorkspaces} JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      ), by_provider AS (SELECT provider, sum(refreshes) AS refreshes, sum(changes) AS changes, sum(failures) AS failures FROM w WHERE provider IS NOT NULL GROUP BY 1)
      SELECT
        (SELECT json_build_object('buckets', ARRAY(SELECT count(*) FILTER (WHERE age <= le) FROM unnest(${AGE_BUCKETS}::float8[]) le LEFT JOIN w ON w.standing = 'counted' GROUP BY le ORDER BY le),
           'sum', COALESCE(sum(age), 0), 'count', count(age)) FROM w WHERE standing = 'counted') AS ages,
        ${countsBy(Prisma.sql`kind`, Prisma.sql`w WHERE kind IS NOT NULL AND standing IN ('counted', 'misconfigured')`)} AS errors,
        COALESCE((SELECT json_agg(json_build_object('provider', provider, 'result', r.result, 'n', r.n)) FROM by_provider,
          LATERAL (VALUES ('changed', changes), ('unchanged', refreshes - changes - failures), ('failed', failures)) AS r(result, n)), '[]') AS refreshes,
        COALESCE((SELECT json_agg(json_build_object('job', job, 'outcome', outcome, 'n', n)) FROM (SELECT job, outcome, count(*) AS n FROM "CronRun"
          WHERE "startedAt" > now() - interval '1 hour' GROUP BY 1, 2) g), '[]') AS runs,
        COALESCE((SELECT json_agg(json_build_object('job', job, 'at', at)) FROM (SELECT job, extract(epoch FROM max("finishedAt"))::float8 AS at FROM "CronRun"
          WHERE outcome = 'good' AND "startedAt" > now() - interval '1 day' GROUP BY job) g), '[]') AS "lastSuccess",
        ${countsBy(Prisma.sql`state::text`, Prisma.sql`"SlotOffer" WHERE "slotUtc" > now()`)} AS offers,
        ${countsBy(Prisma.sql`state::text`, Prisma.sql`"FollowUp" WHERE "finishedAt" IS NULL OR "finishedAt" > now() - interval '1 day'`)} AS "followUps",
        ${countsBy(Prisma.sql`kind`, Prisma.sql`"Alarm" WHERE "closedAt" IS NULL`)} AS alarms,
        COALESCE((SELECT json_agg(json_build_object('provider', provider, 'n', n, 'used', used, 'blocked', blocked)) FROM (SELECT provider, count(*) AS n,
          sum(CASE WHEN "dayStartedAt" > now() - interval '24 hours' THEN "dayUsed" ELSE 0 END) AS used, count(*) FILTER (WHERE "blockedUntil" > now()) AS blocked FROM "QuotaBucket" GROUP BY 1) g), '[]') AS quotas,
        (SELECT counts->'byProvider' FROM "CronRun" WHERE id = ${facts.sweep.lastDone?.id ?? ''}) AS "byProvider"`,
  ]);
  if (!row) throw new Error('the metrics query returned no row');
  return renderMetrics(familiesOf(facts, row));
}

function familiesOf(facts: OpsFacts, row: Row): Parameters<typeof renderMetrics>[0] {
  const last = facts.sweep.lastDone?.counts ?? null;
  const latencies = Object.entries(providerSummaries.catch({}).parse(row.byProvider ?? {}));
  const agencies = facts.agencies.slice(0, AGENCIES_SHOWN);
  const by = (label: string, counts: Counts): Sample[] => Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
  const gauge = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({ name: `availability_${name}`, help, type: 'gauge', samples });
  return [
    {
      name: 'availability_age_seconds', help: 'Seconds since the last success, of configured workspaces that are not paused or misconfigured.', type: 'histogram',
      buckets: AGE_BUCKETS.map((le, i) => ({ le, count: row.ages.buckets[i] ?? 0 })), sum: row.ages.sum, count: row.ages.count,
    },
    gauge('workspaces', 'Workspaces by standing.', by('standing', facts.standings)),
    gauge('failing_workspaces', 'Workspaces whose last attempt failed, by kind of error.', by('kind', row.errors)),
    gauge('refreshes_this_hour', 'Refreshes since the full hour (UTC), by provider and result.', row.refreshes.map(({ provider, result, n }) => ({ labels: { provider, result }, value: n }))),
    gauge('runs_last_hour', 'Runs of cron jobs that began in the last hour, by outcome.', row.runs.map(({ job, outcome, n }) => ({ labels: { job, outcome }, value: n }))),
    gauge('job_last_success_timestamp_seconds', 'When a job last ended well, within the last day.', row.lastSuccess.map(({ job, at }) => ({ labels: { job }, value: at }))),
    gauge('last_sweep_duration_seconds', 'Duration of the last sweep.', [{ value: last === null ? null : last.durationMs / 1000 }]),
    gauge('last_sweep_refreshed', 'Workspaces that the last sweep refreshed.', [{ value: last?.refreshed ?? null }]),
    gauge('last_sweep_errors', 'Failed workspaces of the last sweep, by kind.', by('kind', last?.errors.byKind ?? {})),
    gauge('last_sweep_provider_requests', 'HTTP requests of the last sweep.', latencies.map(([provider, { requests }]) => ({ labels: { provider }, value: requests }))),
    gauge('last_sweep_provider_errors', 'HTTP requests of the last sweep that failed.', latencies.map(([provider, { errors }]) => ({ labels: { provider }, value: errors }))),
    gauge('last_sweep_provider_latency_seconds', 'Latency of the last sweep’s requests.', latencies.flatMap(([provider, { p50Ms, p95Ms }]) => [
      { labels: { provider, quantile: '0.5' }, value: p50Ms === null ? null : p50Ms / 1000 }, { labels: { provider, quantile: '0.95' }, value: p95Ms === null ? null : p95Ms / 1000 },
    ])),
    gauge('agency_age_seconds', 'Age of an agency’s typical (0.5) and oldest (1) calendar; the agencies that are most behind.', agencies.flatMap(({ agencyId, p50AgeSeconds, maxAgeSeconds }) => [
      { labels: { agency: agencyId, quantile: '0.5' }, value: p50AgeSeconds }, { labels: { agency: agencyId, quantile: '1' }, value: maxAgeSeconds },
    ])),
    gauge('breaker_open', 'Hosts that are left alone after failures: 1 while they are.', facts.hosts.map(({ host, openUntil }) => ({ labels: { host }, value: openUntil !== null && openUntil > facts.now ? 1 : 0 }))),
    gauge('quota_credentials', 'Credentials whose quota is kept.', row.quotas.map(({ provider, n }) => ({ labels: { provider }, value: n }))),
    gauge('quota_blocked_credentials', 'Credentials that the provider asked to wait.', row.quotas.map(({ provider, blocked }) => ({ labels: { provider }, value: blocked }))),
    gauge('quota_requests_today', 'Requests with credentials in their current day.', row.quotas.map(({ provider, used }) => ({ labels: { provider }, value: used }))),
    gauge('offers', 'Offers of times to come, by state.', by('state', row.offers)),
    gauge('follow_ups', 'Follow-ups that are waiting, or ended in the last day, by state.', by('state', row.followUps)),
    gauge('alarms_open', 'Open alarms, by kind.', by('kind', row.alarms)),
  ];
}
