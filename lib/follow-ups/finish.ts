/**
 * The end of a claim: the row and the times that it offered, in one statement. So no crash leaves a follow-up
 * that was sent beside times that were not, or the other way round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { boundedTransaction, Prisma, type Db } from '../db';
import { instantOf } from '../refresh/configured';
import { clockOf, type Claim } from './claims';

/** The channel of follow-ups in the ledger of offers; the send's key is the follow-up's id. */
export const OFFER_CHANNEL = 'follow-up';

/** What becomes of the prepared times. `expired`: they may have been seen, and count for nothing. */
export type OffersEnd = 'keep' | 'sent' | 'failed' | 'expired';

/** What a run writes of a row it holds. */
export interface FollowUpChange {
  state: 'pending' | 'sent' | 'unknown' | 'failed' | 'expired' | 'cancelled';
  offers: OffersEnd;
  /** For `pending`: when it is looked at next, epoch milliseconds; undefined: as it was. */
  nextAttemptAt?: number;
  attempts?: number;
  /** Undefined: null, for there were times, or nobody looked. */
  deferredSince?: number | null;
  reason?: string | null;
  lastError?: string | null;
  /** False: nothing was sent, so the intent is taken back. */
  keepsIntent?: boolean;
}

const SQL_TIMEOUT_MS = 5_000;
/** A result must not be lost to a deadlock or a dropped connection while the claim still holds. */
const TRIES = 3;
const PAUSE_MS = 300;

/**
 * Ends a claim with its result.
 * @param ifNotIntended also conditional on that nothing was about to be sent
 * @returns false when the claim is not ours any more; nothing is written then
 */
export async function finishClaim(db: Db, row: Claim, change: FollowUpChange, options: { now?: (() => number) | undefined; ifNotIntended?: boolean } = {}): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await writeEnd(db, row, change, options);
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(PAUSE_MS * tries);
    }
  }
}

async function writeEnd(db: Db, row: Claim, change: FollowUpChange, { now, ifNotIntended = false }: { now?: (() => number) | undefined; ifNotIntended?: boolean }): Promise<boolean> {
  const isOver = change.state !== 'pending';
  const instant = (ms: number | null): Prisma.Sql => (ms === null ? Prisma.sql`NULL` : instantOf(Prisma.sql`${ms}::float8`));
  const set = [
    Prisma.sql`state = ${change.state}::"FollowUpState"`, Prisma.sql`"claimToken" = NULL`, Prisma.sql`"claimedUntil" = NULL`,
    Prisma.sql`"deferredSince" = ${instant(change.deferredSince ?? null)}`, Prisma.sql`reason = ${change.reason ?? null}`,
    Prisma.sql`"lastError" = ${change.lastError ?? null}`,
    ...(isOver ? [Prisma.sql`"finishedAt" = ${clockOf(now)}`] : []),
    ...(change.nextAttemptAt === undefined ? [] : [Prisma.sql`"nextAttemptAt" = ${instant(change.nextAttemptAt)}`]),
    ...(change.attempts === undefined ? [] : [Prisma.sql`attempts = ${change.attempts}`]),
    ...(change.keepsIntent === true ? [] : [Prisma.sql`"intendedAt" = NULL`, Prisma.sql`"renderedMessage" = NULL`]),
  ];
  const isMine = Prisma.sql`id = ${row.id} AND "claimToken" = ${row.claimToken} AND state = 'sending'`;
  const [rows] = await boundedTransaction(db, SQL_TIMEOUT_MS, [
    db.$queryRaw<{ count: number }[]>`
      WITH finished AS (
        UPDATE "FollowUp" SET ${Prisma.join(set)} WHERE ${isMine} ${ifNotIntended ? Prisma.sql`AND "intendedAt" IS NULL` : Prisma.empty}
        RETURNING id, "leadId"
      ), ${endOffers(Prisma.sql`SELECT id, "leadId" FROM finished`, change.offers, change.reason ?? change.lastError ?? null)}
      SELECT count(*)::int AS count FROM finished`,
  ]);
  return rows[0]?.count === 1;
}

/** A part of WITH, named `offers`: ends the prepared times of the follow-ups (id, "leadId"). */
export function endOffers(followUps: Prisma.Sql, end: OffersEnd, reason: string | null): Prisma.Sql {
  if (end === 'keep') return Prisma.sql`offers AS (SELECT)`;
  return Prisma.sql`offers AS (
    UPDATE "SlotOffer" o SET state = ${end}::"OfferState", reason = ${end === 'sent' ? null : reason}
    FROM (${followUps}) x WHERE o."leadId" = x."leadId" AND o.channel = ${OFFER_CHANNEL} AND o."sendKey" = x.id AND o.state = 'prepared'
  )`;
}

/** How far back ended follow-ups are looked at. */
const HEAL_WITHIN = Prisma.sql`interval '1 day'`;

/**
 * Frees times of follow-ups that ended unsent while a process was choosing them, and was then killed.
 * @returns how many
 */
export async function freeLeftOffers(db: Db, timeoutMs = SQL_TIMEOUT_MS): Promise<number> {
  const [count] = await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      UPDATE "SlotOffer" o SET state = 'failed', reason = 'the follow-up had ended' FROM "FollowUp" f
      WHERE f."finishedAt" > now() - ${HEAL_WITHIN} AND f.state IN ('cancelled', 'failed', 'expired') AND f."intendedAt" IS NULL
        AND o."leadId" = f."leadId" AND o.channel = ${OFFER_CHANNEL} AND o."sendKey" = f.id AND o.state = 'prepared'`,
  ]);
  return count;
}

/** Follow-ups that wait for a person's word. */
export async function countUnknown(db: Db, timeoutMs = SQL_TIMEOUT_MS): Promise<number> {
  const [rows] = await boundedTransaction(db, timeoutMs, [db.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM "FollowUp" WHERE state = 'unknown'`]);
  return rows[0]?.count ?? 0;
}
