/** SQL: what was written for each lead, kept beside the ledger of offers. */
import { z } from 'zod';
import { bounded, sqlState, type Db, type Prisma } from '../db';
import { upsertLead } from '../leads';
import { failPrepared, type Send } from '../slots/ledger';
import type { Finder, Said, TouchRecord } from './types';

const TIMEOUT_MS = 5_000;
/** An email goes out with one of the last few sentences, or with none of ours. */
const EARLIER_KEPT = 5;
/** The workspace, or the lead, was removed at this moment. */
const FOREIGN_KEY_VIOLATION = '23503';

const saidSchema = z.array(z.object({ content: z.enum(['times', 'fallback']), sentence: z.string(), slots: z.array(z.number()) }));

export const FIRST_TOUCH_CHANNEL = 'first_touch';

/** One offer a lead and campaign, however often its times are replaced. */
export function sendOf(leadId: string, campaignId: string): Send {
  return { leadId, channel: FIRST_TOUCH_CHANNEL, sendKey: `first-touch:${campaignId}` };
}

type Row = NonNullable<Awaited<ReturnType<Db['firstTouch']['findFirst']>>>;

/** Those of the campaigns, and whatever is not settled yet. */
export async function readRecords(db: Db, workspaceId: string, campaignIds: readonly string[]): Promise<TouchRecord[]> {
  const rows = await bounded(TIMEOUT_MS, () => db.firstTouch.findMany({
    where: { clientId: workspaceId, OR: [{ settledAt: null }, { campaignId: { in: [...campaignIds] } }] },
  }));
  return rows.map(recordOf);
}

function recordOf({ slotsUtc, earlier, scheduledAt, preparedAt, writtenAt, checkedAt, settledAt, clientId: _, ...row }: Row): TouchRecord {
  const ms = (at: Date | null): number | null => at?.getTime() ?? null;
  return {
    ...row,
    slots: slotsUtc.map((slot) => slot.getTime()),
    earlier: saidSchema.parse(earlier),
    scheduledAt: ms(scheduledAt), preparedAt: preparedAt.getTime(), writtenAt: ms(writtenAt), checkedAt: ms(checkedAt), settledAt: ms(settledAt),
  };
}

/** The lead's id. Null: the workspace is gone. */
export async function knownLead(db: Db, workspaceId: string, lead: { id: string; email: string; firstName: string | null; lastName: string | null }): Promise<string | null> {
  const { id: emailBisonLeadId, ...person } = lead;
  try {
    return await bounded(TIMEOUT_MS, () => upsertLead(db, workspaceId, { ...person, emailBisonLeadId }));
  } catch (error) {
    if (sqlState(error) === FOREIGN_KEY_VIOLATION) return null;
    throw error;
  }
}

/** Lower-case addresses of leads with a booking that is not over. */
export async function readBooked(db: Db, workspaceId: string, now: number): Promise<Set<string>> {
  const rows = await bounded(TIMEOUT_MS, () => db.$queryRaw<{ email: string }[]>`
    SELECT DISTINCT lower(l.email) AS email FROM "Booking" b JOIN "Lead" l ON l.id = b."leadId"
    WHERE b."clientId" = ${workspaceId} AND b."cancelledAt" IS NULL AND b."endsAt" > ${new Date(now)}`);
  return new Set(rows.map(({ email }) => email));
}

export interface Intent extends Said {
  workspaceId: string;
  leadId: string;
  campaignId: string;
  emailBisonLeadId: string;
  finder: Finder;
  scheduledEmailId: string | null;
  scheduledAt: number | null;
  reason: string | null;
  before: TouchRecord | undefined;
}

const atOrNull = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/**
 * What is about to be written, before it is. What it replaces is kept: until the email is out, nobody knows which
 * of them it carries. A fallback ends the prepared offer in the same transaction.
 * @returns false when the lead was removed: then nothing may be written for it
 */
