/**
 * The ledger of times put in front of leads.
 *
 * State of an offer: `prepared` (chosen, about to be sent) and `sent` are live and count; `failed` never
 * reached the lead (refused, not rendered, replaced), counts for nothing and may be offered again; `expired`
 * ended after the lead may have seen it, counts for nothing and is never offered to this lead again.
 *
 * Counts are derived from live rows each time. Counting, choosing and inserting are one transaction under the
 * workspace's lock, so any number of processes keep the counts even. Nothing here calls a calendar.
 */
import { sqlState, type Db } from '../db';
import { readWorkspace, WorkspaceNotFoundError, type ReadResult } from '../refresh/read';
import { DEFAULT_LOCK_WAIT_MS, failPrepared, insertOffers, readLedger, settleSent, withWorkspaceLedger, type Offer, type Send } from './ledger';
import { decideOffer, type OfferDecision, type OfferOutcome, type OfferRequest } from './offer-decision';

export { OFFER_STATES, type Offer, type OfferState, type Send } from './ledger';
export type { OfferContext, OfferDecision, OfferOutcome, OfferRequest } from './offer-decision';

/** The offer for one send: made now, or the one made before. Safe to call again, after any failure. */
export async function prepareOffer(db: Db, request: OfferRequest): Promise<OfferOutcome> {
  return await offerFor(db, request, null);
}

/**
 * Another offer in place of one prepared but not sent, whose times fail with `reason`; those still good may be
 * chosen again. One already sent stays and is returned. Without usable times the old one has failed all the same.
 */
export async function replaceOffer(db: Db, request: OfferRequest & { reason: string }): Promise<OfferOutcome> {
  return await offerFor(db, request, `replaced: ${request.reason}`);
}

/**
 * What `prepareOffer` would do now, for a lead or for somebody unknown. Writes nothing and takes no lock, so
 * another writer may come in between.
 */
export async function previewOffer(db: Db, request: Omit<OfferRequest, 'leadId'> & { leadId: string | null }): Promise<OfferDecision> {
  const read = await readOpen(db, request);
  const facts = read && (await readLedger(db, request.workspaceId, request.leadId, read.now));
  return read && facts && (facts.hasLead || request.leadId === null) ? decideOffer(facts, read, request) : { kind: 'gone' };
}

async function offerFor(db: Db, request: OfferRequest, replacing: string | null): Promise<OfferOutcome> {
  const { workspaceId, leadId } = request;
  // Before the lock, which is then held for a few short statements; bookings are read again under it.
  const read = await readOpen(db, request);
  if (!read) return { kind: 'gone' };
  const outcome = await withWorkspaceLedger(db, workspaceId, request.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS, async (tx): Promise<OfferOutcome> => {
    if (replacing !== null) await failPrepared(tx, request, replacing);
    const facts = await readLedger(tx, workspaceId, leadId, read.now);
    if (!facts?.hasLead) return { kind: 'gone' };
    const decision = decideOffer(facts, read, request);
    if (decision.kind !== 'choose') return decision;
    const offers = await insertOffers(tx, workspaceId, request, decision.slotsMs);
    return { kind: 'prepared', offers, context: decision.context };
  }).catch((error: unknown): OfferOutcome => {
    // Removed between the two statements.
    if (sqlState(error) === '23503') return { kind: 'gone' };
    throw error;
  });
  return outcome ?? { kind: 'busy' };
}

async function readOpen(db: Db, { workspaceId, maxAgeMs, nowMs }: Pick<OfferRequest, 'workspaceId' | 'maxAgeMs' | 'nowMs'>): Promise<ReadResult | null> {
  try {
    return await readWorkspace(db, workspaceId, maxAgeMs, nowMs);
  } catch (error) {
    if (error instanceof WorkspaceNotFoundError) return null;
    throw error;
  }
}

/**
 * The email is out and says the prepared times. With `slotsMs`, what it really says: exactly these are sent,
 * also if they were replaced too late; the other prepared ones failed. Returns the send's offers; safe to repeat.
 */
export async function markSent(db: Db, send: Send, slotsMs?: readonly number[]): Promise<Offer[]> {
  return await settleSent(db, send, slotsMs ?? null);
}

/** The prepared offer did not reach the lead. One already sent stays. Returns how many times it freed. */
export async function markFailed(db: Db, send: Send, reason: string): Promise<number> {
  return await failPrepared(db, send, reason);
}

/**
 * Ends a lead's live offers, sent ones too (a booking was made), or, without a lead, prepared ones whose time
 * has passed: what was sent stays on record as sent. Returns how many ended.
 */
export async function expireOffers(db: Db, of: { workspaceId: string; leadId?: string; reason: string }): Promise<number> {
  const { workspaceId, leadId, reason } = of;
  return leadId === undefined
    ? await db.$executeRaw`UPDATE "SlotOffer" SET state = 'expired', reason = ${reason}
        WHERE "clientId" = ${workspaceId} AND state = 'prepared' AND "slotUtc" <= clock_timestamp()`
    : await db.$executeRaw`UPDATE "SlotOffer" SET state = 'expired', reason = ${reason}
        WHERE "clientId" = ${workspaceId} AND "leadId" = ${leadId} AND state IN ('prepared', 'sent')`;
}

export interface ListedOffer {
  slotUtc: Date;
  position: number;
  state: Offer['state'];
  reason: string | null;
  channel: string;
  sendKey: string;
  offeredAt: Date;
  lead: { id: string; email: string };
}

/** The workspace's offers, the newest first. @param limit presentation only */
export async function listOffers(db: Db, workspaceId: string, { limit = 200, state }: { limit?: number; state?: Offer['state'] } = {}): Promise<ListedOffer[]> {
  return await db.slotOffer.findMany({
    where: { clientId: workspaceId, ...(state === undefined ? {} : { state }) },
    select: { slotUtc: true, position: true, state: true, reason: true, channel: true, sendKey: true, offeredAt: true, lead: { select: { id: true, email: true } } },
    orderBy: [{ offeredAt: 'desc' }, { leadId: 'asc' }, { position: 'asc' }],
    take: limit,
  });
}
