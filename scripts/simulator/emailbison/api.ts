import type { SentEmail } from './clock';
import {
  type CampaignHandle, type EmailState, emailState, isSelected, type LeadState, type Selection, type WorkspaceHandle, workspaceHandle,
} from './handles';
import { deliverReply, type IncomingSpec, receiveReply, type WebhookSpec } from './incoming';
import { addEmail, type MadeUpEmail, moveEmail } from './made-up';
import { pause } from './queue';
import type { CampaignSpec, CampaignStatus, EmailStatus, LeadsSpec, MemberStatus, Settings, SettingsSpec, WorkspaceSpec } from './spec';
import type { Workspace } from './state';
import type { Delivery } from './webhooks';
import { type AcceptedReply, DEFAULT_INSTANCE, type EmailBisonWorld, type ReceivedWrite } from './world';

export type { CampaignHandle, EmailState, LeadState, WorkspaceHandle } from './handles';

/** EmailBison as its own process sees it: for tests, and behind the control port. */

export type CampaignAction = 'launch' | 'resume' | 'pause' | CampaignStatus;

export class EmailBison {
  private readonly closing = new AbortController();

  constructor(private readonly world: EmailBisonWorld) {}

  settings(instance = DEFAULT_INSTANCE): Settings {
    return this.world.requireInstance(instance).settings;
  }

  /** Of the default instance, unless another is named. */
  updateSettings(patch: SettingsSpec, instance = DEFAULT_INSTANCE): Settings {
    this.world.updateSettings(instance, patch);
    return this.settings(instance);
  }

  addWorkspace(spec: WorkspaceSpec): WorkspaceHandle {
    return workspaceHandle(this.world.addWorkspace(spec));
  }

  workspace(id: string): WorkspaceHandle {
    this.world.settle();
    return workspaceHandle(this.world.requireWorkspace(id));
  }

  workspaces(): WorkspaceHandle[] {
    this.world.settle();
    return [...this.world.workspaces.values()].map(workspaceHandle);
  }

  removeWorkspace(id: string): boolean {
    return this.world.removeWorkspace(id);
  }

  setTokenState(workspaceId: string, state: Workspace['tokenState']): void {
    this.world.requireWorkspace(workspaceId).tokenState = state;
  }

  /** A person switches workspace in the vendor's pages; super-admin tokens follow. */
  switchSuperAdmin(workspaceId: string): void {
    const workspace = this.world.requireWorkspace(workspaceId);
    workspace.instance.superAdminWorkspace = workspace;
  }

  addCampaign(workspaceId: string, spec: CampaignSpec): CampaignHandle {
    return this.campaign(workspaceId, this.world.addCampaign(workspaceId, spec).id);
  }

  campaign(workspaceId: string, campaignId: number): CampaignHandle {
    this.world.settle();
    const handle = workspaceHandle(this.world.requireWorkspace(workspaceId)).campaigns.find(({ id }) => id === campaignId);
    if (!handle) throw new Error(`No campaign ${campaignId} in ${workspaceId}`);
    return handle;
  }

  /** Returns their ids. */
  addLeads(workspaceId: string, leads: LeadsSpec, campaignId?: number): number[] {
    return this.world.addLeads(workspaceId, leads, campaignId).map(({ id }) => id);
  }

  /** Leads that exist already, into one more campaign. */
  attachLeads(workspaceId: string, campaignId: number, leadIds: readonly number[]): void {
    const leads = leadIds.map((leadId) => this.world.requireLead(workspaceId, leadId));
    this.world.attach(this.world.requireCampaign(workspaceId, campaignId), leads);
  }

  /** Where a lead stands in a campaign, for leads with a past. */
  setProgress(workspaceId: string, campaignId: number, leadId: number, progress: { status?: MemberStatus; emailsSent?: number; replies?: number }): void {
    this.world.settle();
    const member = this.world.requireCampaign(workspaceId, campaignId).membersByLead.get(leadId);
    if (!member) throw new Error(`Lead ${leadId} is not in campaign ${campaignId}`);
    Object.assign(member, progress, progress.emailsSent === undefined ? {} : { nextStep: progress.emailsSent });
    this.world.touch();
  }

  /** `launch` and `resume` fill the queue; any other status is only set. */
  setCampaign(workspaceId: string, campaignId: number, action: CampaignAction): CampaignHandle {
    this.world.settle();
    const campaign = this.world.requireCampaign(workspaceId, campaignId);
    if (action === 'launch' || action === 'resume' || action === 'active') this.world.launch(campaign);
    else {
      pause(campaign, action === 'pause' || action === 'paused' ? 'paused' : 'stopped');
      campaign.status = action === 'pause' ? 'paused' : action;
    }
    this.world.touch();
    return this.campaign(workspaceId, campaignId);
  }

  addEmail(spec: MadeUpEmail): EmailState {
    return emailState(addEmail(this.world, spec));
  }

  moveEmail(workspaceId: string, emailId: number, toMs: number): void {
    moveEmail(this.world, workspaceId, emailId, toMs);
  }

  lead(workspaceId: string, leadId: number): LeadState {
    this.world.settle();
    const { id, email, variables, members } = this.world.requireLead(workspaceId, leadId);
    return {
      id,
      email,
      variables: Object.fromEntries([...variables.values()].map(({ name, value }) => [name, value])),
      campaigns: members.map(({ campaign, status, emailsSent, replies }) => ({ campaignId: campaign.id, status, emailsSent, replies })),
    };
  }

  /** Every row of a workspace's queue, by id: waiting, sent and stopped. */
  emails(selection: Selection & { workspace: string; status?: EmailStatus | undefined }): EmailState[] {
    this.world.settle();
    return [...this.world.requireWorkspace(selection.workspace).emails.values()]
      .map(emailState)
      .filter((email) => isSelected(email, selection) && (selection.status === undefined || email.status === selection.status));
  }

  /** What went out, in order, with its text: the truth of every test about offers. */
  sent(selection: Selection = {}): SentEmail[] {
    this.world.settle();
    return this.world.log.sent.filter((email) => isSelected(email, selection));
  }

  acceptedReplies(selection: Selection = {}): AcceptedReply[] {
    return this.world.log.accepted.filter((reply) => isSelected(reply, selection));
  }

  writes(selection: Selection = {}): ReceivedWrite[] {
    return this.world.log.writes.filter((write) => isSelected(write, selection));
  }

  /** Forgets what was sent and received; workspaces and queues stay. */
  clearLogs(): void {
    this.world.settle();
    for (const list of Object.values(this.world.log)) list.length = 0;
  }

  /** A lead writes; resolves when every webhook was delivered or failed. */
  async receiveReply(spec: IncomingSpec): Promise<{ replyId: number; deliveries: Delivery[] }> {
    const { id } = receiveReply(this.world, spec);
    return { replyId: id, deliveries: spec.webhook === false ? [] : await this.deliverReply(spec.workspace, id, spec.webhook) };
  }

  deliverReply(workspaceId: string, replyId: number, webhook: WebhookSpec = {}): Promise<Delivery[]> {
    return deliverReply(this.world, workspaceId, replyId, webhook, this.closing.signal);
  }

  /** Gives up deliveries that are under way. */
  close(): void {
    this.closing.abort();
  }
}
