/** What EmailBison sends, as far as it is read. No field has a default; what is unknown passes. */
import { z } from 'zod';

const id = z.union([z.int().positive(), z.string().min(1)]).transform(String);
const count = z.int().nonnegative();
const text = z.string().nullish();

/** `sending_paused`, `Sending Paused` and `sending paused` are one status. */
const status = z.string().transform((value) => value.trim().toLowerCase().replace(/[\s_-]+/g, '_'));

/** Only with `Z`: the wall clocks that EmailBison sends too have no offset that can be trusted. */
const instant = z.iso.datetime().transform((value) => Date.parse(value));

export const campaignSchema = z.object({
  id,
  name: z.string(),
  status,
  /** Absent in some answers, null for "no maximum of its own". */
  max_new_leads_per_day: count.nullish(),
  max_emails_per_day: count.nullish(),
});

const variableSchema = z.object({ name: z.string(), value: z.string().nullable() });

export const leadSchema = z.object({
  id,
  email: z.string().min(3),
  first_name: text,
  last_name: text,
  custom_variables: z.array(variableSchema),
});

/** One entry a campaign the lead is in; the one in question is found by its id, never by its place. */
export const campaignLeadSchema = leadSchema.extend({
  lead_campaign_data: z.array(z.object({ campaign_id: id, status, emails_sent: count })),
});

export const scheduledEmailSchema = z
  .object({
    id,
    campaign_id: id,
    lead: z.object({ id }).optional(),
    lead_id: id.optional(),
    status,
    scheduled_date: instant.nullable(),
    email_body: text,
    sent_at: text,
  })
  .transform(({ lead, lead_id, ...row }, context) => {
    const leadId = lead?.id ?? lead_id;
    if (leadId === undefined) {
      context.addIssue({ code: 'custom', path: ['lead'], message: 'neither lead nor lead_id is there' });
      return z.NEVER;
    }
    if (row.status === SCHEDULED && row.scheduled_date === null) {
      context.addIssue({ code: 'custom', path: ['scheduled_date'], message: 'a scheduled email without its time' });
      return z.NEVER;
    }
    return { ...row, leadId };
  });

export const customVariableSchema = z.object({ id, name: z.string() });

export const pageOf = <T extends z.ZodType>(row: T) =>
  z.object({
    data: z.array(row),
    meta: z.object({ current_page: z.int().positive(), last_page: z.int().positive() }),
  });

/** An action's answer: status 200 alone does not say that it was done. */
const refusedSchema = z.object({ data: z.object({ success: z.literal(false), message: z.string().optional() }) });

export const doneOrRefused = <T extends z.ZodType>(data: T) => z.union([refusedSchema, z.object({ data })]);

/** The one status that an email still to be sent has; paused and stopped rows are not touched. */
export const SCHEDULED = 'scheduled';

export type CampaignRow = z.output<typeof campaignSchema>;
export type LeadRow = z.output<typeof leadSchema>;
export type CampaignLeadRow = z.output<typeof campaignLeadSchema>;
export type ScheduledEmailRow = z.output<typeof scheduledEmailSchema>;
