/** How follow-ups go: a reply, a booking or a person ends them, and a person says what became of an unclear one. */
import { Prisma, type Connection, type Db } from '../db';
import { normaliseEmail } from '../leads';
import { OFFER_CHANNEL } from './finish';

/**
 * Ends what is not sent yet, and the times it held. One whose send has begun is left to its sender; one that is
 * only claimed loses its claim, so that the sender's next conditional write finds nothing. A webhook between two
 * tries may have been seen: its times end as `expired`.
 */
async function cancelWhere(db: Connection, where: Prisma.Sql, reason: string): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    WITH ended AS (
      UPDATE "FollowUp" f SET state = 'cancelled', reason = ${reason}, "claimToken" = NULL, "claimedUntil" = NULL, "finishedAt" = clock_timestamp()
      WHERE ${where}
      RETURNING f.id, f."leadId", f."intendedAt"
    ), offers AS (
      UPDATE "SlotOffer" o SET state = CASE WHEN e."intendedAt" IS NULL THEN 'failed' ELSE 'expired' END::"OfferState", reason = ${reason}
      FROM ended e WHERE o."leadId" = e."leadId" AND o.channel = ${OFFER_CHANNEL} AND o."sendKey" = e.id AND o.state = 'prepared'
    )
    SELECT count(*)::int AS count FROM ended`;
  return rows[0]?.count ?? 0;
}

const NOT_BEGUN = Prisma.sql`(f.state = 'pending' OR (f.state = 'sending' AND f."intendedAt" IS NULL))`;

/** Of a lead, by address. @returns how many */
export async function cancelFollowUps(db: Connection, of: { workspaceId: string; leadEmail: string; reason: string }): Promise<number> {
  return await cancelWhere(db, Prisma.sql`${NOT_BEGUN} AND f."leadId" IN (
    SELECT l.id FROM "Lead" l WHERE l."clientId" = ${of.workspaceId} AND lower(l.email) = ${normaliseEmail(of.leadEmail)})`, of.reason);
}

export interface RepliedLead {
  workspaceId: string;
  /** Addresses that are the lead's. */
  emails: readonly string[];
  emailBisonLeadId: string | null;
  replyId: number;
}

/**
 * A lead replied. A follow-up that answers this very reply, or a later one, stays: it was made because of it, and a
 * webhook that comes late, or again, must not end what it began.
 */
export async function cancelAfterReply(db: Connection, { workspaceId, emails, emailBisonLeadId, replyId }: RepliedLead): Promise<number> {
  return await cancelWhere(db, Prisma.sql`${NOT_BEGUN}
    AND f."leadId" IN (SELECT l.id FROM "Lead" l WHERE l."clientId" = ${workspaceId}
      AND (lower(l.email) = ANY(${emails.map(normaliseEmail)}::text[]) OR l."emailBisonLeadId" = ${emailBisonLeadId}::text))
    AND NOT COALESCE(f.channel = 'emailbison_reply' AND CASE WHEN f.thread->>'replyId' ~ '^[0-9]{1,15}$' THEN (f.thread->>'replyId')::bigint END >= ${replyId}::bigint, false)`, 'replied');
}

/** One, by a person; also one that is `unknown`, whose question is then closed. @returns false when it is over, or its send has begun */
export async function cancelFollowUp(db: Connection, id: string): Promise<boolean> {
  return (await cancelWhere(db, Prisma.sql`f.id = ${id} AND (${NOT_BEGUN} OR f.state = 'unknown')`, 'cancelled by a person')) === 1;
}

/**
 * What a person found out about an `unknown` one. Sent: its times count as sent. Not sent: its times are free, and it
 * is sent anew, with times that are open then.
 * @returns false when it is not `unknown`
 */
export async function resolveFollowUp(db: Connection, id: string, finding: 'sent' | 'not-sent'): Promise<boolean> {
  const isSent = finding === 'sent';
  const change = isSent
    ? Prisma.sql`state = 'sent', "finishedAt" = clock_timestamp(), reason = 'sent, as a person found'`
    : Prisma.sql`state = 'pending', "finishedAt" = NULL, "nextAttemptAt" = now(), attempts = 0, "deferredSince" = NULL,
        "intendedAt" = NULL, "renderedMessage" = NULL, reason = 'not sent, as a person found'`;
  const rows = await db.$queryRaw<{ count: number }[]>`
    WITH resolved AS (UPDATE "FollowUp" f SET ${change}, "lastError" = NULL WHERE f.id = ${id} AND f.state = 'unknown' RETURNING f.id, f."leadId"),
    offers AS (
      UPDATE "SlotOffer" o SET state = ${isSent ? 'sent' : 'failed'}::"OfferState", reason = ${isSent ? null : 'the follow-up was not sent'}
      FROM resolved r WHERE o."leadId" = r."leadId" AND o.channel = ${OFFER_CHANNEL} AND o."sendKey" = r.id AND o.state = 'prepared'
    )
    SELECT count(*)::int AS count FROM resolved`;
  return rows[0]?.count === 1;
}

export const FOLLOW_UP_STATES = ['pending', 'sending', 'sent', 'unknown', 'failed', 'expired', 'cancelled'] as const;

export interface ListedFollowUp {
  id: string;
  state: (typeof FOLLOW_UP_STATES)[number];
  channel: string;
  dueAt: Date;
  nextAttemptAt: Date;
  attempts: number;
  reason: string | null;
  lastError: string | null;
  externalId: string | null;
  /** What was, or may have been, sent. */
  renderedMessage: string | null;
  lead: { email: string };
}

/** A workspace's, those that come next first; the ones that need a person before all. @param limit presentation only */
export async function listFollowUps(db: Db, workspaceId: string, filter: { state?: ListedFollowUp['state']; limit?: number } = {}): Promise<ListedFollowUp[]> {
  const select = {
    id: true, state: true, channel: true, dueAt: true, nextAttemptAt: true, attempts: true, reason: true, lastError: true, externalId: true, renderedMessage: true,
    lead: { select: { email: true } },
  } as const;
  const where = { clientId: workspaceId, ...(filter.state === undefined ? {} : { state: filter.state }) };
  const rows = await db.followUp.findMany({ where, select, orderBy: [{ finishedAt: { sort: 'desc', nulls: 'first' } }, { nextAttemptAt: 'asc' }, { id: 'asc' }], take: filter.limit ?? 200 });
  return [...rows.filter(({ state }) => state === 'unknown'), ...rows.filter(({ state }) => state !== 'unknown')];
}
