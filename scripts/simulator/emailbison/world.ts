import { newCampaign, newLeads, newMember, newWorkspace } from './build';
import { type ClockContext, runUntil, type SentEmail } from './clock';
import { Ids } from './ids';
import { launch } from './queue';
import type { CampaignSpec, LeadsSpec, SettingsSpec, WorkspaceSpec } from './spec';
import { campaignSchema, leadsSchema, settingsSchema, workspaceSchema } from './spec';
import type { Campaign, Instance, Lead, Member, Workspace } from './state';

/** Every write that reached an endpoint, whatever it was answered. */
export interface ReceivedWrite {
  number: number;
  atMs: number;
  workspaceId: string | null;
  method: string;
  path: string;
  endpoint: string;
  leadId: number | null;
  /** As sent, for a write to a lead. */
  customVariables: { name: string; value: string }[];
  body: unknown;
  status: number;
}

/** A reply that EmailBison has promised to send; each acceptance is one email. */
export interface AcceptedReply {
  number: number;
  atMs: number;
  workspaceId: string;
  replyId: number;
  leadId: number | null;
  message: string;
  contentType: string;
  senderEmailId: number | null;
  to: { name: string; address: string }[];
  body: unknown;
}

export const DEFAULT_INSTANCE = 'default';

/** All instances and workspaces, and what went out and came in. */
export class EmailBisonWorld {
  readonly instances = new Map<string, Instance>();
  readonly workspaces = new Map<string, Workspace>();
  readonly ids = new Ids();
  readonly log = { sent: [] as SentEmail[], writes: [] as ReceivedWrite[], accepted: [] as AcceptedReply[] };
  private readonly byToken = new Map<string, Workspace>();
  private readonly byHost = new Map<string, Instance>();
  private readonly clockContext: ClockContext;
  private nextEventMs = -Infinity;

  constructor(
    readonly seed: number,
    private readonly clock: () => number,
    instances: Record<string, SettingsSpec> = {},
  ) {
    for (const [name, settings] of Object.entries({ [DEFAULT_INSTANCE]: {}, ...instances })) {
      this.instances.set(name, {
        name, baseUrl: '', settings: settingsSchema.parse(settings), superAdminToken: `${name}-super-admin`,
      });
    }
    this.clockContext = {
      seed,
      nextEmailId: () => this.ids.take('email'),
      campaigns: () => this.campaigns(),
      admit: (campaign, leads) => void this.admit(campaign, leads),
      recordSent: (email) => this.log.sent.push(email),
    };
  }

  /** Brings everything up to now. Whoever reads or changes anything calls this first. */
  settle(): number {
    const nowMs = this.clock();
    if (nowMs >= this.nextEventMs) this.nextEventMs = runUntil(this.clockContext, nowMs);
    return nowMs;
  }

  /** Something changed by hand: what happens next has to be looked up anew. */
  touch(): void {
    this.nextEventMs = -Infinity;
  }

  listensAt(name: string, origin: string): void {
    const instance = this.requireInstance(name);
    instance.baseUrl = origin;
    this.byHost.set(new URL(origin).host, instance);
  }

  instanceAt(host: string | undefined): Instance {
    return this.byHost.get(host ?? '') ?? this.requireInstance(DEFAULT_INSTANCE);
  }

  requireInstance(name: string): Instance {
    return required(this.instances.get(name), `EmailBison instance ${name}`);
  }

  updateSettings(name: string, patch: SettingsSpec): void {
    this.settle();
    const instance = this.requireInstance(name);
    instance.settings = settingsSchema.parse({ ...instance.settings, ...patch });
    this.touch();
  }

  withToken(token: string, instance: Instance): Workspace | undefined {
    return token === instance.superAdminToken ? instance.superAdminWorkspace : this.byToken.get(token);
  }

  requireWorkspace(id: string): Workspace {
    return required(this.workspaces.get(id), `EmailBison workspace ${id}`);
  }

  requireCampaign(workspaceId: string, id: number): Campaign {
    return required(this.requireWorkspace(workspaceId).campaigns.get(id), `campaign ${id} in ${workspaceId}`);
  }

  requireLead(workspaceId: string, id: number): Lead {
    return required(this.requireWorkspace(workspaceId).leads.get(id), `lead ${id} in ${workspaceId}`);
  }

  addWorkspace(input: WorkspaceSpec): Workspace {
    const spec = workspaceSchema.parse(input);
    const nowMs = this.settle();
    const workspace = newWorkspace(spec, this.requireInstance(spec.instance), this.ids, this.seed, nowMs);
    if (this.workspaces.has(workspace.id)) throw new Error(`EmailBison workspace ${workspace.id} exists already`);
    if (this.byToken.has(workspace.token)) throw new Error(`The token of ${workspace.id} is another workspace's`);
    this.workspaces.set(workspace.id, workspace);
    this.byToken.set(workspace.token, workspace);
    workspace.instance.superAdminWorkspace ??= workspace;
    for (const campaign of input.campaigns ?? []) this.addCampaign(workspace.id, campaign);
    return workspace;
  }

  removeWorkspace(id: string): boolean {
    const workspace = this.workspaces.get(id);
    if (!workspace) return false;
    this.settle();
    this.byToken.delete(workspace.token);
    if (workspace.instance.superAdminWorkspace === workspace) delete workspace.instance.superAdminWorkspace;
    this.touch();
    return this.workspaces.delete(id);
  }

  addCampaign(workspaceId: string, input: CampaignSpec): Campaign {
    const spec = campaignSchema.parse(input);
    const nowMs = this.settle();
    const campaign = newCampaign(spec, this.requireWorkspace(workspaceId), this.ids, this.seed, nowMs);
    campaign.workspace.campaigns.set(campaign.id, campaign);
    if (spec.leads) this.admit(campaign, newLeads(spec.leads, campaign.workspace, this.ids, nowMs));
    if (spec.status === 'active') launch(this.clockContext, campaign, nowMs);
    this.touch();
    return campaign;
  }

  /** Into an active campaign they come after the instance's `pickupMs`. */
  addLeads(workspaceId: string, input: LeadsSpec, campaignId?: number): Lead[] {
    const campaign = campaignId === undefined ? undefined : this.requireCampaign(workspaceId, campaignId);
    const leads = newLeads(leadsSchema.parse(input), this.requireWorkspace(workspaceId), this.ids, this.settle());
    if (campaign) this.attach(campaign, leads);
    return leads;
  }

  attach(campaign: Campaign, leads: readonly Lead[]): void {
    const atMs = this.settle() + campaign.workspace.instance.settings.pickupMs;
    if (campaign.status !== 'active' && campaign.status !== 'completed') this.admit(campaign, leads);
    else campaign.arrivals.push({ atMs, leads: [...leads] });
    this.touch();
  }

  admit(campaign: Campaign, leads: readonly Lead[]): Member[] {
    return leads.flatMap((lead) => (campaign.membersByLead.has(lead.id) ? [] : [newMember(campaign, lead)]));
  }

  launch(campaign: Campaign): void {
    launch(this.clockContext, campaign, this.settle());
    this.touch();
  }

  private *campaigns(): Generator<Campaign> {
    for (const workspace of this.workspaces.values()) yield* workspace.campaigns.values();
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`No ${what}`);
  return value;
}
