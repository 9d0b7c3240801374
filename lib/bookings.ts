/**
 * Bookings that others made: what takes a time, and ends the asking.
 *
 * `putBooking` says how a booking is now, `cancelBooking` that it is off. Each is all or nothing, and doing it
 * again changes nothing: also not follow-ups that were made since.
 */
import { randomUUID } from 'node:crypto';
import { boundedTransaction, Prisma, sqlState, type Db } from './db';
import { normaliseEmail } from './leads';
import { epochMs, instantOf } from './refresh/configured';
import { lockOfLedger } from './slots/ledger';

/** What a booking is of when nothing else is said; also of imported ones, so that either way reaches the other's. */
export const DEFAULT_BOOKING_SOURCE = 'api';

export interface BookingKey {
  workspaceId: string;
  source: string;
  /** The booking's id where it was made. */
  externalId: string;
}

export interface Booking extends BookingKey {
  leadEmail: string | null;
  /** Epoch milliseconds. */
  startsAt: number;
  endsAt: number;
}

export interface StoredBooking extends Booking {
  cancelledAt: number | null;
}

export type PutOutcome =
  | { kind: 'created' | 'changed' | 'unchanged'; booking: StoredBooking; followUpsCancelled: number; offersEnded: number }
  | { kind: 'no_workspace' };

export type CancelOutcome =
  | { kind: 'cancelled' | 'already_cancelled'; booking: StoredBooking }
  | { kind: 'not_found' }
  /** Several workspaces of the agency have a booking of this id. */
  | { kind: 'ambiguous' };

/** Whose workspaces may be touched: an agency's, or for the operator everybody's. */
export type Scope = { agencyId: string } | 'operator';

/** What the operator reads at a follow-up or an offer that a booking ended. */
const BOOKED_REASON = 'the lead has a booking';
const WRITE_TIMEOUT_MS = 5_000;
/** A deadlock's victim is whole again when it runs again. */
const MAX_TRIES = 3;

const whose = (scope: Scope): Prisma.Sql => (scope === 'operator' ? Prisma.sql`true` : Prisma.sql`c."userId" = ${scope.agencyId}`);

interface PutRow {
  isStored: boolean;
  isNew: boolean | null;
  followUps: number;
  offers: number;
}

/**
 * Stores a booking as given; a cancelled one is on again. In the same statement, when that changed something:
 * the lead is added if it is new, its pending follow-ups are cancelled, its live offers expire, and the
 * workspace is listed by the change feed.
 *
 * Under the ledger's lock: of an offer being made at this moment, either it is seen here and ended, or its
 * maker sees the booking.
 */
export async function putBooking(db: Db, given: Booking, scope: Scope): Promise<PutOutcome> {
  const email = given.leadEmail === null ? null : normaliseEmail(given.leadEmail);
  const booking: StoredBooking = { ...given, leadEmail: email, cancelledAt: null };
  const { workspaceId, source, externalId } = booking;
  // A follow-up whose send has begun is left to its sender; one that is only claimed loses its claim, so the
  // sender's next conditional write finds nothing.
  const [, [row]] = await retried(() => boundedTransaction<[number, PutRow[]]>(db, WRITE_TIMEOUT_MS, [db.$executeRaw(lockOfLedger(workspaceId)), db.$queryRaw<PutRow[]>`
    WITH workspace AS (SELECT c.id FROM "Client" c WHERE c.id = ${workspaceId} AND ${whose(scope)}),
    lead AS (
      INSERT INTO "Lead" AS l (id, "clientId", email) SELECT ${randomUUID()}, w.id, ${email}::text FROM workspace w WHERE ${email}::text IS NOT NULL
      ON CONFLICT ("clientId", lower(email)) DO UPDATE SET email = l.email
      RETURNING l.id
    ), stored AS (
      INSERT INTO "Booking" AS b (id, "clientId", "leadId", "startsAt", "endsAt", source, "externalId")
      SELECT ${randomUUID()}, w.id, (SELECT id FROM lead), ${instantOf(Prisma.sql`${booking.startsAt}::float8`)},
        ${instantOf(Prisma.sql`${booking.endsAt}::float8`)}, ${source}, ${externalId} FROM workspace w
      ON CONFLICT ("clientId", source, "externalId") DO UPDATE SET
        "leadId" = excluded."leadId", "startsAt" = excluded."startsAt", "endsAt" = excluded."endsAt", "cancelledAt" = NULL
      WHERE (b."leadId", b."startsAt", b."endsAt", b."cancelledAt") IS DISTINCT FROM (excluded."leadId", excluded."startsAt", excluded."endsAt", NULL)
      RETURNING b."clientId", b."leadId", b.xmax = 0 AS "isNew"
    ), follow_ups AS (
      UPDATE "FollowUp" f SET state = 'cancelled', reason = ${BOOKED_REASON}, "claimToken" = NULL, "claimedUntil" = NULL, "finishedAt" = clock_timestamp()
      FROM stored s WHERE f."leadId" = s."leadId" AND (f.state = 'pending' OR (f.state = 'sending' AND f."intendedAt" IS NULL))
      RETURNING f.id
    ), offers AS (
      UPDATE "SlotOffer" o SET state = 'expired', reason = ${BOOKED_REASON} FROM stored s WHERE o."leadId" = s."leadId" AND o.state IN ('prepared', 'sent')
      RETURNING o.id
    ), listed AS (
      ${listedInFeed(Prisma.sql`SELECT "clientId" FROM stored`)}
    )
    SELECT EXISTS (SELECT FROM workspace) AS "isStored", (SELECT "isNew" FROM stored) AS "isNew",
      (SELECT count(*)::int FROM follow_ups) AS "followUps", (SELECT count(*)::int FROM offers) AS offers`]));
  if (!row?.isStored) return { kind: 'no_workspace' };
  const kind = row.isNew === null ? 'unchanged' : row.isNew ? 'created' : 'changed';
  return { kind, booking, followUpsCancelled: row.followUps, offersEnded: row.offers };
}

