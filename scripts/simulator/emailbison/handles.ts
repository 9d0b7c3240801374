import { shownText } from './render';
import type { CampaignStatus, EmailStatus, MemberStatus } from './spec';
import type { ScheduledEmail, Workspace } from './state';

/** What tests and the control port are told about workspaces, leads and emails. */

export interface WorkspaceHandle {
  id: string;
  number: number;
  name: string;
  instance: string;
  /** What goes into the workspace's credential. */
  baseUrl: string;
  token: string;
  superAdminToken: string;
  senderIds: number[];
  customVariables: string[];
  campaigns: CampaignHandle[];
}

export interface CampaignHandle {
  id: number;
  name: string;
  status: CampaignStatus;
  stepIds: number[];
  leads: number;
  waiting: number;
}

export interface LeadState {
  id: number;
  email: string;
  variables: Record<string, string>;
  campaigns: { campaignId: number; status: MemberStatus; emailsSent: number; replies: number }[];
}

export interface EmailState {
  id: number;
  campaignId: number;
  leadId: number;
  status: EmailStatus;
  subject: string;
  body: string;
  scheduledAtMs: number;
  sentAtMs: number | null;
}

/** What to list; all that are given must hold. */
export interface Selection {
  workspace?: string | undefined;
  campaign?: number | undefined;
  lead?: number | undefined;
}

export function isSelected(item: { workspaceId?: string | null; campaignId?: number; leadId: number | null }, wanted: Selection): boolean {
  if (wanted.workspace !== undefined && item.workspaceId !== undefined && item.workspaceId !== wanted.workspace) return false;
  if (wanted.campaign !== undefined && item.campaignId !== wanted.campaign) return false;
  return wanted.lead === undefined || item.leadId === wanted.lead;
}

export function emailState(email: ScheduledEmail): EmailState {
  const { subject, body } = shownText(email);
  return {
    id: email.id,
    campaignId: email.campaign.id,
    leadId: email.lead.id,
    status: email.status,
    subject,
    body,
    scheduledAtMs: email.scheduledMs,
    sentAtMs: email.sentMs,
  };
}

export function workspaceHandle(workspace: Workspace): WorkspaceHandle {
  return {
    id: workspace.id,
    number: workspace.number,
    name: workspace.name,
    instance: workspace.instance.name,
    baseUrl: workspace.instance.baseUrl,
    token: workspace.token,
    superAdminToken: workspace.instance.superAdminToken,
    senderIds: [...workspace.senders.keys()],
    customVariables: [...workspace.variables.values()].map(({ name }) => name),
    campaigns: [...workspace.campaigns.values()].map(({ id, name, status, steps, members, queue }) => ({
      id, name, status, stepIds: steps.map((step) => step.id), leads: members.length, waiting: queue.length,
    })),
  };
}
