/**
 * What is known of the whole app at one time, without a slot: what alarms are decided from, and what `status`, the metrics and
 * health show. Paused workspaces are counted and otherwise left out.
 */
import { z } from 'zod';
import { LOCKS } from '../cron/lock-keys';
import { boundedTransaction, Prisma, type Db } from '../db';
import { ALL_ERROR_KINDS, ERROR_KINDS, type CalendarProvider } from '../providers/errors';
import { configuredWorkspaces, epochMs, fingerprintSql } from '../refresh/configured';
import { standingSql } from '../refresh/metrics';

export interface RunFacts {
  id: string;
  outcome: string;
  startedAt: number;
  finishedAt: number | null;
  counts: SweepCounts | null;
}

export interface WorkspaceAge {
  workspaceId: string;
  name: string;
  agencyId: string | null;
  /** Since its last success, or since it was added. */
  ageSeconds: number;
  errorKind: string | null;
}

export interface AgencyFacts {
  agencyId: string;
  name: string;
  workspaces: number;
  failing: number;
  p50AgeSeconds: number;
  maxAgeSeconds: number;
}

export interface ProviderFacts {
  provider: CalendarProvider;
  workspaces: number;
  /** Whose last attempt failed in a way that is tried again soon: the provider's trouble, not a setting's. */
  failing: number;
}

export interface OpsFacts {
  /** The database's clock, epoch milliseconds, as all instants here. */
  now: number;
  /** Workspaces that are configured and not paused, also misconfigured ones. */
  active: { count: number; oldestCreatedAt: number | null };
  standings: Record<'counted' | 'paused' | 'notConfigured' | 'misconfigured', number>;
  sweep: {
    lastGoodAt: number | null;
    /** The newest one, skipped or not, running or not. */
    last: RunFacts | null;
    /** The newest one that did its work or failed at it. */
    lastDone: RunFacts | null;
    /** How long the sweep's lock has been held; null: it is free. */
    lockedForMs: number | null;
  };
  /** The ten oldest of those that count, oldest first. */
  oldest: WorkspaceAge[];
  agencies: AgencyFacts[];
  providers: ProviderFacts[];
  hosts: { host: string; opens: number; openUntil: number | null; errorKind: string | null }[];
  /** Workspaces whose provider refuses their token, until it is replaced. */
  rejected: { workspaceId: string; name: string; agencyId: string | null; provider: string }[];
}

const sweepCounts = z.object({
  attempted: z.number(), refreshed: z.number(), durationMs: z.number(), notReached: z.number(), abandoned: z.number(),
  errors: z.object({ total: z.number(), byKind: z.record(z.string(), z.number()) }),
  quotaLimited: z.array(z.object({ provider: z.string(), workspaces: z.number(), expectedAgeSeconds: z.number() })),
});
export type SweepCounts = z.infer<typeof sweepCounts>;

const SOON_KINDS = ALL_ERROR_KINDS.filter((kind) => ERROR_KINDS[kind].retry === 'soon');
const OLDEST_SHOWN = 10;

interface Row {
  now: number;
  lockedForMs: number | null;
  lastGoodAt: number | null;
  last: RunFacts | null;
  lastDone: RunFacts | null;
  hosts: OpsFacts['hosts'];
}

interface StandingRow {
  active: OpsFacts['active'];
  standings: Partial<OpsFacts['standings']> | null;
  oldest: WorkspaceAge[] | null;
  agencies: AgencyFacts[] | null;
  providers: (ProviderFacts & { provider: string })[] | null;
  rejected: OpsFacts['rejected'] | null;
}

const { classId, objectId } = LOCKS.availabilitySweep;
/** Whole sweeps: a refresh of one workspace is a run of the job too. */
const isSweep = Prisma.sql`job = 'availability' AND (counts IS NULL OR NOT counts ? 'workspaceId')`;
const runJson = Prisma.sql`json_build_object('id', id, 'outcome', outcome, 'startedAt', ${epochMs(Prisma.sql`"startedAt"`)},
  'finishedAt', ${epochMs(Prisma.sql`"finishedAt"`)}, 'counts', counts)`;

/** Of settings `t`, first touch's last visit `v` and the EmailBison credential `e`: the token of that visit, which is still the stored one, was refused. */
const isRefusedByEmailBison = Prisma.sql`t."firstTouchEnabled" AND v."lastError" LIKE 'unauthorized:%' AND e."createdAt" < v."visitedAt"`;

