import { z } from 'zod';
import { localDayOf } from '../zones';
import { countVolume, sortQueue } from './queue';
import { EMAIL_STATUSES } from './spec';
import type { ScheduledEmail } from './state';
import type { EmailBisonWorld } from './world';

/** Rows that a test places by hand: old campaigns, odd statuses, exact times. */
export const madeUpEmailSchema = z.strictObject({
  workspace: z.string(),
  campaign: z.number().int(),
  lead: z.number().int(),
  id: z.number().int().optional(),
  /** Which step of the sequence, from 1; unset: none, and the body stays as given. */
  step: z.number().int().min(1).optional(),
  subject: z.string().default('Quick one'),
  body: z.string().default(''),
  status: z.enum(EMAIL_STATUSES).default('scheduled'),
  scheduledAtMs: z.number().int(),
  sentAtMs: z.number().int().optional(),
});
export type MadeUpEmail = z.input<typeof madeUpEmailSchema>;

export function addEmail(world: EmailBisonWorld, input: MadeUpEmail): ScheduledEmail {
  const spec = madeUpEmailSchema.parse(input);
  world.settle();
  const campaign = world.requireCampaign(spec.workspace, spec.campaign);
  const lead = world.requireLead(spec.workspace, spec.lead);
  const member = campaign.membersByLead.get(lead.id);
  const email: ScheduledEmail = {
    id: world.ids.take('email', spec.id),
    campaign,
    lead,
    step: spec.step === undefined ? undefined : campaign.steps[spec.step - 1],
    stepIndex: (spec.step ?? 1) - 1,
    sender: member?.sender ?? campaign.senders[0],
    subject: spec.subject,
    body: spec.body,
    status: spec.status,
    scheduledMs: spec.scheduledAtMs,
    day: localDayOf(campaign.zone, spec.scheduledAtMs),
    sentMs: spec.sentAtMs ?? null,
  };
  campaign.emails.push(email);
  lead.emails.push(email);
  campaign.workspace.emails.set(email.id, email);
  if (email.status === 'scheduled') {
    if (member) member.waiting ??= email;
    countVolume(email, 1);
    campaign.queue.push(email);
    sortQueue(campaign);
  }
  world.touch();
  return email;
}

/** Times in the queue can change after a client has read them. */
export function moveEmail(world: EmailBisonWorld, workspaceId: string, emailId: number, toMs: number): void {
  world.settle();
  const email = world.requireWorkspace(workspaceId).emails.get(emailId);
  if (email?.sentMs !== null) throw new Error(`No waiting email ${emailId} in ${workspaceId}`);
  email.scheduledMs = toMs;
  sortQueue(email.campaign);
  world.touch();
}
