/** One claimed follow-up, from its claim to its result. No network call is made inside a transaction. */
import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { Db } from '../db';
import type { ApiClient } from '../providers/types';
import { formatSlots } from '../slots/format';
import { prepareOffer, previewOffer, replaceOffer, type OfferOutcome, type OfferRequest } from '../slots/offers';
import { optionCountOf } from '../slots/template';
import { attempt, UnusableDeliveryError, type Channel, type Outgoing } from './channel';
import { CHANNELS, isChannel, type ChannelName } from './channels';
import { recordIntent, type ClaimedFollowUp } from './claims';
import { sendingTime } from './decide';
import { afterFailure, failed, maySent, postponed, sent, unknown, withoutTimes, type Ending, type FollowUpOutcome } from './endings';
import { finishClaim, OFFER_CHANNEL } from './finish';
import type { FollowUpWorkspace } from './workspaces';

export type Step = 'claimed' | 'prepared' | 'asked' | 'intended' | 'delivered' | 'finished';

export interface ProcessContext {
  db: Db;
  http: ApiClient;
  maxAgeMs: number;
  claimMs: number;
  deliveryTimeoutMs: number;
  /** With less than this nothing is begun to be sent. */
  minSendMs: number;
  timeLeftMs: () => number;
  /** How long a receiver that is down, or said to wait, is left alone; 0: it is not. */
  holdMs: (receiver: string) => number;
  hold: (receiver: string, forMs: number) => void;
  /** Uniform in [0, 1). */
  random: () => number;
  /** A test's clock; default: the database's. */
  now?: (() => number) | undefined;
  /** Tests stop a process here; nothing else does. */
  at?: ((step: Step, row: ClaimedFollowUp) => Promise<void>) | undefined;
}

/** A writer that holds the workspace's offers is done in moments. */
const BUSY_WAIT_MS = 20_000;
/** A receiver that is down is asked again by the next run; the rows of others are not held up by waiting for it. */
const HOLD_MS = 30_000;

export async function processFollowUp(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace | null): Promise<FollowUpOutcome> {
  await context.at?.('claimed', row);
  const ending = await endingOf(context, row, workspace);
  if (ending === 'lost') return 'lost';
  const isWritten = await finishClaim(context.db, row, ending.change, { now: context.now });
  await context.at?.('finished', row);
  return isWritten ? ending.outcome : 'lost';
}

async function endingOf(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace | null): Promise<Ending | 'lost'> {
  const { now } = row;
  if (!isChannel(row.channel)) return failed(row, `There is no channel ${JSON.stringify(row.channel)}.`);
  const channel: Channel = CHANNELS[row.channel];
  if (maySent(row) && (!channel.isIdempotent || row.renderedMessage === null)) {
    return unknown(row, 'The process ended while it was being sent, so it may have gone out. Look at the thread, then say what you found.');
  }
  if (!workspace) return failed(row, 'The workspace has no settings.');
  if (!workspace.isEnabled) return postponed(row, 'moved', undefined, 'follow-ups are switched off');
  if (workspace.problem !== null) return withoutTimes(row, workspace.problem, context.random());

  const time = sendingTime(workspace, now);
  if (time.kind === 'never') return failed(row, 'The workspace is never open: its working hours and weekends leave no time.');
  // Nobody looks for times in a pause, and after it the calendar has yet to be read: the wait for times begins anew.
  if (time.kind === 'moved') return postponed(row, 'moved', time.to, time.reason, time.reason !== 'paused');

  const outgoing = outgoingOf(context, row, row.channel, workspace);
  if ('outcome' in outgoing) return outgoing;
  const heldMs = context.holdMs(outgoing.receiver);
  if (heldMs > 0) return postponed(row, 'retrying', now + heldMs * (1 + context.random() / 2), 'its receiver did not answer, or asked to wait', true);

  const message = maySent(row) ? await messageAgain(context, row, workspace) : await messageOf(context, row, workspace);
  if (typeof message !== 'string') return message;
  await context.at?.('prepared', row);

  if (outgoing.ask) {
    const { ask } = outgoing;
    const answer = await attempt((signal) => ask(context.http, signal), ({ kind }) => ({ kind: 'refused', isFinal: kind === 'not_found' }), deliveryTimeoutOf(context));
    if (answer.kind !== 'delivered') return failedWith(context, row, outgoing, channel, { ...answer, kind: 'refused' });
    await context.at?.('asked', row);
  }
  if (context.timeLeftMs() < context.minSendMs) return postponed(row, 'abandoned', undefined, 'the run ended');
  // Cancelled, or taken over, between claim and now: then it must not go out.
  if (!(await recordIntent(context.db, row, message, context))) return 'lost';
  await context.at?.('intended', row);
  const result = await attempt((signal) => outgoing.send(message, context.http, signal), (error) => channel.resultOf(error), deliveryTimeoutOf(context));
  await context.at?.('delivered', row);
  return result.kind === 'delivered' ? sent(row) : failedWith(context, row, outgoing, channel, result);
}

