import { hashText, mix, unit } from '../random';
import { renderStep } from './render';
import type { Campaign, Member, ScheduledEmail, Sender } from './state';
import { nextWindow, type SendingWindow } from './window';

/** The queue of a campaign: filled at launch and resume, and at the end of each sending day for the next. */

const SECOND_MS = 1000;

export interface QueueContext {
  seed: number;
  nextEmailId(): number;
}

export function launch(context: QueueContext, campaign: Campaign, nowMs: number): void {
  campaign.status = 'active';
  fill(context, campaign, nowMs);
}

/** What waits is kept, with its id, until the campaign is resumed; its time then changes. */
export function pause(campaign: Campaign, status: 'paused' | 'stopped' = 'paused'): void {
  campaign.status = status;
  campaign.nextFillMs = Infinity;
  for (const email of campaign.queue) {
    email.status = status === 'paused' ? 'sending_paused' : 'stopped';
    release(email);
  }
  campaign.queue = [];
}

/** Nothing more is sent to this lead by this campaign. */
export function stopMember(member: Member, memberStatus: Member['status'], emailStatus: ScheduledEmail['status']): void {
  member.status = memberStatus;
  const { waiting } = member;
  if (!waiting) return;
  if (waiting.status === 'scheduled') release(waiting);
  waiting.status = emailStatus;
  member.waiting = undefined;
  member.campaign.queue = member.campaign.queue.filter((email) => email !== waiting);
}

export function sortQueue(campaign: Campaign): void {
  campaign.queue.sort((left, right) => right.scheduledMs - left.scheduledMs || right.id - left.id);
}

/** Fills the next sending day, or what is left of this one. */
export function fill(context: QueueContext, campaign: Campaign, nowMs: number): void {
  campaign.fills += 1;
  const isOver = campaign.members.length > 0 && campaign.arrivals.length === 0 &&
    campaign.members.every(({ status }) => status !== 'in_sequence');
  const window = isOver ? undefined : nextWindow(campaign, nowMs);
  if (isOver) campaign.status = 'completed';
  campaign.nextFillMs = window?.toMs ?? Infinity;
  if (!window) return;
  const used = usedOn(campaign, window.day);
  for (const member of candidates(context, campaign, window.day)) {
    if (used.emails >= campaign.maxEmailsPerDay) break;
    if (member.nextStep === 0 && used.newLeads >= campaign.maxNewLeadsPerDay) continue;
    const sender = senderFor(member, window.day);
    if (sender) schedule(context, member, sender, window, nowMs);
  }
  sortQueue(campaign);
}

/** Follow-ups come first, as the vendor does by default. */
function candidates({ seed }: QueueContext, campaign: Campaign, day: number): Member[] {
  const open = campaign.members.filter(
    (member) =>
      member.status === 'in_sequence' &&
      member.waiting?.status !== 'scheduled' &&
      member.nextStep < campaign.steps.length &&
      member.dueDay <= day,
  );
  const followUps = open.filter(({ nextStep }) => nextStep > 0);
  const newLeads = open.filter(({ nextStep }) => nextStep === 0);
  if (campaign.workspace.instance.settings.picksLeads === 'shuffled') {
    const rank = new Map(newLeads.map((member) => [member, mix(mix(seed, member.lead.id), day)]));
    newLeads.sort((left, right) => (rank.get(left) ?? 0) - (rank.get(right) ?? 0));
  }
  return [...followUps, ...newLeads];
}

function senderFor(member: Member, day: number): Sender | undefined {
  const left = (sender: Sender): number => sender.dailyLimit - (sender.usedByDay.get(day) ?? 0);
  if (member.sender) return left(member.sender) > 0 ? member.sender : undefined;
  let best: Sender | undefined;
  for (const sender of member.campaign.senders) {
    if (left(sender) > 0 && (!best || left(sender) > left(best))) best = sender;
  }
  return best;
}

function schedule(context: QueueContext, member: Member, sender: Sender, window: SendingWindow, nowMs: number): void {
  const { campaign, lead } = member;
  const step = campaign.steps[member.nextStep];
  if (!step) return;
  const scheduledMs = drawTime(context.seed, member, window, nowMs);
  const text = renderStep(step, lead);
  const resumed = member.waiting;
  const email: ScheduledEmail = resumed ?? {
    id: context.nextEmailId(), campaign, lead, step, stepIndex: member.nextStep, sender,
    ...text, status: 'scheduled', scheduledMs, day: window.day, sentMs: null,
  };
  if (resumed) Object.assign(resumed, text, { sender, status: 'scheduled', scheduledMs, day: window.day });
  else {
    campaign.emails.push(email);
    lead.emails.push(email);
    campaign.workspace.emails.set(email.id, email);
  }
  member.sender = sender;
  member.waiting = email;
  campaign.queue.push(email);
  countVolume(email, 1);
}

/** Whole seconds, spread over what is left of the window. */
function drawTime(seed: number, { campaign, lead, nextStep }: Member, window: SendingWindow, nowMs: number): number {
  const fromMs = Math.ceil(Math.max(window.fromMs, nowMs) / SECOND_MS) * SECOND_MS;
  const salt = mix(mix(mix(seed, hashText(campaign.workspace.id)), campaign.id), campaign.fills);
  const share = unit(mix(mix(salt, lead.id), nextStep));
  return fromMs + Math.floor((share * Math.max(0, window.toMs - fromMs)) / SECOND_MS) * SECOND_MS;
}

function usedOn(campaign: Campaign, day: number): { emails: number; newLeads: number } {
  let used = campaign.usedByDay.get(day);
  if (!used) {
    used = { emails: 0, newLeads: 0 };
    campaign.usedByDay.set(day, used);
  }
  return used;
}

function release(email: ScheduledEmail): void {
  countVolume(email, -1);
}

/** By local day, for the campaign's limits and the inbox's. */
export function countVolume({ campaign, day, sender, stepIndex }: ScheduledEmail, by: 1 | -1): void {
  const used = usedOn(campaign, day);
  used.emails += by;
  if (stepIndex === 0) used.newLeads += by;
  sender?.usedByDay.set(day, (sender.usedByDay.get(day) ?? 0) + by);
}
