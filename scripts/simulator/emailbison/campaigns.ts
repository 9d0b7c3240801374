import { type Answer, json } from '../http';
import { bisonError, Problems } from './errors';
import { pause, stopMember } from './queue';
import { type BisonRequest, compare, filterOf, paged } from './request';
import type { Campaign, Member } from './state';
import { campaignJson, leadJson, normalStatus, senderJson } from './wire';

/** /api/campaigns and what lies below, but for the scheduled emails. */

export function listCampaigns(context: BisonRequest): Answer {
  const search = filterOf(context, 'search')?.toLowerCase();
  const status = filterOf(context, 'status');
  const found = [...context.workspace.campaigns.values()].filter(
    (campaign) =>
      (search === undefined || campaign.name.toLowerCase().includes(search)) &&
      (status === undefined || campaign.status === normalStatus(status)),
  );
  return paged(context, found, campaignJson);
}

/** An id of another workspace does not exist here. */
export function withCampaign(context: BisonRequest, answer: (campaign: Campaign) => Answer): Answer {
  const campaign = context.workspace.campaigns.get(context.ids[0] ?? 0);
  return campaign ? answer(campaign) : bisonError(404);
}

export function readCampaign(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => json({ data: campaignJson(campaign) }));
}

export function pauseCampaign(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => {
    if (campaign.status !== 'active') return bisonError(400, 'Campaign cannot be paused.');
    pause(campaign);
    context.world.touch();
    return json({ data: campaignJson(campaign) });
  });
}

export function resumeCampaign(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => {
    if (campaign.status !== 'paused') return bisonError(400, 'Campaign cannot be resumed.');
    context.world.launch(campaign);
    return json({ data: campaignJson(campaign) });
  });
}

/** The list is not a snapshot: with `leadDrift`, leads move to its front between two pages. */
export function listCampaignLeads(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => {
    const status = filterOf(context, 'filters[lead_campaign_status]');
    const emailsSent = filterOf(context, 'filters[emails_sent][value]');
    const criteria = filterOf(context, 'filters[emails_sent][criteria]') ?? '=';
    const search = filterOf(context, 'search')?.toLowerCase();
    const found = campaign.listing.filter(
      (member) =>
        (status === undefined || hasStatus(member, normalStatus(status))) &&
        (emailsSent === undefined || compare(member.emailsSent, criteria, Number(emailsSent))) &&
        (search === undefined || member.lead.email.includes(search)),
    );
    const answer = paged(context, found, ({ lead }) => leadJson(lead));
    drift(campaign, context.settings.leadDrift);
    return answer;
  });
}

function hasStatus(member: Member, wanted: string): boolean {
  return wanted === 'never_contacted' ? member.emailsSent === 0 : member.status === wanted;
}

function drift({ listing, drift: random }: Campaign, count: number): void {
  for (let moved = 0; moved < count && listing.length > 1; moved += 1) {
    listing.unshift(...listing.splice(random.below(listing.length), 1));
  }
}

function leadIdsOf(context: BisonRequest): number[] | Answer {
  const { lead_ids: ids } = context.body;
  const problems = new Problems();
  if (!Array.isArray(ids) || ids.length === 0) problems.required('lead_ids');
  else if (!ids.every((id) => context.workspace.leads.has(Number(id)))) problems.add('lead_ids', 'The selected lead ids is invalid.');
  return problems.answer(context.settings) ?? (ids as unknown[]).map(Number);
}

export function attachLeads(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => {
    const ids = leadIdsOf(context);
    if (!Array.isArray(ids)) return ids;
    context.world.attach(campaign, ids.flatMap((id) => context.workspace.leads.get(id) ?? []));
    return json({ data: { success: true, message: 'Leads are being added to the campaign.' } });
  });
}

export function stopFutureEmails(context: BisonRequest): Answer {
  return withCampaign(context, (campaign) => {
    const ids = leadIdsOf(context);
    if (!Array.isArray(ids)) return ids;
    for (const id of ids) {
      const member = campaign.membersByLead.get(id);
      if (member) stopMember(member, 'sequence_stopped', 'stopped');
    }
    context.world.touch();
    return json({ data: { success: true, message: 'Future emails stopped.' } });
  });
}

export function readSchedule(context: BisonRequest): Answer {
  return withCampaign(context, ({ sendsOn, windowMinutes: [from, to], zone }) =>
    json({
      data: {
        ...Object.fromEntries(LONG_WEEKDAYS.map((name, day): [string, boolean] => [name, sendsOn[day] ?? false])),
        start_time: clockText(from),
        end_time: clockText(to),
        timezone: zone,
      },
    }),
  );
}

const LONG_WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

export function readSteps(context: BisonRequest): Answer {
  return withCampaign(context, ({ id, steps }) =>
    json({
      data: {
        sequence_id: id,
        sequence_steps: steps.map((step, index) => ({
          id: step.id,
          email_subject: step.subject,
          email_body: step.body,
          order: index + 1,
          wait_in_days: step.waitInDays,
          variant: false,
          thread_reply: step.threadReply,
        })),
      },
    }),
  );
}

export function listCampaignSenders(context: BisonRequest): Answer {
  return withCampaign(context, ({ senders }) => paged(context, senders, senderJson));
}

export function listSenders(context: BisonRequest): Answer {
  return paged(context, [...context.workspace.senders.values()], senderJson);
}
