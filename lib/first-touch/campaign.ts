/** Reads one campaign from EmailBison and says of each lead what the decisions need. */
import { variableOf, type EmailBison } from '../providers/emailbison/client';
import { awaitsVariable, carriesSentence } from '../providers/emailbison/rendered';
import type { CampaignLeadRow, CampaignRow, ScheduledEmailRow } from '../providers/emailbison/schema';
import type { WaitingRow } from './decide';
import type { TouchRecord } from './types';

/** The variable that templates name `{AVAILABILITY_SLOT}`. */
export const VARIABLE = 'availability_slot';

/** Two are about to become active: what is written before their queue is filled is rendered with it. */
const ACTIVE: ReadonlySet<string> = new Set(['active', 'launching', 'queued']);
/** Nothing is sent to such a lead by this campaign any more. */
const OVER: ReadonlySet<string> = new Set(['sequence_stopped', 'sequence_finished', 'replied', 'bounced', 'unsubscribed']);
/** The vendor's own default where the campaign states no maximum. */
const DEFAULT_NEW_LEADS_A_DAY = 1_000;
const DAYS_AHEAD = 2;

export interface CampaignLead {
  lead: CampaignLeadRow;
  campaignId: string;
  /** The first email is still to come. */
  isFirstTouch: boolean;
  email: ScheduledEmailRow | undefined;
  variable: string | undefined;
  /** Among leads that are neither contacted nor scheduled; Infinity for the others. */
  place: number;
}

export interface CampaignReading {
  campaignId: string;
  volume: number;
  leads: CampaignLead[];
}

export function isActive({ status }: CampaignRow): boolean {
  return ACTIVE.has(status);
}

/** Leads that the campaign takes in within two days. */
export function volumeOf({ max_new_leads_per_day, max_emails_per_day }: CampaignRow): number {
  const limits = [max_new_leads_per_day, max_emails_per_day].filter((limit) => typeof limit === 'number');
  return DAYS_AHEAD * (limits.length === 0 ? DEFAULT_NEW_LEADS_A_DAY : Math.min(...limits));
}

/** Scheduled emails first: a lead that is scheduled or sent to in between is then seen so in the second list. */
export async function readCampaign(bison: EmailBison, campaign: CampaignRow): Promise<CampaignReading> {
  const scheduled = await bison.scheduledEmails(campaign.id);
  const leads = await bison.campaignLeads(campaign.id);
  const firstOf = new Map<string, ScheduledEmailRow>();
  for (const row of scheduled) {
    const known = firstOf.get(row.leadId);
    if (!known || (row.scheduled_date ?? Infinity) < (known.scheduled_date ?? Infinity)) firstOf.set(row.leadId, row);
  }
  let place = 0;
  return {
    campaignId: campaign.id,
    volume: volumeOf(campaign),
    leads: leads.flatMap((lead): CampaignLead[] => {
      const entry = lead.lead_campaign_data.find(({ campaign_id }) => campaign_id === campaign.id);
      if (!entry) return [];
      const isFirstTouch = entry.emails_sent === 0 && !OVER.has(entry.status);
      const email = isFirstTouch ? firstOf.get(lead.id) : undefined;
      return [{ lead, campaignId: campaign.id, isFirstTouch, email, variable: variableOf(lead, VARIABLE), place: isFirstTouch && !email ? place++ : Infinity }];
    }),
  };
}

/** What the body of a waiting email says, against what was written for its lead. */
export function waitingRowOf(email: ScheduledEmailRow | undefined, record: TouchRecord | undefined): WaitingRow | undefined {
  if (email?.scheduled_date == null) return undefined;
  const { email_body: body } = email;
  const row = { id: email.id, scheduledAt: email.scheduled_date, earlierIndex: -1 };
  if (body == null) return { ...row, shows: 'nothing' };
  if (awaitsVariable(body, VARIABLE)) return { ...row, shows: 'placeholder' };
  if (!record) return { ...row, shows: 'other' };
  if (carriesSentence(body, record.sentence)) return { ...row, shows: 'sentence' };
  const earlierIndex = record.earlier.findIndex(({ sentence }) => carriesSentence(body, sentence));
  return { ...row, shows: earlierIndex < 0 ? 'other' : 'earlier', earlierIndex };
}
