/**
 * Puts a sentence before a lead, in an order that a crash may cut anywhere:
 *
 *   offer prepared → sentence recorded → variable set → recorded as written
 *
 * The next run finds which step was last. A prepared offer without a record is found by its send; a record that
 * is still `writing` is written again, the same sentence, unless its times are no good any more.
 */
import { ERROR_KINDS, ProviderError } from '../providers/errors';
import { variableOf } from '../providers/emailbison/client';
import { markFailed, prepareOffer, replaceOffer, type OfferOutcome, type OfferRequest } from '../slots/offers';
import type { CampaignLead } from './campaign';
import { KEEP_LENIENCE_MS, type Decision, type WaitingRow } from './decide';
import { changeRecord, knownLead, recordIntent, sendOf } from './records';
import type { Finder, LeadResult, Outcome, Said, TouchRecord } from './types';
import type { Visit } from './visit';

export interface Target {
  found: CampaignLead;
  record: TouchRecord | undefined;
  row: WaitingRow | undefined;
}

const finderOf = ({ row }: Target): Finder => (row ? 'scheduled' : 'unscheduled');

/** New times, or others in place of those that stand. */
export async function writeTimes(visit: Visit, target: Target, { sendAt, why }: Extract<Decision, { kind: 'offer' }>): Promise<LeadResult> {
  const { record, found } = target;
  const choice = visit.trial.choose({ email: found.lead.email, sendAt, replaces: record?.slots ?? [] });
  if (choice.kind === 'none') return await writeFallback(visit, target, { outcome: 'noSlots', reason: choice.reason });
  if (visit.isDryRun) return counted(record, 'updated', why);
  const leadId = await known(visit, target);
  if (leadId === null) return { outcome: 'notDue', reason: 'the workspace is gone' };
  const offer = await offerFor(visit, target, leadId, sendAt, why);
  switch (offer.kind) {
    case 'gone': return { outcome: 'notDue', reason: 'the lead is gone' };
    case 'busy': return { outcome: 'notReached', reason: 'the ledger was busy' };
    case 'booked': return await writeFallback(visit, target, { outcome: 'booked', reason: 'the lead has booked' });
    case 'unusable': return await writeFallback(visit, target, { outcome: 'unusable', reason: offer.reason });
    case 'none': return await writeFallback(visit, target, { outcome: 'noSlots', reason: offer.reason });
    case 'existing': if (offer.standing === 'unconfirmed') return await writeFallback(visit, target, { outcome: 'unusable', reason: 'its times cannot be confirmed' });
  }
  await visit.context.onStep?.('prepared', found.lead.email);
  const slots = offer.offers.filter(({ state }) => state === 'prepared').map(({ startMs }) => startMs);
  if (slots.length === 0) return { outcome: 'notDue', reason: 'its offer was sent already' };
  const said = { content: 'times' as const, sentence: visit.voice.say(slots, offer.context.leadZone).text, slots };
  return await put(visit, target, leadId, said, why, { outcome: 'updated', ...(why === null ? {} : { reason: why }) });
}

/** The offer of this send: made now, found from a run that did not end, or made in place of the recorded one. */
async function offerFor(visit: Visit, { record, found, row }: Target, leadId: string, sendAtMs: number, why: string | null): Promise<OfferOutcome> {
  const { context: { cache, now }, workspace } = visit;
  const request: OfferRequest = {
    ...sendOf(leadId, found.campaignId), workspaceId: workspace.workspaceId, count: visit.voice.count, sendAtMs,
    minNoticeMinutes: workspace.noticeMinutes, maxAgeMs: cache.settings.maxAgeMs, ...(now === undefined ? {} : { nowMs: visit.now() }),
  };
  const offer = await prepareOffer(cache.db, request);
  if (offer.kind !== 'existing') return offer;
  const prepared = offer.offers.filter(({ state }) => state === 'prepared').map(({ startMs }) => startMs);
  const isRecorded = record?.content === 'times' && prepared.length === record.slots.length && prepared.every((slot) => record.slots.includes(slot));
  const keepFromMs = row ? sendAtMs : sendAtMs - KEEP_LENIENCE_MS;
  const isTooSoon = prepared.some((slot) => slot < keepFromMs + workspace.noticeMinutes * 60_000);
  // Not the recorded one: a run replaced that and ended before it was recorded. Replacing again would be a second offer.
  if (!isRecorded && offer.standing === 'open' && !isTooSoon) return offer;
  return offer.standing === 'unconfirmed' ? offer : await replaceOffer(cache.db, { ...request, reason: why ?? 'a time in it is taken' });
}

