/**
 * What a refresh adds to a workspace's history, as parts of the statements in store.ts: transitions, and the counters of the
 * hour under way on the hot row. An unchanged refresh after a success writes no row here, only those counters.
 */
import { millisecondsInHour as HOUR_MS } from 'date-fns/constants';
import { Prisma, type Db } from '../db';
import { START_MARGIN_MS } from '../providers/window';
import { instantOf } from './configured';
import type { AttemptResult, StatusFacts } from './types';

/** Most slots that one transition lists; its counts are always complete. */
export const MAX_LISTED_SLOTS = 100;

/** A counter is a smallint, and a workspace refreshed nine times a second is none of ours. */
const MAX_COUNT = 32_767;

/** Hours since 1970. */
export function hourOf(instantMs: number): number {
  return Math.floor(instantMs / HOUR_MS);
}

/** The hour of an attempt, over its `t.began_ms`. */
export const hourSql = Prisma.sql`floor(t.began_ms / ${HOUR_MS}::float8)::int`;

/**
 * Columns that an attempt sets on the hot row `s`, whose counters begin anew with the first attempt of an hour. `i` has
 * `hour` and `latency_ms`. An attempt that is stored late counts to the hour that is under way.
 */
export function hourColumns(what: { failures: number; changes: Prisma.Sql }): Prisma.Sql {
  const soFar = (column: string): Prisma.Sql => Prisma.sql`CASE WHEN s.hour < i.hour THEN 0 ELSE ${Prisma.raw(`s."${column}"`)} END`;
  // A batch is written again when its answer was lost: what is stored already is not counted twice.
  const unlessRepeated = (by: Prisma.Sql): Prisma.Sql => Prisma.sql`CASE WHEN s."succeededAt" = i.began THEN 0 ELSE ${by} END`;
  const counter = (column: string, by: Prisma.Sql): Prisma.Sql =>
    Prisma.sql`${Prisma.raw(`"${column}"`)} = LEAST(${soFar(column)} + ${unlessRepeated(by)}, ${MAX_COUNT})`;
  return Prisma.sql`hour = GREATEST(s.hour, i.hour),
    ${counter('hourRefreshes', Prisma.sql`1`)}, ${counter('hourChanges', what.changes)}, ${counter('hourFailures', Prisma.sql`${what.failures}::int`)},
    "hourLatencyMs" = ${soFar('hourLatencyMs')} + ${unlessRepeated(Prisma.sql`i.latency_ms`)}`;
}

/** Whether the row still counts an hour before the attempt's; the facts may be old, and the row's hour only grows. */
export function isNewHour({ item, beganAt }: AttemptResult): boolean {
  return item.status.hour < hourOf(beganAt);
}

/**
 * Keeps the finished hours of these workspaces, before their counters begin anew. Its rows must be locked by an earlier
 * statement of the transaction, so that no count is added between this and the reset.
 */
export function keepFinishedHours(db: Db, results: AttemptResult[]): Prisma.PrismaPromise<{ id: string; outcome: string }[]> {
  return db.$queryRaw`
    WITH kept AS (
      INSERT INTO "WorkspaceHour" ("clientId", hour, refreshes, changes, failures, "latencyMs")
      SELECT s."clientId", to_timestamp(s.hour * 3600.0), s."hourRefreshes", s."hourChanges", s."hourFailures", s."hourLatencyMs"
      FROM "WorkspaceAvailabilityStatus" s
        JOIN unnest(${results.map((r) => r.item.workspaceId)}::text[], ${results.map((r) => hourOf(r.beganAt))}::int[]) AS i(id, hour) ON i.id = s."clientId"
      WHERE s.hour < i.hour AND s."hourRefreshes" > 0
      ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT '' AS id, count(*)::text AS outcome FROM kept`;
}

/** Whether a failure may be the first of its kind: then its row is locked first, so that of two writers one says so. */
export function mayBeFirstFailure(status: StatusFacts, errorKind: string): boolean {
  return status.errorKind !== errorKind;
}

/**
 * CTEs of the statement that writes slots: `hot` has the rows whose success applies, with what the hot and cold rows said
 * before (`succeeded`, `changed`, `is_first`, `error_kind`, `failures`); `input` is what was read. Both before any write.
 */
export function transitionsOfSuccess(runId: string | undefined, lookahead: Prisma.Sql): Prisma.Sql {
  const list = (column: Prisma.Sql): Prisma.Sql => Prisma.sql`COALESCE(${column}[1:${MAX_LISTED_SLOTS}::int], '{}')`;
  return Prisma.sql`
    differing AS (
      SELECT h.id, k."slotDurationMinutes" AS duration_before,
        ARRAY(SELECT x FROM unnest(i.slots) x WHERE x > ${heardFrom} AND x < h.succeeded + ${lookahead} EXCEPT SELECT unnest(k."slotsUtc") ORDER BY 1) AS added,
        ARRAY(SELECT x FROM unnest(k."slotsUtc") x WHERE x > ${heardFrom} AND x < h.succeeded + ${lookahead} EXCEPT SELECT unnest(i.slots) ORDER BY 1) AS removed
      FROM hot h JOIN input i ON i.id = h.id JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = h.id
      WHERE h.changed
    ), transitions AS (
      INSERT INTO "WorkspaceTransition" ("clientId", at, kind, "runId", message, "errorKind", failures, "slotCount", "addedCount", "removedCount", "slotsAdded", "slotsRemoved")
      SELECT h.id, i.began, 'recovered'::"TransitionKind", ${runId ?? null}, NULL, h.error_kind, h.failures, cardinality(i.slots), NULL::int, NULL::int, '{}'::timestamptz[], '{}'::timestamptz[]
      FROM hot h JOIN input i ON i.id = h.id WHERE h.error_kind IS NOT NULL
      UNION ALL
      SELECT h.id, i.began, 'changed', ${runId ?? null},
        CASE WHEN d.duration_before <> i.duration THEN format('The meeting takes %s min instead of %s.', i.duration, d.duration_before) END,
        NULL, NULL, cardinality(i.slots), CASE WHEN h.is_first THEN cardinality(i.slots) ELSE cardinality(d.added) END,
        COALESCE(cardinality(d.removed), 0), ${list(Prisma.sql`d.added`)}, ${list(Prisma.sql`d.removed`)}
      FROM hot h JOIN input i ON i.id = h.id LEFT JOIN differing d ON d.id = h.id WHERE h.changed
    )`;
}

/** CTE of the statement that records failures: `i` knows which are first of their kind, `updated` which were written. */
export function transitionsOfFailure(runId: string | undefined): Prisma.Sql {
  return Prisma.sql`
    transitions AS (
      INSERT INTO "WorkspaceTransition" ("clientId", at, kind, "runId", "errorKind", message, "slotsAdded", "slotsRemoved")
      SELECT i.id, i.began, 'failed', ${runId ?? null}, i.kind, i.message, '{}', '{}' FROM i JOIN updated u ON u.id = i.id WHERE i.is_first
    )`;
}

/** The first failure, the first of another kind, or the first with another configuration; `o` is the row before. */
export const isFirstFailure = Prisma.sql`(o."errorKind" IS DISTINCT FROM t.kind OR o."attemptFingerprint" IS DISTINCT FROM t.fingerprint)`;

/** Start of an attempt, over its `t.began_ms`. */
export const began = instantOf(Prisma.sql`t.began_ms`);

/** Of a reading in `i`: only a slot that begins later and is missing is gone; an earlier one's time may have come meanwhile. */
export const heardFrom = Prisma.sql`i.began + (i.latency_ms + ${START_MARGIN_MS}::float8) * interval '1 millisecond'`;