interface CancelRow extends Omit<StoredBooking, 'workspaceId'> {
  workspaceId: string;
  isChanged: boolean;
}

/** Frees a booking's time. @param key.workspaceId null: the one workspace in scope that has such a booking */
export async function cancelBooking(db: Db, key: Omit<BookingKey, 'workspaceId'> & { workspaceId: string | null }, scope: Scope): Promise<CancelOutcome> {
  const [rows] = await retried(() => boundedTransaction<[CancelRow[]]>(db, WRITE_TIMEOUT_MS, [db.$queryRaw<CancelRow[]>`
    WITH meant AS (
      SELECT b.id, c.id AS "clientId" FROM "Client" c JOIN "Booking" b ON b."clientId" = c.id
      WHERE ${whose(scope)} AND (${key.workspaceId}::text IS NULL OR c.id = ${key.workspaceId}::text)
        AND b.source = ${key.source} AND b."externalId" = ${key.externalId}
      LIMIT 2
    ), cancelled AS (
      UPDATE "Booking" b SET "cancelledAt" = clock_timestamp() FROM meant m
      WHERE b.id = m.id AND b."cancelledAt" IS NULL AND (SELECT count(*) FROM meant) = 1
      RETURNING b.id, b."clientId", b."cancelledAt"
    ), listed AS (
      ${listedInFeed(Prisma.sql`SELECT "clientId" FROM cancelled`)}
    )
    SELECT b."clientId" AS "workspaceId", b.source, b."externalId", l.email AS "leadEmail", ${epochMs(Prisma.sql`b."startsAt"`)} AS "startsAt",
      ${epochMs(Prisma.sql`b."endsAt"`)} AS "endsAt", ${epochMs(Prisma.sql`COALESCE(x."cancelledAt", b."cancelledAt", clock_timestamp())`)} AS "cancelledAt",
      x.id IS NOT NULL AS "isChanged"
    FROM meant m JOIN "Booking" b ON b.id = m.id LEFT JOIN "Lead" l ON l.id = b."leadId" LEFT JOIN cancelled x ON x.id = m.id`]));
  const [row] = rows;
  if (!row) return { kind: 'not_found' };
  if (rows.length > 1) return { kind: 'ambiguous' };
  const { isChanged, ...booking } = row;
  return { kind: isChanged ? 'cancelled' : 'already_cancelled', booking };
}

/** A time taken or freed is a change of the answer, so the feed lists the workspace; its stored slots are the same. */
function listedInFeed(workspaces: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`UPDATE "WorkspaceAvailabilityCache" SET "changedXid" = pg_current_xact_id() WHERE "clientId" IN (${workspaces})`;
}

async function retried<T>(statement: () => Promise<T>, tries = 1): Promise<T> {
  try {
    return await statement();
  } catch (error) {
    if (sqlState(error) === '40P01' && tries < MAX_TRIES) return await retried(statement, tries + 1);
    throw error;
  }
}
