import type { Random } from '../random';
import type { CampaignStatus, EmailStatus, MemberStatus, Settings } from './spec';

/** What the simulated EmailBison remembers. */

export interface Instance {
  name: string;
  /** Where it listens, without a slash at the end. */
  baseUrl: string;
  settings: Settings;
  /** Acts in whatever workspace its user looks at. */
  superAdminToken: string;
  superAdminWorkspace?: Workspace;
}

export interface Workspace {
  id: string;
  number: number;
  name: string;
  token: string;
  tokenState: 'valid' | 'revoked' | 'forbidden';
  instance: Instance;
  senders: Map<number, Sender>;
  /** By lower-case name: EmailBison compares names so. */
  variables: Map<string, CustomVariable>;
  campaigns: Map<number, Campaign>;
  leads: Map<number, Lead>;
  leadsByEmail: Map<string, Lead>;
  emails: Map<number, ScheduledEmail>;
  replies: Map<number, Reply>;
  webhooks: Map<number, Webhook>;
}

export interface Sender {
  id: number;
  name: string;
  email: string;
  dailyLimit: number;
  status: string;
  /** Emails of a local day (of the campaign that sends them), sent or waiting. */
  usedByDay: Map<number, number>;
}

export interface CustomVariable {
  id: number;
  name: string;
  createdAtMs: number;
}

export interface Lead {
  id: number;
  uuid: string | undefined;
  email: string;
  firstName: string;
  lastName: string;
  company: string | null;
  title: string | null;
  notes: string | null;
  status: string;
  /** By lower-case name. */
  variables: Map<string, { name: string; value: string }>;
  members: Member[];
  emails: ScheduledEmail[];
  createdAtMs: number;
  updatedAtMs: number;
}

/** A lead in a campaign. */
export interface Member {
  lead: Lead;
  campaign: Campaign;
  status: MemberStatus;
  emailsSent: number;
  replies: number;
  nextStep: number;
  /** The local day from which the next step may go out. */
  dueDay: number;
  /** Its emails all come from one inbox. */
  sender: Sender | undefined;
  /** Scheduled or paused, not sent. */
  waiting: ScheduledEmail | undefined;
}

export interface Step {
  id: number;
  subject: string;
  body: string;
  waitInDays: number;
  threadReply: boolean;
}

export interface Campaign {
  id: number;
  uuid: string | undefined;
  name: string;
  workspace: Workspace;
  status: CampaignStatus;
  zone: string;
  /** By weekday, Sunday first. */
  sendsOn: readonly boolean[];
  windowMinutes: readonly [number, number];
  maxEmailsPerDay: number;
  maxNewLeadsPerDay: number;
  senders: Sender[];
  steps: Step[];
  members: Member[];
  membersByLead: Map<number, Member>;
  /** The order in which the list of leads shows them. */
  listing: Member[];
  emails: ScheduledEmail[];
  /** Status `scheduled`, latest first. */
  queue: ScheduledEmail[];
  usedByDay: Map<number, { emails: number; newLeads: number }>;
  /** The next end of a sending day. */
  nextFillMs: number;
  /** Leads that wait to be taken in. */
  arrivals: { atMs: number; leads: Lead[] }[];
  fills: number;
  emailsSent: number;
  createdAtMs: number;
  drift: Random;
}

export interface ScheduledEmail {
  id: number;
  campaign: Campaign;
  lead: Lead;
  /** Unknown for rows that a test made up. */
  step: Step | undefined;
  stepIndex: number;
  sender: Sender | undefined;
  subject: string;
  body: string;
  status: EmailStatus;
  scheduledMs: number;
  /** The local day whose volume it counts to. */
  day: number;
  sentMs: number | null;
}

export interface Reply {
  id: number;
  uuid: string;
  lead: Lead | undefined;
  campaign: Campaign | undefined;
  email: ScheduledEmail | undefined;
  sender: Sender | undefined;
  subject: string;
  text: string;
  html: string;
  fromName: string;
  fromEmail: string;
  to: { name: string; address: string }[];
  receivedMs: number;
  isAutomated: boolean;
  isInterested: boolean;
  folder: 'Inbox' | 'Sent';
  type: string;
  parentId: number | null;
}

export interface Webhook {
  id: number;
  name: string;
  url: string;
  events: string[];
}
