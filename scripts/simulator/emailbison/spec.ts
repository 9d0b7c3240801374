import { z } from 'zod';
import { clockMinutes } from '../spec';
import { isZone } from '../zones';

/** What a simulated EmailBison instance, workspace, campaign and lead are. Tests and the control port speak this. */

export const CAMPAIGN_STATUSES = [
  'draft', 'launching', 'queued', 'active', 'paused', 'stopped', 'completed', 'failed', 'archived',
] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

export const EMAIL_STATUSES = [
  'scheduled', 'sending_paused', 'sent', 'failed', 'stopped', 'bounced', 'unsubscribed', 'replied', 'paused',
] as const;
export type EmailStatus = (typeof EMAIL_STATUSES)[number];

export const MEMBER_STATUSES = ['in_sequence', 'sequence_finished', 'sequence_stopped', 'replied', 'bounced', 'unsubscribed'] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

/** How one installation behaves. What the vendor does not document is a setting, so that a client can be tried against each answer. */
export const settingsSchema = z.strictObject({
  /** When variables are put into subject and body. */
  rendersAt: z.enum(['scheduling', 'sending']).default('scheduling'),
  /** What a waiting row shows where rendering happens at sending: rendered as of now, the template, or what scheduling saw. */
  queuedBody: z.enum(['live', 'template', 'asScheduled']).default('live'),
  /** Where rendering happens at scheduling: does a change of the lead render its waiting rows again? */
  patchRerenders: z.boolean().default(false),
  /** … but no longer this close to the send. */
  rerenderCutoffMinutes: z.number().min(0).default(0),
  /** A missing required field was seen answered with 500 instead of 422. */
  missingFieldStatus: z.union([z.literal(422), z.literal(500)]).default(422),
  honoursPerPage: z.boolean().default(false),
  /** Off: `links` lose the filters of the request. */
  linksKeepQuery: z.boolean().default(true),
  /** Links name this origin instead of the one that was asked. */
  linksOrigin: z.string().nullable().default(null),
  /** This many leads of a campaign move to the front of its list after each page. */
  leadDrift: z.number().int().min(0).default(0),
  /** Filters of lists do nothing. */
  ignoresFilters: z.boolean().default(false),
  picksLeads: z.enum(['inOrder', 'shuffled']).default('inOrder'),
  /** `mixed`: Active, active or ACTIVE, by id; and `sending paused` beside `sending_paused`. */
  statusCase: z.enum(['mixed', 'lower']).default('mixed'),
  allowsEmptyVariable: z.boolean().default(true),
  /** As Laravel does: errors are redirects and pages for callers that do not ask for JSON. */
  htmlWithoutAccept: z.boolean().default(false),
  /** From the scheduled instant to the send. */
  sendLagMs: z.number().int().min(0).default(0),
  /** Leads added to an active campaign are taken in after this time. */
  pickupMs: z.number().int().min(0).default(300_000),
  /** Replies are answered with 200 and `success: false`, this message, and are not sent. */
  refusesReplies: z.string().nullable().default(null),
});
export type SettingsSpec = z.input<typeof settingsSchema>;
export type Settings = z.output<typeof settingsSchema>;

const id = z.number().int().positive().optional();

export const leadSchema = z.strictObject({
  id,
  uuid: z.string().optional(),
  email: z.string().min(3),
  firstName: z.string().default('Lee'),
  lastName: z.string().default('Fox'),
  company: z.string().nullable().default(null),
  title: z.string().nullable().default(null),
  notes: z.string().nullable().default(null),
  status: z.string().default('unverified'),
  customVariables: z.record(z.string(), z.string()).default({}),
});
/** A list, or that many invented ones. */
export const leadsSchema = z.union([
  z.array(leadSchema),
  z.strictObject({ count: z.number().int().min(1).max(200_000), customVariables: z.record(z.string(), z.string()).default({}) }),
]);
export type LeadsSpec = z.input<typeof leadsSchema>;

const stepSchema = z.strictObject({
  id,
  subject: z.string().default('Quick one'),
  body: z.string().default('<p>Hi {FIRST_NAME}, {AVAILABILITY_SLOT}</p>'),
  /** Days after the step before. */
  waitInDays: z.number().int().min(0).default(3),
  threadReply: z.boolean().default(false),
});

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export const weekdayNames: readonly string[] = WEEKDAYS;

export const campaignSchema = z.strictObject({
  id,
  uuid: z.string().optional(),
  name: z.string().default('Q4'),
  /** `active` launches it with the leads given here. */
  status: z.string().transform((text) => text.toLowerCase()).pipe(z.enum(CAMPAIGN_STATUSES)).default('draft'),
  zone: z.string().refine(isZone, 'not an IANA time zone').default('UTC'),
  sendingDays: z.array(z.enum(WEEKDAYS)).default(['mon', 'tue', 'wed', 'thu', 'fri']),
  window: z.tuple([clockMinutes, clockMinutes]).default([9 * 60, 17 * 60]),
  maxEmailsPerDay: z.number().int().min(0).default(1000),
  maxNewLeadsPerDay: z.number().int().min(0).default(1000),
  /** Default: all of the workspace. */
  senderIds: z.array(z.number().int()).optional(),
  steps: z.array(stepSchema).min(1).default([stepSchema.parse({})]),
  leads: leadsSchema.optional(),
  /** Sent before the simulation begins; for statistics only. */
  emailsSent: z.number().int().min(0).default(0),
});
export type CampaignSpec = z.input<typeof campaignSchema>;

const senderSchema = z.strictObject({
  id,
  name: z.string().default('Sam'),
  email: z.string().default('sam@send.test'),
  dailyLimit: z.number().int().min(0).default(1000),
  status: z.string().default('Connected'),
});

export const workspaceSchema = z.strictObject({
  /** The tests' name for it; the vendor's own is `number`. */
  id: z.string().min(1).max(100),
  number: id,
  name: z.string().default('Acme'),
  /** Default: invented. */
  token: z.string().regex(/^\S+$/).optional(),
  tokenState: z.enum(['valid', 'revoked', 'forbidden']).default('valid'),
  instance: z.string().default('default'),
  senders: z.array(senderSchema).default([senderSchema.parse({})]),
  customVariables: z.array(z.string().min(1)).default([]),
  campaigns: z.array(campaignSchema).default([]),
});
export type WorkspaceSpec = z.input<typeof workspaceSchema>;
