/**
 * Claims of due follow-ups. A claim is one UPDATE that commits at once; every later write of the run is
 * conditional on its token, so that a run whose claim ran out changes nothing of what another took over.
 */
import { randomUUID } from 'node:crypto';
import { boundedTransaction, Prisma, type Db } from '../db';
import { epochMs } from '../refresh/configured';

/** A claimed row with all that is needed to decide and to deliver; instants are epoch milliseconds. */
export interface ClaimedFollowUp {
  id: string;
  claimToken: string;
  workspaceId: string;
  agencyId: string | null;
  leadId: string;
  leadTimezone: string | null;
  leadEmail: string;
  leadName: string | null;
  channel: string;
  thread: unknown;
  template: string;
  dueAt: number;
  attempts: number;
  deferredSince: number | null;
  /** Set: an earlier claim meant to send this, and its result is not known. */
  intendedAt: number | null;
  renderedMessage: string | null;
  /** The database's clock at the claim. */
  now: number;
}

const SQL_TIMEOUT_MS = 5_000;

/**
 * Takes up to `limit` due rows, in turn over agencies and the longest due of each first. `SKIP LOCKED`: runs
 * beside each other take different rows. A row whose claim ran out is due again.
 * @param claimMs longer than one delivery can take
 */
export async function claimDue(db: Db, options: { limit: number; claimMs: number; timeoutMs?: number }): Promise<ClaimedFollowUp[]> {
  const token = randomUUID();
  const [rows] = await boundedTransaction(db, options.timeoutMs ?? SQL_TIMEOUT_MS, [
    db.$queryRaw<ClaimedFollowUp[]>`
      WITH due AS (
        SELECT f.id, row_number() OVER (PARTITION BY COALESCE(c."userId", c.id) ORDER BY f."nextAttemptAt", f.id) AS turn, f."nextAttemptAt"
        FROM "FollowUp" f JOIN "Client" c ON c.id = f."clientId" JOIN "WorkspaceSettings" w ON w."clientId" = c.id
        WHERE w."followUpsEnabled" AND f."nextAttemptAt" <= now()
          AND (f.state = 'pending' OR (f.state = 'sending' AND f."claimedUntil" <= now()))
      ), mine AS MATERIALIZED (
        SELECT f.id FROM "FollowUp" f JOIN due d ON d.id = f.id
        WHERE f.state = 'pending' OR (f.state = 'sending' AND f."claimedUntil" <= now())
        ORDER BY d.turn, d."nextAttemptAt", f.id LIMIT ${options.limit} FOR UPDATE OF f SKIP LOCKED
      ), claimed AS (
        UPDATE "FollowUp" f SET state = 'sending', "claimToken" = ${token}, "claimedUntil" = now() + ${options.claimMs} * interval '1 millisecond'
        FROM mine m WHERE m.id = f.id
        RETURNING f.*
      )
      SELECT f.id, f."claimToken", f."clientId" AS "workspaceId", c."userId" AS "agencyId", f."leadId", d.timezone AS "leadTimezone",
        d.email AS "leadEmail", NULLIF(concat_ws(' ', d."firstName", d."lastName"), '') AS "leadName", f.channel, f.thread, f.template,
        ${epochMs(Prisma.sql`f."dueAt"`)} AS "dueAt", f.attempts, ${epochMs(Prisma.sql`f."deferredSince"`)} AS "deferredSince",
        ${epochMs(Prisma.sql`f."intendedAt"`)} AS "intendedAt", f."renderedMessage", ${epochMs(Prisma.sql`now()`)} AS now
      FROM claimed f JOIN "Client" c ON c.id = f."clientId" JOIN "Lead" d ON d.id = f."leadId"
      ORDER BY f."nextAttemptAt", f.id`,
  ]);
  return rows;
}

/** What a run writes of a row it holds. `undefined` leaves a column as it is. */
export interface FollowUpChange {
  state: 'pending' | 'sent' | 'unknown' | 'failed' | 'expired' | 'cancelled';
  /** For `pending`: when it is looked at next, epoch milliseconds. */
  nextAttemptAt?: number;
  attempts?: number;
  deferredSince?: number | null;
  reason?: string | null;
  lastError?: string | null;
  /** False: nothing was sent, so the intent is taken back. */
  keepsIntent?: boolean;
}

/** Ends a claim with its result. @returns false when the claim was not ours any more; nothing is written then */
export async function finishClaim(db: Db, row: Pick<ClaimedFollowUp, 'id' | 'claimToken'>, change: FollowUpChange): Promise<boolean> {
  const isOver = change.state !== 'pending';
  const set = [
    Prisma.sql`state = ${change.state}::"FollowUpState"`, Prisma.sql`"claimToken" = NULL`, Prisma.sql`"claimedUntil" = NULL`,
    ...(isOver ? [Prisma.sql`"finishedAt" = now()`] : []),
    ...(change.nextAttemptAt === undefined ? [] : [Prisma.sql`"nextAttemptAt" = to_timestamp(${change.nextAttemptAt}::float8 / 1000.0)`]),
    ...(change.attempts === undefined ? [] : [Prisma.sql`attempts = ${change.attempts}`]),
    ...(change.deferredSince === undefined ? [] : [Prisma.sql`"deferredSince" = to_timestamp(${change.deferredSince}::float8 / 1000.0)`]),
    ...(change.reason === undefined ? [] : [Prisma.sql`reason = ${change.reason}`]),
    ...(change.lastError === undefined ? [] : [Prisma.sql`"lastError" = ${change.lastError}`]),
    ...(change.keepsIntent === true ? [] : [Prisma.sql`"intendedAt" = NULL`, Prisma.sql`"renderedMessage" = NULL`]),
  ];
  const [count] = await boundedTransaction(db, SQL_TIMEOUT_MS, [
    db.$executeRaw`UPDATE "FollowUp" SET ${Prisma.join(set)} WHERE id = ${row.id} AND "claimToken" = ${row.claimToken} AND state = 'sending'`,
  ]);
  return count === 1;
}

/**
 * Records what is about to be sent, before it is. From here on a crash leaves a row that says so.
 * @returns false when the claim is not ours any more, or the row was cancelled: then it must not be sent
 */
export async function recordIntent(db: Db, row: Pick<ClaimedFollowUp, 'id' | 'claimToken'>, message: string): Promise<boolean> {
  const [count] = await boundedTransaction(db, SQL_TIMEOUT_MS, [
    db.$executeRaw`
      UPDATE "FollowUp" SET "intendedAt" = now(), "renderedMessage" = ${message}
      WHERE id = ${row.id} AND "claimToken" = ${row.claimToken} AND state = 'sending' AND "claimedUntil" > now()`,
  ]);
  return count === 1;
}
