import { localDayOf } from '../zones';
import { fill, launch, type QueueContext } from './queue';
import { renderStep } from './render';
import type { Campaign, Lead, ScheduledEmail } from './state';

/**
 * What happens by itself as time passes: sends, the filling of queues, leads that are taken in. Nothing
 * runs on a timer. Whoever looks first has everything happen that is due, in order, each at its instant.
 */

export interface SentEmail {
  id: number;
  workspaceId: string;
  campaignId: number;
  leadId: number;
  email: string;
  /** 1 is the first touch. */
  step: number;
  senderEmailId: number | null;
  subject: string;
  body: string;
  scheduledAtMs: number;
  sentAtMs: number;
}

export interface ClockContext extends QueueContext {
  campaigns(): Iterable<Campaign>;
  admit(campaign: Campaign, leads: readonly Lead[], nowMs: number): void;
  recordSent(email: SentEmail): void;
}

export function nextEventMs(campaign: Campaign): number {
  const arrivalMs = campaign.arrivals[0]?.atMs ?? Infinity;
  if (campaign.status !== 'active') return arrivalMs;
  const next = campaign.queue.at(-1);
  const sendMs = next ? next.scheduledMs + lagOf(campaign) : Infinity;
  return Math.min(arrivalMs, sendMs, campaign.nextFillMs);
}

/** Returns the instant of the next event. */
export function runUntil(context: ClockContext, nowMs: number): number {
  for (;;) {
    let due: Campaign | undefined;
    let dueMs = Infinity;
    for (const campaign of context.campaigns()) {
      const eventMs = nextEventMs(campaign);
      if (eventMs < dueMs) {
        due = campaign;
        dueMs = eventMs;
      }
    }
    if (!due || dueMs > nowMs) return dueMs;
    happen(context, due, dueMs);
  }
}

function happen(context: ClockContext, campaign: Campaign, atMs: number): void {
  const arrival = campaign.arrivals[0];
  if (arrival && arrival.atMs <= atMs) {
    campaign.arrivals.shift();
    context.admit(campaign, arrival.leads, atMs);
    // New leads wake a campaign that had run out of them.
    if (campaign.status === 'completed') launch(context, campaign, atMs);
    return;
  }
  const next = campaign.queue.at(-1);
  if (next && next.scheduledMs + lagOf(campaign) <= atMs) {
    campaign.queue.pop();
    send(context, next, atMs);
  } else fill(context, campaign, atMs);
}

function send(context: ClockContext, email: ScheduledEmail, atMs: number): void {
  const { campaign, lead, step } = email;
  const { workspace } = campaign;
  if (step && workspace.instance.settings.rendersAt === 'sending') Object.assign(email, renderStep(step, lead));
  email.status = 'sent';
  email.sentMs = atMs;
  campaign.emailsSent += 1;
  const member = campaign.membersByLead.get(lead.id);
  if (member?.waiting === email) {
    member.waiting = undefined;
    member.emailsSent += 1;
    member.nextStep += 1;
    const following = campaign.steps[member.nextStep];
    if (following) member.dueDay = localDayOf(campaign.zone, atMs) + following.waitInDays;
    else member.status = 'sequence_finished';
  }
  context.recordSent({
    id: email.id,
    workspaceId: workspace.id,
    campaignId: campaign.id,
    leadId: lead.id,
    email: lead.email,
    step: email.stepIndex + 1,
    senderEmailId: email.sender?.id ?? null,
    subject: email.subject,
    body: email.body,
    scheduledAtMs: email.scheduledMs,
    sentAtMs: atMs,
  });
}

function lagOf({ workspace }: Campaign): number {
  return workspace.instance.settings.sendLagMs;
}
