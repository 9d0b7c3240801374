/** Reads one workspace's open slots in one statement. Makes no network call. */
import { bounded, Prisma, type Db } from '../db';
import type { ErrorKind } from '../providers/errors';
import { configuredWorkspaces, epochMs, fingerprintSql, instantOf, pausedBySql } from './configured';
import { stateOf, isUsable, type PausedBy, type WorkspaceState } from './state';

export interface AvailabilityAnswer {
  /** Open starts, ISO with `Z`, sorted; empty unless the state is `fresh` or `stale`. */
  slotsUtc: string[];
  /** How many slots are stored, before past and booked ones are left out. */
  storedCount: number;
  state: WorkspaceState;
  /** Start of the last successful reading, ISO; null: there was none. */
  asOf: string | null;
  ageMs: number | null;
  slotDurationMinutes: number | null;
  calendarType: 'calendly' | 'hubspot' | 'ghl' | 'unknown' | null;
  calendarUrl: string | null;
  /** The last attempt's failure; null when it succeeded. */
  lastError: string | null;
  /** Why there are no slots. */
  reason?: string;
}

/** What a reader's refresh needs to know besides the answer. */
export interface ReadResult {
  answer: AvailabilityAnswer;
  /** The time the answer is of, epoch milliseconds: the database's clock unless `now` was given. */
  now: number;
  /** As the caller gave it; undefined: the database's clock. */
  givenNow: number | undefined;
  staleAt: number | null;
  fetchedAt: number | null;
  /** Nothing was attempted yet for what is configured now. */
  isConfigurationNew: boolean;
  /** Somebody is refreshing it, by the database's clock. */
  isClaimed: boolean;
}

export class WorkspaceNotFoundError extends Error {
  constructor(readonly workspaceId: string) {
    super(`No workspace ${JSON.stringify(workspaceId)}. List them with: npm run workspaces -- list`);
    this.name = 'WorkspaceNotFoundError';
  }
}

const READ_TIMEOUT_MS = 5_000;

/** Readers ask for the same instants again and again: the half hours of the next month. */
const MAX_REMEMBERED = 20_000;
const remembered = new Map<string, string>();

/** ISO text of epoch milliseconds in text. */
function isoOf(ms: string): string {
  let iso = remembered.get(ms);
  if (iso === undefined) {
    iso = new Date(Number(ms)).toISOString();
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(ms, iso);
  }
  return iso;
}

interface Row {
  now: number;
  paused_by: PausedBy | null;
  link_id: string | null;
  link_url: string | null;
  link_type: AvailabilityAnswer['calendarType'];
  fingerprint: string | null;
  attempt_fingerprint: string | null;
  action_required: boolean;
  error_kind: ErrorKind | null;
  last_error: string | null;
  fetched_ms: number | null;
  succeeded_ms: number | null;
  stale_ms: number | null;
  is_claimed: boolean;
  slots_fingerprint: string | null;
  stored_count: number;
  duration: number | null;
  slots: string;
}

/**
 * @param now epoch milliseconds; default: the database's clock
 * @throws WorkspaceNotFoundError
 */
export async function readWorkspace(db: Db, workspaceId: string, maxAgeMs: number, now?: number): Promise<ReadResult> {
  const at = now === undefined ? Prisma.sql`clock_timestamp()` : instantOf(Prisma.sql`${now}::float8`);
  // Bookings are folded once into a multirange (NOT EXISTS for each slot took 2.4 times as long) of the starts that
  // they rule out: a start within a meeting's length before one overlaps it (a range for each slot, and `&&`, took half
  // as long again). Slots leave as epoch milliseconds in text (Dates through the driver took 5 times as long), by way of
  // float8, which is exact to the millisecond (numeric took a third longer).
  const rows = await bounded(READ_TIMEOUT_MS, () => db.$queryRaw<Row[]>`
    SELECT ${epochMs(Prisma.sql`t.now`)} AS now, ${pausedBySql} AS paused_by,
      l.id AS link_id, l.url AS link_url, l.type::text AS link_type, ${fingerprintSql} AS fingerprint,
      s."attemptFingerprint" AS attempt_fingerprint, COALESCE(s."actionRequired", false) AS action_required,
      s."errorKind" AS error_kind, s."lastError" AS last_error,
      ${epochMs(Prisma.sql`s."fetchedAt"`)} AS fetched_ms, ${epochMs(Prisma.sql`s."succeededAt"`)} AS succeeded_ms,
      ${epochMs(Prisma.sql`s."staleAt"`)} AS stale_ms, COALESCE(s."refreshingUntil" > clock_timestamp(), false) AS is_claimed,
      k."slotsFingerprint" AS slots_fingerprint, COALESCE(k."slotCount", 0) AS stored_count, k."slotDurationMinutes" AS duration,
      array_to_string(ARRAY(
        SELECT (date_part('epoch', x) * 1000)::bigint FROM unnest(k."slotsUtc") x
        WHERE x > t.now AND (b.busy IS NULL OR NOT b.busy @> x)), ',') AS slots
    FROM ${configuredWorkspaces}
      CROSS JOIN (SELECT ${at} AS now) t
      LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id
      CROSS JOIN LATERAL (
        SELECT range_agg(tstzrange(b."startsAt" - k."slotDurationMinutes" * interval '1 minute', b."endsAt", '()')) AS busy FROM "Booking" b
        WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > t.now AND b."endsAt" > b."startsAt") b
    WHERE c.id = ${workspaceId}`);
  const row = rows[0];
  if (!row) throw new WorkspaceNotFoundError(workspaceId);

  const verdict = stateOf(
    {
      isPaused: row.paused_by !== null,
      pausedBy: row.paused_by,
      hasLink: row.link_id !== null,
      fingerprint: row.fingerprint,
      attemptFingerprint: row.attempt_fingerprint,
      actionRequired: row.action_required,
      errorKind: row.error_kind,
      lastError: row.last_error,
      succeededAt: row.succeeded_ms,
      staleAt: row.stale_ms,
      slotsFingerprint: row.slots_fingerprint,
      storedCount: row.stored_count,
    },
    row.now, maxAgeMs,
  );
  const slots = isUsable(verdict.state) && row.slots !== '' ? row.slots.split(',') : [];
  return {
    answer: {
      slotsUtc: slots.map(isoOf),
      storedCount: row.stored_count,
      state: verdict.state,
      asOf: row.succeeded_ms === null ? null : new Date(row.succeeded_ms).toISOString(),
      ageMs: row.succeeded_ms === null ? null : Math.max(0, Math.round(row.now - row.succeeded_ms)),
      slotDurationMinutes: row.duration,
      calendarType: row.link_type,
      calendarUrl: row.link_url,
      lastError: row.last_error,
      ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    },
    now: row.now,
    givenNow: now,
    staleAt: row.stale_ms,
    fetchedAt: row.fetched_ms,
    isConfigurationNew: row.attempt_fingerprint !== row.fingerprint,
    isClaimed: row.is_claimed,
  };
}
