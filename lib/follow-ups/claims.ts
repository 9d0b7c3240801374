/**
 * Claims of due follow-ups. A claim is one UPDATE that commits at once; every later write of the run is
 * conditional on its token, so that a run whose claim ran out changes nothing of what another took over.
 */
import { randomUUID } from 'node:crypto';
import { boundedTransaction, Prisma, type Db } from '../db';
import { epochMs, instantOf } from '../refresh/configured';

/** A claimed row with all that is needed to decide and to deliver; instants are epoch milliseconds. */
export interface ClaimedFollowUp {
  id: string;
  claimToken: string;
  workspaceId: string;
  leadId: string;
  leadEmail: string;
  leadName: string | null;
  channel: string;
  thread: unknown;
  template: string;
  attempts: number;
  deferredSince: number | null;
  /** Set: an earlier claim meant to send this, and its result is not known. */
  intendedAt: number | null;
  renderedMessage: string | null;
  /** The time of the claim, by the database's clock unless another was given. */
  now: number;
}

const SQL_TIMEOUT_MS = 5_000;

/** The database's clock, or a test's. */
export const clockOf = (now: (() => number) | undefined): Prisma.Sql => (now ? instantOf(Prisma.sql`${now()}::float8`) : Prisma.sql`now()`);

export interface ClaimOptions {
  limit: number;
  /** Longer than one delivery can take. */
  claimMs: number;
  timeoutMs?: number;
  now?: (() => number) | undefined;
}

/**
 * Takes up to `limit` due rows: of the agency whose last turn is longest ago first, and of each agency the
 * longest due first. So a backlog of one agency holds up no other, under any budget. `SKIP LOCKED`: runs beside
 * each other take different rows. A row whose claim ran out is due again, also where follow-ups are switched off:
 * it may have been sent, and somebody has to know.
 */
export async function claimDue(db: Db, { limit, claimMs, timeoutMs = SQL_TIMEOUT_MS, now }: ClaimOptions): Promise<ClaimedFollowUp[]> {
  const token = randomUUID();
  const at = clockOf(now);
  const ranOut = Prisma.sql`(f.state = 'sending' AND f."claimedUntil" <= ${at})`;
  const isDue = Prisma.sql`(f.state = 'pending' AND f."nextAttemptAt" <= ${at})`;
  const agency = Prisma.sql`CASE WHEN c."userId" IS NULL THEN 'workspace:' || c.id ELSE 'agency:' || c."userId" END`;
  // What makes a row due stands again where it is locked: PostgreSQL repeats that condition on the row as a
  // concurrent run left it. Without the time, a row deferred meanwhile would be taken at once.
  const [rows] = await boundedTransaction(db, timeoutMs, [
    db.$queryRaw<ClaimedFollowUp[]>`
      WITH due AS (
        SELECT f.id, f."nextAttemptAt", ${agency} AS agency, row_number() OVER (PARTITION BY ${agency} ORDER BY f."nextAttemptAt", f.id) AS turn
        FROM "FollowUp" f JOIN "Client" c ON c.id = f."clientId" JOIN "WorkspaceSettings" w ON w."clientId" = c.id
        WHERE (w."followUpsEnabled" AND ${isDue}) OR ${ranOut}
      ), mine AS MATERIALIZED (
        SELECT f.id, d.agency FROM due d JOIN "FollowUp" f ON f.id = d.id LEFT JOIN "FollowUpTurn" t ON t.agency = d.agency
        WHERE ${isDue} OR ${ranOut}
        ORDER BY d.turn, t."claimedAt" NULLS FIRST, d."nextAttemptAt", f.id LIMIT ${limit} FOR UPDATE OF f SKIP LOCKED
      ), claimed AS (
        UPDATE "FollowUp" f SET state = 'sending', "claimToken" = ${token}, "claimedUntil" = ${at} + ${claimMs}::float8 * interval '1 millisecond'
        FROM mine m WHERE m.id = f.id
        RETURNING f.*
      ), turns AS (
        INSERT INTO "FollowUpTurn" AS t (agency, "claimedAt") SELECT x.agency, clock_timestamp() FROM (SELECT DISTINCT agency FROM mine ORDER BY agency) x
        ON CONFLICT (agency) DO UPDATE SET "claimedAt" = GREATEST(t."claimedAt", excluded."claimedAt")
      )
      SELECT f.id, f."claimToken", f."clientId" AS "workspaceId", f."leadId", d.email AS "leadEmail",
        NULLIF(concat_ws(' ', d."firstName", d."lastName"), '') AS "leadName", f.channel, f.thread, f.template, f.attempts,
        ${epochMs(Prisma.sql`f."deferredSince"`)} AS "deferredSince", ${epochMs(Prisma.sql`f."intendedAt"`)} AS "intendedAt",
        f."renderedMessage", ${epochMs(at)} AS now
      FROM claimed f JOIN "Lead" d ON d.id = f."leadId"
      ORDER BY f."nextAttemptAt", f.id`,
  ]);
  return rows;
}

/**
 * Records what is about to be sent, before it is. From here on a crash leaves a row that says so. The claim begins
 * anew: what is on its way is taken over by nobody.
 * @returns false when the claim is not ours any more, or the row was cancelled: then it must not be sent
 */
export async function recordIntent(db: Db, row: Claim, message: string, { claimMs, now }: Pick<ClaimOptions, 'claimMs' | 'now'>): Promise<boolean> {
  const at = clockOf(now);
  const [count] = await boundedTransaction(db, SQL_TIMEOUT_MS, [
    db.$executeRaw`
      UPDATE "FollowUp" SET "intendedAt" = ${at}, "renderedMessage" = ${message}, "claimedUntil" = ${at} + ${claimMs}::float8 * interval '1 millisecond'
      WHERE id = ${row.id} AND "claimToken" = ${row.claimToken} AND state = 'sending' AND "claimedUntil" > ${at}`,
  ]);
  return count === 1;
}

export type Claim = Pick<ClaimedFollowUp, 'id' | 'claimToken'>;