/** The sentence without times; the offer, if there is one, ends with it. */
export async function writeFallback(visit: Visit, target: Target, { outcome, reason }: { outcome: 'noSlots' | 'unusable' | 'booked'; reason: string }): Promise<LeadResult> {
  const { record } = target;
  const { fallback: sentence } = visit.voice;
  // It stands already: what was tried was to say more.
  if (record?.content === 'fallback' && record.sentence === sentence && record.state !== 'ended' && record.state !== 'failed') {
    if (record.state !== 'writing') return { outcome: 'fallback', reason };
  }
  if (visit.isDryRun) return { outcome, reason };
  const leadId = await known(visit, target);
  if (leadId === null) return { outcome: 'notDue', reason: 'the workspace is gone' };
  return await put(visit, target, leadId, { content: 'fallback', sentence, slots: [] }, reason, { outcome, reason });
}

/** The recorded sentence once more. */
export async function rewrite(visit: Visit, target: Target, record: TouchRecord): Promise<LeadResult> {
  if (visit.isDryRun) return { outcome: 'rewritten' };
  // Set before the run that set it ended: only the last step is missing.
  if (record.state === 'writing' && target.found.variable === record.sentence && finderOf(target) === record.finder) {
    await changeRecord(visit.context.cache.db, record, { state: 'written', writtenAt: visit.now() });
    return { outcome: 'rewritten' };
  }
  await changeRecord(visit.context.cache.db, record, { state: 'writing', finder: finderOf(target), row: target.row });
  return await patch(visit, target, record, { outcome: 'rewritten' });
}

async function known({ context, workspace }: Visit, { found: { lead } }: Target): Promise<string | null> {
  return await knownLead(context.cache.db, workspace.workspaceId, { id: lead.id, email: lead.email, firstName: lead.first_name ?? null, lastName: lead.last_name ?? null });
}

async function put(visit: Visit, target: Target, leadId: string, said: Said, reason: string | null, result: LeadResult): Promise<LeadResult> {
  const { found, record, row } = target;
  const key = { leadId, campaignId: found.campaignId };
  const isRecorded = await recordIntent(visit.context.cache.db, {
    ...said, ...key, workspaceId: visit.workspace.workspaceId, emailBisonLeadId: found.lead.id, finder: finderOf(target),
    scheduledEmailId: row?.id ?? null, scheduledAt: row?.scheduledAt ?? null, reason, before: record,
  }, visit.now());
  if (!isRecorded) return { outcome: 'notDue', reason: 'the lead is gone' };
  await visit.context.onStep?.('recorded', found.lead.email);
  return await patch(visit, target, { ...said, ...key }, result.outcome === 'updated' ? counted(record, 'updated', reason) : result);
}

/** Other times in place of times are `replaced`. */
function counted(record: TouchRecord | undefined, outcome: Outcome, reason: string | null): LeadResult {
  const isReplaced = record?.content === 'times' && record.state !== 'ended' && reason !== null;
  return { outcome: isReplaced ? 'replaced' : outcome, ...(reason === null ? {} : { reason }) };
}

/** Sets the one variable, and makes sure of it by the answer. */
async function patch(visit: Visit, { found }: Target, said: Pick<TouchRecord, 'leadId' | 'campaignId' | 'sentence'>, result: LeadResult): Promise<LeadResult> {
  const { context: { cache: { db }, onStep }, bison } = visit;
  try {
    const name = await visit.variableName();
    const lead = await bison.setVariable(found.lead.id, name, said.sentence);
    await onStep?.('patched', found.lead.email);
    if (variableOf(lead, name) !== said.sentence) return await refuse(visit, said, 'not_stored');
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    // Whether it was set is not known, or the run has no time to ask again: the next run writes the same.
    if (ERROR_KINDS[error.kind].retry === 'soon') return { outcome: 'unknown', reason: error.kind };
    const refused = await refuse(visit, said, error.kind);
    if (error.kind === 'unauthorized' || error.kind === 'blocked_address') throw new WorkspaceRefusedError(error, refused);
    return refused;
  }
  await changeRecord(db, said, { state: 'written', writtenAt: visit.now() });
  await onStep?.('written', found.lead.email);
  return result;
}

/** The token or the host is no good: no other lead of the workspace will fare better. */
export class WorkspaceRefusedError extends Error {
  constructor(readonly failure: ProviderError, readonly result: LeadResult) {
    super(failure.message, { cause: failure });
    this.name = 'WorkspaceRefusedError';
  }
}

async function refuse(visit: Visit, said: Pick<TouchRecord, 'leadId' | 'campaignId'>, reason: string): Promise<LeadResult> {
  const { db } = visit.context.cache;
  await markFailed(db, sendOf(said.leadId, said.campaignId), reason);
  await changeRecord(db, said, { state: 'failed', reason, checkedAt: visit.now() });
  return { outcome: 'failed', reason };
}
