import type { Db } from '../../lib/db';
import { configuredWorkspaces, durationSql, epochMs, fingerprintSql, pausedBySql, pausedSql, timezoneSql } from '../../lib/refresh/configured';
import { stateOf, type StateFacts, type WorkspaceState } from '../../lib/refresh/state';
import { Prisma } from '../../lib/db';

export interface WorkspaceListing {
  workspaceId: string;
  name: string;
  agencyId: string | null;
  agencyName: string | null;
  calendarType: string | null;
  calendarUrl: string | null;
  chosenId: string | null;
  timezone: string;
  durationMinutes: number;
  hasCredential: boolean;
  state: WorkspaceState;
  reason: string | null;
  ageMs: number | null;
  storedSlots: number;
  consecutiveFailures: number;
  retryAt: string | null;
  errorKind: string | null;
  lastError: string | null;
}

interface Row extends StateFacts {
  id: string;
  name: string;
  agencyId: string | null;
  agencyName: string | null;
  type: string | null;
  url: string | null;
  chosenId: string | null;
  timezone: string;
  duration: number;
  credential: boolean;
  failures: number;
  retryAt: number | null;
  now: number;
}

/** What is configured and known, without a slot. */
export async function listWorkspaces(db: Db, maxAgeMs: number, filter: { ids?: string[]; agencyId?: string } = {}): Promise<WorkspaceListing[]> {
  const conditions = [
    ...(filter.ids ? [Prisma.sql`c.id = ANY(${filter.ids}::text[])`] : []),
    ...(filter.agencyId !== undefined ? [Prisma.sql`c."userId" = ${filter.agencyId}`] : []),
  ];
  const where = conditions.length > 0 ? Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}` : Prisma.empty;
  const rows = await db.$queryRaw<Row[]>`
    SELECT c.id, c.name, c."userId" AS "agencyId", a.name AS "agencyName", l.type::text AS type, l.url, l."externalId" AS "chosenId",
      ${timezoneSql} AS timezone, ${durationSql} AS duration, p.id IS NOT NULL AS credential,
      ${pausedSql} AS "isPaused", ${pausedBySql} AS "pausedBy", l.id IS NOT NULL AS "hasLink", ${fingerprintSql} AS fingerprint,
      s."attemptFingerprint", COALESCE(s."actionRequired", false) AS "actionRequired", s."errorKind", s."lastError",
      COALESCE(s."consecutiveFailures", 0) AS failures, ${epochMs(Prisma.sql`s."retryAt"`)} AS "retryAt",
      ${epochMs(Prisma.sql`s."succeededAt"`)} AS "succeededAt", ${epochMs(Prisma.sql`s."staleAt"`)} AS "staleAt",
      k."slotsFingerprint", COALESCE(k."slotCount", 0) AS "storedCount", ${epochMs(Prisma.sql`clock_timestamp()`)} AS now
    FROM ${configuredWorkspaces}
      LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id
    ${where}
    ORDER BY a.name NULLS LAST, c."userId" NULLS LAST, c.name, c.id`;
  return rows.map((row) => {
    const { state, reason } = stateOf(row, row.now, maxAgeMs);
    return {
      workspaceId: row.id, name: row.name, agencyId: row.agencyId, agencyName: row.agencyName,
      calendarType: row.type, calendarUrl: row.url, chosenId: row.chosenId, timezone: row.timezone, durationMinutes: row.duration,
      hasCredential: row.credential, state, reason: reason ?? null,
      ageMs: row.succeededAt === null ? null : Math.max(0, Math.round(row.now - row.succeededAt)),
      storedSlots: row.storedCount, consecutiveFailures: row.failures,
      retryAt: row.retryAt === null ? null : new Date(row.retryAt).toISOString(),
      errorKind: row.errorKind, lastError: row.lastError,
    };
  });
}