export async function recordIntent(db: Db, intent: Intent, now: number): Promise<boolean> {
  const { before, workspaceId, leadId, campaignId, content, sentence, slots } = intent;
  const isNew = before === undefined || before.state === 'ended';
  const earlier = isNew ? [] : [{ content: before.content, sentence: before.sentence, slots: before.slots }, ...before.earlier];
  const data = {
    state: 'writing' as const, content, sentence, slotsUtc: slots.map((slot) => new Date(slot)),
    earlier: earlier.filter((said) => said.sentence !== sentence).slice(0, EARLIER_KEPT) satisfies Said[] as unknown as Prisma.InputJsonValue,
    reason: intent.reason, finder: intent.finder, emailBisonLeadId: intent.emailBisonLeadId,
    scheduledEmailId: intent.scheduledEmailId, scheduledAt: atOrNull(intent.scheduledAt),
    preparedAt: new Date(now), writtenAt: null, checkedAt: null, settledAt: null,
  };
  try {
    await bounded(TIMEOUT_MS, () => db.$transaction(async (tx) => {
      await tx.firstTouch.upsert({ where: { leadId_campaignId: { leadId, campaignId } }, create: { clientId: workspaceId, leadId, campaignId, ...data }, update: data });
      if (content === 'fallback') await failPrepared(tx, sendOf(leadId, campaignId), intent.reason ?? 'fallback');
    }));
  } catch (error) {
    if (sqlState(error) === FOREIGN_KEY_VIOLATION) return false;
    throw error;
  }
  return true;
}

/** A write of the record and, with it, of its offer. */
export interface RecordChange {
  state: TouchRecord['state'];
  reason?: string | null;
  said?: Said & { earlier: Said[] };
  finder?: Finder;
  row?: { id: string; scheduledAt: number } | undefined;
  writtenAt?: number;
  checkedAt?: number;
  settledAt?: number;
  /** Prepared times of the offer fail, with this reason. */
  failOffer?: string;
  /** These times of the offer are prepared again. */
  reviveOffer?: readonly number[];
}

export async function changeRecord(db: Db, record: Pick<TouchRecord, 'leadId' | 'campaignId'>, change: RecordChange): Promise<void> {
  const { said, row, writtenAt, checkedAt, settledAt, failOffer, reviveOffer } = change;
  const send = sendOf(record.leadId, record.campaignId);
  await bounded(TIMEOUT_MS, () => db.$transaction(async (tx) => {
    await tx.firstTouch.updateMany({
      where: { leadId: record.leadId, campaignId: record.campaignId },
      data: {
        state: change.state,
        ...(change.reason === undefined ? {} : { reason: change.reason }),
        ...(change.finder === undefined ? {} : { finder: change.finder }),
        ...(said === undefined ? {} : {
          content: said.content, sentence: said.sentence, slotsUtc: said.slots.map((slot) => new Date(slot)),
          earlier: said.earlier as unknown as Prisma.InputJsonValue,
        }),
        ...(row === undefined ? {} : { scheduledEmailId: row.id, scheduledAt: new Date(row.scheduledAt) }),
        ...(writtenAt === undefined ? {} : { writtenAt: new Date(writtenAt) }),
        ...(checkedAt === undefined ? {} : { checkedAt: new Date(checkedAt) }),
        ...(settledAt === undefined ? {} : { settledAt: new Date(settledAt) }),
      },
    });
    if (failOffer !== undefined) await failPrepared(tx, send, failOffer);
    if (reviveOffer !== undefined && reviveOffer.length > 0) {
      await tx.slotOffer.updateMany({ where: { ...send, state: 'failed', slotUtc: { in: reviveOffer.map((slot) => new Date(slot)) } }, data: { state: 'prepared', reason: null } });
    }
  }));
}

/**
 * Prepared offers that no record stands for, after a visit that has worked on every lead: a run ended before it
 * recorded what it had chosen, and the email is beyond reach since. They must not count for ever.
 */
export async function failOrphans(db: Db, workspaceId: string): Promise<number> {
  return await bounded(TIMEOUT_MS, () => db.$executeRaw`
    UPDATE "SlotOffer" o SET state = 'failed', reason = 'never written'
    WHERE o."clientId" = ${workspaceId} AND o.channel = ${FIRST_TOUCH_CHANNEL} AND o.state = 'prepared' AND NOT EXISTS (
      SELECT FROM "FirstTouch" f WHERE f."leadId" = o."leadId" AND o."sendKey" = 'first-touch:' || f."campaignId" AND f."settledAt" IS NULL)`);
}

/** Looked at without a change: it waits its turn behind those not looked at for longer. */
export async function touchChecked(db: Db, ids: readonly string[], now: number): Promise<void> {
  if (ids.length > 0) await bounded(TIMEOUT_MS, () => db.firstTouch.updateMany({ where: { id: { in: [...ids] } }, data: { checkedAt: new Date(now) } }));
}