function deliveryTimeoutOf({ deliveryTimeoutMs, timeLeftMs, minSendMs }: ProcessContext): number {
  return Math.max(minSendMs, Math.min(deliveryTimeoutMs, timeLeftMs()));
}

interface Failure {
  kind: 'refused' | 'unclear';
  isFinal?: boolean;
  message: string;
  retryAfterMs: number | undefined;
  isReceiverDown: boolean;
}

function failedWith(context: ProcessContext, row: ClaimedFollowUp, { receiver }: Outgoing, { isIdempotent }: Channel, failure: Failure): Ending {
  if (failure.isReceiverDown) context.hold(receiver, failure.retryAfterMs ?? HOLD_MS);
  return afterFailure(row, failure, isIdempotent, context.random());
}

function outgoingOf(context: ProcessContext, row: ClaimedFollowUp, name: ChannelName, workspace: FollowUpWorkspace): Outgoing | Ending {
  const { id, workspaceId, leadEmail, leadName, thread } = row;
  try {
    return CHANNELS[name].prepare({ followUpId: id, workspaceId, leadEmail, leadName, thread, destination: workspace.destinationOf(name) });
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it cannot be addressed';
    if (error instanceof UnusableDeliveryError) return failed(row, message);
    // A missing credential may be entered yet.
    return afterFailure(row, { kind: 'refused', message }, CHANNELS[name].isIdempotent, context.random());
  }
}

function requestOf(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace): OfferRequest {
  return {
    workspaceId: row.workspaceId, leadId: row.leadId, channel: OFFER_CHANNEL, sendKey: row.id, sendAtMs: row.now,
    count: optionCountOf(row.template, workspace.offerCount), minNoticeMinutes: workspace.minNoticeMinutes, maxAgeMs: context.maxAgeMs,
    ...(context.now ? { nowMs: context.now() } : {}),
  };
}

const BOOKED = 'the lead has a booking';

/** The message with times that are open now, which are written to the ledger; or how the follow-up ends without one. */
async function messageOf(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace): Promise<string | Ending> {
  const request = requestOf(context, row, workspace);
  let offer: OfferOutcome = await prepareOffer(context.db, request);
  if (offer.kind === 'existing') {
    // Chosen by a try that was not sent, perhaps hours ago.
    const earliestMs = row.now + workspace.minNoticeMinutes * MINUTE_MS;
    const why = offer.standing === 'taken' ? 'a time was taken' : offer.standing === 'open' && offer.offers.some(({ startMs }) => startMs < earliestMs) ? 'a time came too near' : null;
    if (why !== null) offer = await replaceOffer(context.db, { ...request, reason: `${why} before the follow-up went out` });
  }
  switch (offer.kind) {
    case 'busy': return postponed(row, 'retrying', row.now + BUSY_WAIT_MS, 'the workspace is busy', true);
    case 'gone': return failed(row, 'The workspace or the lead is not there any more.');
    case 'booked': return { outcome: 'cancelled', change: { state: 'cancelled', offers: 'failed', reason: BOOKED } };
    case 'none':
    case 'unusable': return withoutTimes(row, offer.reason, context.random());
    case 'existing':
      if (offer.standing !== 'open') return withoutTimes(row, 'The calendar cannot confirm the times that were chosen.', context.random());
  }
  const { leadZone, workspaceZone, locale, bookingLink } = offer.context;
  return formatSlots(offer.offers.map(({ startMs }) => startMs), { leadZone, workspaceZone, locale, template: row.template, bookingLink: bookingLink ?? '' }).text;
}

/** The same message for the same key, as long as its times are open; nothing is chosen anew, for the lead may have seen it. */
async function messageAgain(context: ProcessContext, row: ClaimedFollowUp, workspace: FollowUpWorkspace): Promise<string | Ending> {
  const offer = await previewOffer(context.db, requestOf(context, row, workspace));
  if (offer.kind === 'booked') return { outcome: 'cancelled', change: { state: 'cancelled', offers: 'expired', reason: BOOKED, keepsIntent: true } };
  if (offer.kind === 'existing' && offer.standing === 'open') return row.renderedMessage ?? '';
  if (offer.kind === 'existing' && offer.standing === 'unconfirmed') return withoutTimes(row, 'The calendar cannot confirm the times that were chosen.', context.random());
  return unknown(row, 'It may have been sent. Its times are not open any more, so it is not sent again.');
}
