import { idLike } from '../random';
import { offsetMs } from '../zones';
import { shownText } from './render';
import type { EmailStatus } from './spec';
import type { Campaign, CustomVariable, Lead, Member, Reply, ScheduledEmail, Sender, Webhook } from './state';

/** How things look on the wire. */

/** `2026-11-23T12:12:00.000000Z`. */
export function wireInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** `2026-11-23 07:12:00`: the wall clock of the campaign, without an offset. */
export function wireWallClock(zone: string, ms: number): string {
  return new Date(ms + offsetMs(zone, ms)).toISOString().slice(0, 19).replace('T', ' ');
}

function title(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function campaignStatus({ id, status, workspace }: Campaign): string {
  if (workspace.instance.settings.statusCase === 'lower') return status;
  return [title(status), status, status.toUpperCase()][id % 3] ?? status;
}

export function emailStatus({ id, status, campaign }: ScheduledEmail): string {
  if (campaign.workspace.instance.settings.statusCase === 'lower') return status;
  const text = id % 2 === 0 ? status.replaceAll('_', ' ') : status;
  return id % 5 === 4 ? title(text) : text;
}

export function normalStatus(text: string): string {
  return text.trim().toLowerCase().replaceAll(' ', '_');
}

export function isEmailStatus(email: { status: EmailStatus }, wanted: string): boolean {
  return email.status === normalStatus(wanted);
}

export function campaignJson(campaign: Campaign): Record<string, unknown> {
  return {
    id: campaign.id,
    uuid: campaign.uuid ?? idLike.uuid(`campaign ${campaign.id}`),
    name: campaign.name,
    type: 'outbound',
    status: campaignStatus(campaign),
    emails_sent: campaign.emailsSent,
    total_leads: campaign.members.length,
    max_emails_per_day: campaign.maxEmailsPerDay,
    max_new_leads_per_day: campaign.maxNewLeadsPerDay,
    created_at: wireInstant(campaign.createdAtMs),
    updated_at: wireInstant(campaign.createdAtMs),
  };
}

export function leadJson(lead: Lead): Record<string, unknown> {
  return {
    id: lead.id,
    uuid: lead.uuid ?? idLike.uuid(`lead ${lead.id}`),
    email: lead.email,
    first_name: lead.firstName,
    last_name: lead.lastName,
    company: lead.company,
    title: lead.title,
    notes: lead.notes,
    status: lead.status,
    custom_variables: [...lead.variables.values()].map(({ name, value }) => ({ name, value })),
    lead_campaign_data: lead.members.map(memberJson),
    overall_stats: {
      emails_sent: sum(lead.members, ({ emailsSent }) => emailsSent),
      opens: 0,
      replies: sum(lead.members, ({ replies }) => replies),
    },
    tags: [],
    created_at: wireInstant(lead.createdAtMs),
    updated_at: wireInstant(lead.updatedAtMs),
  };
}

function memberJson(member: Member): Record<string, unknown> {
  const isHeld = member.status === 'in_sequence' && member.campaign.status === 'paused';
  return {
    campaign_id: member.campaign.id,
    status: isHeld ? 'sending_paused' : member.status,
    emails_sent: member.emailsSent,
    replies: member.replies,
    opens: 0,
    interested: false,
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

export function senderJson({ id, name, email, dailyLimit, status }: Sender): Record<string, unknown> {
  return { id, name, email, daily_limit: dailyLimit, status };
}

export function emailJson(email: ScheduledEmail): Record<string, unknown> {
  const { campaign, lead, sender, step } = email;
  const { subject, body } = shownText(email);
  return {
    id: email.id,
    campaign_id: campaign.id,
    campaign: { id: campaign.id, name: campaign.name, status: campaignStatus(campaign) },
    lead: { id: lead.id, email: lead.email, first_name: lead.firstName, last_name: lead.lastName, status: lead.status },
    sender_email: sender ? senderJson(sender) : null,
    sequence_step_id: step?.id ?? null,
    email_subject: subject,
    email_body: body,
    status: emailStatus(email),
    scheduled_date: wireInstant(email.scheduledMs),
    scheduled_date_local: wireWallClock(campaign.zone, email.scheduledMs),
    sent_at: email.sentMs === null ? null : wireInstant(email.sentMs),
    raw_message_id: email.sentMs === null ? null : `<${email.id}@send.test>`,
    thread_reply: step?.threadReply ?? false,
    opens: 0,
    unique_opens: 0,
    clicks: 0,
    replies: 0,
    unique_replies: 0,
    interested: false,
  };
}

export function replyJson(reply: Reply): Record<string, unknown> {
  return {
    id: reply.id,
    uuid: reply.uuid,
    subject: reply.subject,
    from_name: reply.fromName,
    from_email_address: reply.fromEmail,
    primary_to_email_address: reply.to[0]?.address ?? null,
    to: reply.to,
    cc: [],
    bcc: [],
    html_body: reply.html,
    text_body: reply.text,
    date_received: wireInstant(reply.receivedMs),
    automated_reply: reply.isAutomated,
    interested: reply.isInterested,
    folder: reply.folder,
    type: reply.type,
    lead_id: reply.lead?.id ?? null,
    campaign_id: reply.campaign?.id ?? null,
    sender_email_id: reply.sender?.id ?? null,
    parent_id: reply.parentId,
    raw_message_id: `<reply-${reply.id}@send.test>`,
    attachments: [],
  };
}

export function variableJson({ id, name, createdAtMs }: CustomVariable): Record<string, unknown> {
  return { id, name, created_at: wireInstant(createdAtMs), updated_at: wireInstant(createdAtMs) };
}

export function webhookJson({ id, name, url, events }: Webhook): Record<string, unknown> {
  return { id, name, url, events };
}
