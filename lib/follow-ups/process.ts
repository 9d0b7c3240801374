/** One claimed follow-up, from its claim to its result. */
import type { Db } from '../db';
import type { ApiClient } from '../providers/types';
import { formatSlots } from '../slots/format';
import { markFailed, markSent, prepareOffer, replaceOffer, type OfferOutcome, type OfferRequest } from '../slots/offers';
import { optionCountOf } from '../slots/template';
import { finishClaim, recordIntent, type ClaimedFollowUp, type FollowUpChange } from './claims';
import { afterNoTimes, afterRefusal, sendingTime } from './decide';
import { CHANNELS, deliver, isChannel, type ChannelName, type DeliveryResult, type Destination } from './deliver';
import type { FollowUpWorkspace } from './workspaces';

/** Every way that a claimed follow-up can go; the run counts them, and they add up. */
export type FollowUpOutcome = 'sent' | 'moved' | 'deferred' | 'expired' | 'cancelled' | 'retrying' | 'failed' | 'unknown' | 'lost';

export interface ProcessContext {
  db: Db;
  http: ApiClient;
  maxAgeMs: number;
  deliveryTimeoutMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Tests stop a process here; nothing else does. */
  at?: (step: 'claimed' | 'prepared' | 'intended' | 'delivered' | 'marked') => Promise<void>;
}

/** What is written of it, and what it is counted as. */
interface Ending {
  outcome: FollowUpOutcome;
  change: FollowUpChange;
}

export async function processFollowUp(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace | null): Promise<FollowUpOutcome> {
  await context.at?.('claimed');
  const ending = await endingOf(context, row, workspace);
  if (ending === 'lost') return 'lost';
  return (await finishClaim(context.db, row, ending.change)) ? ending.outcome : 'lost';
}

async function endingOf(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace | null): Promise<Ending | 'lost'> {
  const { now } = row;
  if (!isChannel(row.channel)) return failed(`There is no channel ${JSON.stringify(row.channel)}.`);
  if (!workspace) return failed('The workspace has no settings.');
  if (row.intendedAt !== null) return await afterBrokenSend(context, row, row.channel, workspace);
  if (workspace.problem !== null) return await withoutTimes(context, row, workspace.problem);

  const time = sendingTime(workspace, now);
  if (time.kind === 'never') return failed('The workspace is never open: its working hours and weekends leave no time.');
  if (time.kind === 'moved') return { outcome: 'moved', change: { state: 'pending', nextAttemptAt: time.to, reason: time.reason } };

  let destination: Destination;
  try {
    destination = workspace.destinationOf(row.channel);
  } catch (error) {
    return refusedEnding(row, { kind: 'refused', isFinal: false, message: error instanceof Error ? error.message : 'no destination', retryAfterMs: undefined }, context);
  }
  const offer = await offerOf(context, row, workspace);
  switch (offer.kind) {
    case 'busy': return { outcome: 'retrying', change: { state: 'pending', nextAttemptAt: now + BUSY_WAIT_MS } };
    case 'gone': return 'lost';
    case 'booked': return { outcome: 'cancelled', change: { state: 'cancelled', reason: 'the lead has a booking' } };
    case 'none':
    case 'unusable': return await withoutTimes(context, row, offer.reason);
    case 'existing':
      if (offer.standing !== 'open') return await withoutTimes(context, row, 'The times that were chosen are not open any more.');
  }
  await context.at?.('prepared');

  const { text } = formatSlots(offer.offers.map(({ startMs }) => startMs), {
    leadZone: offer.context.leadZone, workspaceZone: offer.context.workspaceZone, template: row.template, bookingLink: offer.context.bookingLink ?? '',
  });
  // Cancelled, or taken over, between claim and now: then it must not go out.
  if (!(await recordIntent(context.db, row, text))) return 'lost';
  await context.at?.('intended');
  return await send(context, row, row.channel, destination, text);
}

/** A writer that holds the workspace's offers is done in moments. */
const BUSY_WAIT_MS = 20_000;

async function offerOf(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace): Promise<OfferOutcome> {
  const request: OfferRequest = {
    workspaceId: row.workspaceId, leadId: row.leadId, channel: 'follow-up', sendKey: row.id, sendAtMs: row.now,
    count: optionCountOf(row.template, workspace.offerCount), minNoticeMinutes: workspace.minNoticeMinutes, maxAgeMs: context.maxAgeMs,
  };
  const offer = await prepareOffer(context.db, request);
  if (offer.kind !== 'existing' || offer.standing !== 'taken') return offer;
  return await replaceOffer(context.db, { ...request, reason: 'a time was taken before the follow-up went out' });
}