/** Two statements in one transaction. @throws when the database does not answer in time */
export async function readOpsFacts(db: Db, timeoutMs: number): Promise<OpsFacts> {
  const [[run], [standing]] = await boundedTransaction<[Row[], StandingRow[]]>(db, timeoutMs, [
    db.$queryRaw<Row[]>`
      SELECT ${epochMs(Prisma.sql`clock_timestamp()`)} AS now,
        (SELECT ${epochMs(Prisma.sql`"finishedAt"`)} FROM "CronRun" WHERE ${isSweep} AND outcome = 'good' ORDER BY "startedAt" DESC LIMIT 1) AS "lastGoodAt",
        (SELECT ${runJson} FROM "CronRun" WHERE ${isSweep} ORDER BY "startedAt" DESC LIMIT 1) AS last,
        (SELECT ${runJson} FROM "CronRun" WHERE ${isSweep} AND outcome IN ('good', 'not_good', 'lock_lost', 'failed') ORDER BY "startedAt" DESC LIMIT 1) AS "lastDone",
        (SELECT max(${epochMs(Prisma.sql`clock_timestamp()`)} - ${epochMs(Prisma.sql`v.xact_start`)}) FROM pg_locks k JOIN pg_stat_activity v ON v.pid = k.pid
           WHERE k.locktype = 'advisory' AND k.granted AND k.classid = ${classId}::int::oid AND k.objid = ${objectId}::int::oid
             AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS "lockedForMs",
        COALESCE((SELECT json_agg(json_build_object('host', host, 'opens', opens, 'openUntil', ${epochMs(Prisma.sql`"openUntil"`)}, 'errorKind', "errorKind") ORDER BY host)
           FROM "ProviderHost" WHERE "openUntil" IS NOT NULL), '[]') AS hosts`,
    db.$queryRaw<StandingRow[]>`
      WITH w AS MATERIALIZED (
        SELECT c.id, c.name, c."userId" AS agency, COALESCE(a.name, c."userId") AS agency_name, c."createdAt" AS created, l.type::text AS provider,
          ${standingSql} AS standing, s."errorKind" AS kind, s."actionRequired" AND s."errorKind" = 'unauthorized' AND p.id IS NOT NULL
            AND s."attemptFingerprint" = ${fingerprintSql} AS rejected,
          GREATEST(0, extract(epoch FROM clock_timestamp() - COALESCE(s."succeededAt", c."createdAt")))::float8 AS age
        FROM ${configuredWorkspaces} LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      ), counted AS (SELECT * FROM w WHERE standing = 'counted')
      SELECT
        (SELECT json_build_object('count', count(*), 'oldestCreatedAt', ${epochMs(Prisma.sql`min(created)`)}) FROM w WHERE standing IN ('counted', 'misconfigured')) AS active,
        (SELECT json_object_agg(standing, n) FROM (SELECT standing, count(*) AS n FROM w GROUP BY 1) g) AS standings,
        (SELECT json_agg(json_build_object('workspaceId', id, 'name', name, 'agencyId', agency, 'ageSeconds', age, 'errorKind', kind))
           FROM (SELECT * FROM counted ORDER BY age DESC, id LIMIT ${OLDEST_SHOWN}) g) AS oldest,
        (SELECT json_agg(json_build_object('agencyId', agency, 'name', agency_name, 'workspaces', n, 'failing', failing, 'p50AgeSeconds', p50, 'maxAgeSeconds', max) ORDER BY p50 DESC)
           FROM (SELECT agency, max(agency_name) AS agency_name, count(*) AS n, count(*) FILTER (WHERE kind IS NOT NULL) AS failing,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY age) AS p50, max(age) AS max FROM counted WHERE agency IS NOT NULL GROUP BY agency) g) AS agencies,
        (SELECT json_agg(json_build_object('provider', provider, 'workspaces', n, 'failing', failing) ORDER BY provider)
           FROM (SELECT provider, count(*) AS n, count(*) FILTER (WHERE kind = ANY(${SOON_KINDS}::text[])) AS failing
                 FROM counted WHERE provider <> 'unknown' GROUP BY provider) g) AS providers,
        (SELECT json_agg(json_build_object('workspaceId', id, 'name', name, 'agencyId', agency, 'provider', refused_by) ORDER BY id)
           FROM (SELECT w.id, w.name, w.agency,
                   CASE WHEN w.rejected AND w.standing = 'misconfigured' THEN w.provider WHEN w.standing <> 'paused' AND ${isRefusedByEmailBison} THEN 'emailbison' END AS refused_by
                 FROM w LEFT JOIN "WorkspaceSettings" t ON t."clientId" = w.id LEFT JOIN "FirstTouchVisit" v ON v."clientId" = w.id
                   LEFT JOIN "ProviderCredential" e ON e."clientId" = w.id AND e.provider = 'emailbison') g
           WHERE refused_by IS NOT NULL) AS rejected`,
  ]);
  if (!run || !standing) throw new Error('the query of the facts returned no row');
  return {
    now: run.now,
    active: standing.active,
    standings: { counted: 0, paused: 0, notConfigured: 0, misconfigured: 0, ...standing.standings },
    sweep: { lastGoodAt: run.lastGoodAt, last: runOf(run.last), lastDone: runOf(run.lastDone), lockedForMs: run.lockedForMs },
    oldest: standing.oldest ?? [],
    agencies: standing.agencies ?? [],
    providers: standing.providers ?? [],
    hosts: run.hosts,
    rejected: standing.rejected ?? [],
  };
}

/** Counts of another version's run, or of a refused one, are not a sweep's. */
function runOf(run: RunFacts | null): RunFacts | null {
  if (!run) return null;
  const counts = sweepCounts.safeParse(run.counts);
  return { ...run, counts: counts.success ? counts.data : null };
}
