/** Reads one workspace's open slots in one statement. Makes no network call. */
import { bounded, Prisma, type Db } from '../db';
import { isoOf } from '../instants';
import type { ErrorKind } from '../providers/errors';
import { epochMs, fingerprintOf, instantOf, oneConfiguredWorkspace, oneNames, pausedByOf } from './configured';
import { openStarts } from './open-starts';
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

/** What a reader needs of one workspace, as the database says it. */
export interface StoredAvailability {
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
  slots: string | null;
  /** When they begin, then when they end. */
  bookings: string | null;
}

/**
 * PostgreSQL's binary format of an array: dimensions, whether it has NULLs, the type; of its one dimension the length and the
 * first index; of each element its length and itself. An empty array has no dimension.
 */
const EMPTY_ARRAY_BYTES = 12;
const ARRAY_HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const ELEMENT_BYTES = LENGTH_BYTES + 8;
/** Timestamps count microseconds from the year 2000. */
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
const HIGH_WORD = 2 ** 32;

/**
 * Epoch milliseconds of a `timestamptz[]`, sent as `array_send` does and written in hexadecimal: as epochs in text it took
 * longer, as Dates through the driver five times as long.
 * @throws Error for one that no slots are stored as (NULLs, several dimensions): read on, it would be other times
 */
export function instantsOf(hex: string | null): Float64Array {
  if (hex === null) return new Float64Array();
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === EMPTY_ARRAY_BYTES) return new Float64Array();
  const count = bytes.length < ARRAY_HEADER_BYTES ? NaN : bytes.readInt32BE(EMPTY_ARRAY_BYTES);
  if (bytes.readInt32BE(0) !== 1 || bytes.readInt32BE(4) !== 0 || bytes.length !== ARRAY_HEADER_BYTES + count * ELEMENT_BYTES) {
    throw new Error(`the database sent an array of ${String(bytes.length)} bytes that is no plain list of instants`);
  }
  const instants = new Float64Array(count);
  for (let nth = 0, at = ARRAY_HEADER_BYTES + LENGTH_BYTES; nth < instants.length; nth++, at += ELEMENT_BYTES) {
    const microseconds = bytes.readInt32BE(at) * HIGH_WORD + bytes.readUInt32BE(at + 4);
    instants[nth] = POSTGRES_EPOCH_MS + microseconds / 1_000;
  }
  return instants;
}

function openSlotsOf({ slots, bookings, duration, now }: StoredAvailability): string[] {
  const edges = instantsOf(bookings);
  const ends = edges.subarray(edges.length / 2);
  const busy = Array.from(ends, (endMs, nth) => ({ startMs: edges[nth] ?? endMs, endMs }));
  return openStarts(instantsOf(slots), { durationMs: (duration ?? 0) * 60_000, bookings: busy, now }).map(isoOf);
}

/**
 * SQL of one workspace's `StoredAvailability`, as one value: another statement can hold it, and one column of JSON is read
 * faster than twenty. NULL: there is no such workspace.
 * @param now epoch milliseconds; default: the database's clock
 */
export function storedAvailability(workspaceId: string, now?: number): Prisma.Sql {
  const at = now === undefined ? Prisma.sql`clock_timestamp()` : instantOf(Prisma.sql`${now}::float8`);
  const cacheAndStatus = Prisma.sql`
    (SELECT s FROM "WorkspaceAvailabilityStatus" s WHERE s."clientId" = c.id) AS status,
    (SELECT k FROM "WorkspaceAvailabilityCache" k WHERE k."clientId" = c.id) AS cache`;
  // What is past or booked is left out later and not here: of a thousand slots beside a hundred bookings, a multirange of
  // the bookings and a test of each slot took as long as all the rest of the statement.
  return Prisma.sql`(SELECT row_to_json(r) FROM (
    SELECT ${epochMs(Prisma.sql`c.now`)} AS now, ${pausedByOf(oneNames)} AS paused_by,
      (c.link).id AS link_id, (c.link).url AS link_url, (c.link).type::text AS link_type, ${fingerprintOf(oneNames)} AS fingerprint,
      (c.status)."attemptFingerprint" AS attempt_fingerprint, COALESCE((c.status)."actionRequired", false) AS action_required,
      (c.status)."errorKind" AS error_kind, (c.status)."lastError" AS last_error,
      ${epochMs(Prisma.sql`(c.status)."fetchedAt"`)} AS fetched_ms, ${epochMs(Prisma.sql`(c.status)."succeededAt"`)} AS succeeded_ms,
      ${epochMs(Prisma.sql`(c.status)."staleAt"`)} AS stale_ms, COALESCE((c.status)."refreshingUntil" > clock_timestamp(), false) AS is_claimed,
      (c.cache)."slotsFingerprint" AS slots_fingerprint, COALESCE((c.cache)."slotCount", 0) AS stored_count, (c.cache)."slotDurationMinutes" AS duration,
      encode(array_send((c.cache)."slotsUtc"), 'hex') AS slots,
      (SELECT encode(array_send(array_agg(b."startsAt") || array_agg(b."endsAt")), 'hex') FROM "Booking" b
        WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > c.now AND b."endsAt" > b."startsAt") AS bookings
    FROM ${oneConfiguredWorkspace(workspaceId, at, cacheAndStatus)}) r)`;
}

/**
 * @param now epoch milliseconds; default: the database's clock
 * @throws WorkspaceNotFoundError
 */
export async function readWorkspace(db: Db, workspaceId: string, maxAgeMs: number, now?: number): Promise<ReadResult> {
  const statement = Prisma.sql`SELECT ${storedAvailability(workspaceId, now)} AS stored`;
  const [row] = await bounded(READ_TIMEOUT_MS, () => db.$queryRaw<{ stored: StoredAvailability | null }[]>(statement), { isPrepared: true });
  if (!row?.stored) throw new WorkspaceNotFoundError(workspaceId);
  return readResultOf(row.stored, maxAgeMs, now);
}

/** @param givenNow when the caller gave the time that it was read for, epoch milliseconds */
export function readResultOf(row: StoredAvailability, maxAgeMs: number, givenNow?: number): ReadResult {
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
  return {
    answer: {
      slotsUtc: isUsable(verdict.state) ? openSlotsOf(row) : [],
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
    givenNow,
    staleAt: row.stale_ms,
    fetchedAt: row.fetched_ms,
    isConfigurationNew: row.attempt_fingerprint !== row.fingerprint,
    isClaimed: row.is_claimed,
  };
}
