/** One workspace as the console shows it in a line: what is read of it, and the state that readers are told. */
import { Prisma } from '../db';
import type { ErrorKind } from '../providers/errors';
import { configuredWorkspaces, epochMs, fingerprintSql, pausedBySql, pausedSql } from '../refresh/configured';
import { stateOf, type PausedBy, type StateFacts, type WorkspaceState } from '../refresh/state';

export interface ListedWorkspace {
  id: string;
  name: string;
  agencyId: string | null;
  agencyName: string | null;
  provider: 'calendly' | 'hubspot' | 'ghl' | 'unknown' | null;
  state: WorkspaceState;
  pausedBy: PausedBy | null;
  /** Why it has no slots for readers; null while it has. */
  reason: string | null;
  /** Since the start of the last success. */
  ageMs: number | null;
  slotCount: number;
  /** Epoch milliseconds; null: nothing is due, it is paused or has no link. In the past: at the next sweep. */
  dueAt: number | null;
  lastError: string | null;
  errorKind: ErrorKind | null;
  consecutiveFailures: number;
}

/** As `rowJson` reads it. */
export interface Row extends Omit<ListedWorkspace, 'state' | 'reason' | 'ageMs' | 'slotCount' | 'pausedBy'>, StateFacts {
  pausedBy: PausedBy | null;
}

/** `configuredWorkspaces` with the hot row `s` and the cold row `k`. */
export const knownWorkspaces = Prisma.sql`${configuredWorkspaces}
  LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
  LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id`;

/** When it is due next, a timestamptz. @param now a timestamptz expression @param fingerprint as `stateSql`'s */
export function dueSql(now: Prisma.Sql, fingerprint: Prisma.Sql = fingerprintSql): Prisma.Sql {
  return Prisma.sql`CASE WHEN ${pausedSql} OR l.id IS NULL THEN NULL
    WHEN s."attemptFingerprint" IS DISTINCT FROM ${fingerprint} THEN ${now}
    ELSE greatest(s."staleAt", s."retryAt", s."fetchedAt") END`;
}

/** Over `knownWorkspaces`. @param due a timestamptz expression */
export function rowJson(due: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`json_build_object(
    'id', c.id, 'name', c.name, 'agencyId', c."userId", 'agencyName', a.name, 'pausedBy', ${pausedBySql}, 'provider', l.type, 'dueAt', ${epochMs(due)}, 'lastError', s."lastError", 'errorKind', s."errorKind",
    'consecutiveFailures', COALESCE(s."consecutiveFailures", 0), 'isPaused', ${pausedSql}, 'hasLink', l.id IS NOT NULL,
    'fingerprint', ${fingerprintSql}, 'attemptFingerprint', s."attemptFingerprint", 'actionRequired', COALESCE(s."actionRequired", false),
    'succeededAt', ${epochMs(Prisma.sql`s."succeededAt"`)}, 'staleAt', ${epochMs(Prisma.sql`s."staleAt"`)},
    'slotsFingerprint', k."slotsFingerprint", 'storedCount', COALESCE(k."slotCount", 0))`;
}

export function listed(row: Row, at: number, maxAgeMs: number): ListedWorkspace {
  const { state, reason } = stateOf(row, at, maxAgeMs);
  return {
    id: row.id, name: row.name, agencyId: row.agencyId, agencyName: row.agencyName, provider: row.provider, state, pausedBy: row.pausedBy, reason: reason ?? null,
    ageMs: row.succeededAt === null ? null : Math.max(0, at - row.succeededAt), slotCount: row.storedCount, dueAt: row.dueAt,
    lastError: row.lastError, errorKind: row.errorKind, consecutiveFailures: row.consecutiveFailures,
  };
}