async function send(context: ProcessContext, row: ClaimedFollowUp, channel: ChannelName, destination: Destination, message: string): Promise<Ending> {
  const { followUpId, ...delivery } = { followUpId: row.id, workspaceId: row.workspaceId, leadEmail: row.leadEmail, leadName: row.leadName, message, thread: row.thread };
  const result = await deliver(channel, { followUpId, ...delivery }, destination, context.http, context.deliveryTimeoutMs);
  await context.at?.('delivered');
  switch (result.kind) {
    case 'delivered':
      // Before the claim ends: a crash in between leaves a row that may have been sent, and offers that were.
      await markSent(context.db, sendOf(row));
      await context.at?.('marked');
      return { outcome: 'sent', change: { state: 'sent', attempts: row.attempts + 1, deferredSince: null, reason: null, lastError: null, keepsIntent: true } };
    case 'refused': {
      const ending = refusedEnding(row, result, context);
      if (ending.outcome === 'failed') await markFailed(context.db, sendOf(row), result.message);
      return ending;
    }
    case 'unclear':
      return unclearEnding(row, channel, result.message, context);
  }
}

/** An earlier claim recorded its intent and never its result. */
async function afterBrokenSend(context: ProcessContext, row: ClaimedFollowUp, channel: ChannelName, workspace: FollowUpWorkspace): Promise<Ending> {
  if (!CHANNELS[channel].isIdempotent || row.renderedMessage === null) {
    return unclearEnding(row, channel, 'The process ended while it was being sent; it may have gone out. See the thread, then send or cancel it by hand.', context);
  }
  try {
    return await send(context, row, channel, workspace.destinationOf(channel), row.renderedMessage);
  } catch (error) {
    return unclearEnding(row, channel, error instanceof Error ? error.message : 'it could not be sent again', context);
  }
}

/** May have been sent: an email is never sent again by itself; a webhook is, with the same key. */
function unclearEnding(row: ClaimedFollowUp, channel: ChannelName, message: string, context: ProcessContext): Ending {
  if (!CHANNELS[channel].isIdempotent) return { outcome: 'unknown', change: { state: 'unknown', attempts: row.attempts + 1, lastError: message, keepsIntent: true } };
  const attempts = row.attempts + 1;
  const next = afterRefusal(attempts, undefined, row.now, context.random());
  if (next.kind === 'failed') return { outcome: 'unknown', change: { state: 'unknown', attempts, lastError: message, keepsIntent: true } };
  return { outcome: 'retrying', change: { state: 'pending', attempts, nextAttemptAt: next.at, lastError: message, keepsIntent: true } };
}

function refusedEnding(row: ClaimedFollowUp, result: Extract<DeliveryResult, { kind: 'refused' }>, context: ProcessContext): Ending {
  const attempts = row.attempts + 1;
  const next = result.isFinal ? { kind: 'failed' as const } : afterRefusal(attempts, result.retryAfterMs, row.now, context.random());
  if (next.kind === 'failed') return { outcome: 'failed', change: { state: 'failed', attempts, lastError: result.message } };
  return { outcome: 'retrying', change: { state: 'pending', attempts, nextAttemptAt: next.at, lastError: result.message } };
}

async function withoutTimes(context: ProcessContext, row: ClaimedFollowUp, reason: string): Promise<Ending> {
  const next = afterNoTimes(row.deferredSince, row.now, context.random());
  if (next.kind === 'deferred') return { outcome: 'deferred', change: { state: 'pending', nextAttemptAt: next.until, deferredSince: next.since, reason } };
  await markFailed(context.db, sendOf(row), 'the follow-up was given up');
  return { outcome: 'expired', change: { state: 'expired', reason: `No usable times for 24 hours: ${reason}` } };
}

function failed(lastError: string): Ending {
  return { outcome: 'failed', change: { state: 'failed', lastError } };
}

function sendOf(row: ClaimedFollowUp): { leadId: string; channel: string; sendKey: string } {
  return { leadId: row.leadId, channel: 'follow-up', sendKey: row.id };
}
