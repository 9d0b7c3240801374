/**
 * What happened to a workspace's calendar: transitions (a slot appeared or disappeared, a first failure, a recovery), and one
 * roll-up an hour. An unchanged refresh leaves no transition. Written by lib/refresh/history.ts, pruned by lib/prune.ts.
 */
import { bounded, type Db } from './db';

export interface Transition {
  id: string;
  /** Start of the attempt that saw it, ISO. */
  at: string;
  kind: 'changed' | 'failed' | 'recovered';
  /** The sweep that saw it; null: a refresh of this workspace alone. */
  runId: string | null;
  /** `failed`: the kind; `recovered`: of the failure that ended. */
  errorKind: string | null;
  message: string | null;
  /** `recovered`: failures in a row before it. */
  failures: number | null;
  slotCount: number | null;
  /** Complete; the lists hold the soonest 100. Both lists are empty for the first reading of a calendar. */
  addedCount: number | null;
  removedCount: number | null;
  slotsAdded: string[];
  slotsRemoved: string[];
}

export interface HourSummary {
  /** Start of the hour, ISO. */
  hour: string;
  /** Attempts. */
  refreshes: number;
  changes: number;
  failures: number;
  /** Mean of the attempts; null: there was none. */
  meanLatencyMs: number | null;
  /** The hour under way, or the last one of a workspace that is not refreshed any more. */
  isOpen: boolean;
}

const READ_TIMEOUT_MS = 5_000;
const MAX_TRANSITIONS = 500;
const MAX_HOURS = 24 * 92;

/**
 * The workspace's transitions, newest first.
 * @param options.beforeId the next page: those older than this one
 * @param options.limit at most 500; default 50
 */
export async function readTransitions(db: Db, workspaceId: string, options: { limit?: number; beforeId?: string } = {}): Promise<Transition[]> {
  const take = Math.max(1, Math.min(options.limit ?? 50, MAX_TRANSITIONS));
  const before = options.beforeId !== undefined && /^\d{1,18}$/.test(options.beforeId) ? { id: { lt: BigInt(options.beforeId) } } : {};
  const rows = await bounded(READ_TIMEOUT_MS, () => db.workspaceTransition.findMany({
    where: { clientId: workspaceId, ...before }, orderBy: [{ at: 'desc' }, { id: 'desc' }], take,
  }));
  const iso = (at: Date): string => at.toISOString();
  return rows.map(({ clientId: _, id, at, slotsAdded, slotsRemoved, ...rest }) => ({
    ...rest, id: String(id), at: iso(at), slotsAdded: slotsAdded.map(iso), slotsRemoved: slotsRemoved.map(iso),
  }));
}

interface HourRow {
  hour: Date;
  refreshes: number;
  changes: number;
  failures: number;
  latencyMs: number;
  isOpen: boolean;
}

/** The workspace's last hours that had a refresh, oldest first, with the one under way. @param hours how far back, at most 92 days */
export async function readHours(db: Db, workspaceId: string, hours: number): Promise<HourSummary[]> {
  const span = Math.max(1, Math.min(Math.floor(hours), MAX_HOURS));
  const rows = await bounded(READ_TIMEOUT_MS, () => db.$queryRaw<HourRow[]>`
    SELECT * FROM (
      SELECT hour, refreshes, changes, failures, "latencyMs", false AS "isOpen" FROM "WorkspaceHour" WHERE "clientId" = ${workspaceId}
      UNION ALL
      SELECT to_timestamp(s.hour * 3600.0), s."hourRefreshes"::int, s."hourChanges"::int, s."hourFailures"::int, s."hourLatencyMs", true
      FROM "WorkspaceAvailabilityStatus" s WHERE s."clientId" = ${workspaceId} AND s."hourRefreshes" > 0
    ) h WHERE hour > now() - ${span} * interval '1 hour' ORDER BY hour`);
  return rows.map(({ latencyMs, hour, ...row }) => ({ ...row, hour: hour.toISOString(), meanLatencyMs: row.refreshes === 0 ? null : Math.round(latencyMs / row.refreshes) }));
}
