import { type Answer, json } from '../http';
import { withCampaign } from './campaigns';
import { bisonError, Problems } from './errors';
import { withLead } from './leads';
import { type BisonRequest, compare, filterOf, idsOf, paged } from './request';
import type { ScheduledEmail } from './state';
import { emailJson, isEmailStatus, wireInstant, wireWallClock } from './wire';

/** Scheduled emails: of a campaign, of a lead, of the workspace, and one. */

export function listCampaignEmails(context: BisonRequest): Answer {
  return withCampaign(context, ({ emails }) => filtered(context, emails));
}

export function listLeadEmails(context: BisonRequest): Answer {
  return withLead(context, ({ emails }) => filtered(context, emails));
}

export function listEmails(context: BisonRequest): Answer {
  const { request, settings, workspace } = context;
  const ids = (name: string): Set<number> | undefined => (settings.ignoresFilters ? undefined : idsOf(request, name));
  const campaigns = ids('campaign_ids');
  const leads = ids('lead_ids');
  const senders = ids('sender_email_ids');
  const found = [...workspace.emails.values()].filter(
    ({ campaign, lead, sender }) =>
      (!campaigns || campaigns.has(campaign.id)) &&
      (!leads || leads.has(lead.id)) &&
      (!senders || (sender !== undefined && senders.has(sender.id))),
  );
  return filtered(context, found);
}

export function readEmail(context: BisonRequest): Answer {
  const email = context.workspace.emails.get(context.ids[0] ?? 0);
  return email ? json({ data: emailJson(email) }) : bisonError(404);
}

/** Dates are days: `scheduled_date` of the UTC instant, `scheduled_date_local` of the campaign's wall. */
function filtered(context: BisonRequest, emails: readonly ScheduledEmail[]): Answer {
  const status = filterOf(context, 'status');
  const utcDay = filterOf(context, 'scheduled_date');
  const localDay = filterOf(context, 'scheduled_date_local[value]', 'scheduled_date_local');
  const criteria = filterOf(context, 'scheduled_date_local[criteria]') ?? '=';
  const problems = new Problems();
  if (utcDay !== undefined && !isDate(utcDay)) problems.add('scheduled_date', 'The scheduled date field must be a valid date.');
  if (localDay !== undefined && !isDate(localDay)) {
    problems.add('scheduled_date_local', 'The scheduled date local field must be a valid date.');
  }
  const refusal = problems.answer(context.settings);
  if (refusal) return refusal;
  const found = emails.filter(
    (email) =>
      (status === undefined || isEmailStatus(email, status)) &&
      (utcDay === undefined || wireInstant(email.scheduledMs).startsWith(utcDay.slice(0, 10))) &&
      (localDay === undefined ||
        compare(wireWallClock(email.campaign.zone, email.scheduledMs).slice(0, 10), criteria, localDay.slice(0, 10))),
  );
  return paged(context, found, emailJson);
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text));
}
