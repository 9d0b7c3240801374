import { createRandom, hashText, idLike, mix } from '../random';
import type { z } from 'zod';
import type { Ids } from './ids';
import type { campaignSchema, leadSchema, leadsSchema, workspaceSchema } from './spec';
import { weekdayNames } from './spec';
import type { Campaign, Instance, Lead, Member, Workspace } from './state';

/** From specs to state. */

export function newWorkspace(
  spec: z.output<typeof workspaceSchema>, instance: Instance, ids: Ids, seed: number, nowMs: number,
): Workspace {
  const number = ids.take('workspace', spec.number);
  const workspace: Workspace = {
    id: spec.id,
    number,
    name: spec.name,
    token: spec.token ?? `${number}|${idLike.alphanumeric(`${seed} ${spec.id} emailbison`, 40)}`,
    tokenState: spec.tokenState,
    instance,
    senders: new Map(),
    variables: new Map(),
    campaigns: new Map(),
    leads: new Map(),
    leadsByEmail: new Map(),
    emails: new Map(),
    replies: new Map(),
    webhooks: new Map(),
  };
  for (const sender of spec.senders) {
    const id = ids.take('sender', sender.id);
    workspace.senders.set(id, { ...sender, id, usedByDay: new Map() });
  }
  for (const name of spec.customVariables) addVariable(workspace, name, ids, nowMs);
  return workspace;
}

export function addVariable(workspace: Workspace, name: string, ids: Ids, nowMs: number): { id: number; name: string; createdAtMs: number } {
  const variable = { id: ids.take('variable'), name, createdAtMs: nowMs };
  workspace.variables.set(name.toLowerCase(), variable);
  return variable;
}

export function newCampaign(
  spec: z.output<typeof campaignSchema>, workspace: Workspace, ids: Ids, seed: number, nowMs: number,
): Campaign {
  const id = ids.take('campaign', spec.id);
  if (workspace.campaigns.has(id)) throw new Error(`Campaign ${id} exists already`);
  const senders = (spec.senderIds ?? [...workspace.senders.keys()]).map((senderId) => {
    const sender = workspace.senders.get(senderId);
    if (!sender) throw new Error(`No sender ${senderId} in ${workspace.id}`);
    return sender;
  });
  return {
    id,
    uuid: spec.uuid,
    name: spec.name,
    workspace,
    status: spec.status,
    zone: spec.zone,
    sendsOn: weekdayNames.map((name) => (spec.sendingDays as readonly string[]).includes(name)),
    windowMinutes: spec.window,
    maxEmailsPerDay: spec.maxEmailsPerDay,
    maxNewLeadsPerDay: spec.maxNewLeadsPerDay,
    senders,
    steps: spec.steps.map((step) => ({ ...step, id: ids.take('step', step.id) })),
    members: [],
    membersByLead: new Map(),
    listing: [],
    emails: [],
    queue: [],
    usedByDay: new Map(),
    nextFillMs: Infinity,
    arrivals: [],
    fills: 0,
    emailsSent: spec.emailsSent,
    createdAtMs: nowMs,
    drift: createRandom(mix(mix(seed, hashText(workspace.id)), id)),
  };
}

export function newLeads(spec: z.output<typeof leadsSchema>, workspace: Workspace, ids: Ids, nowMs: number): Lead[] {
  const given = Array.isArray(spec) ? spec : invented(spec.count, spec.customVariables, workspace);
  return given.map((lead) => newLead(lead, workspace, ids, nowMs));
}

const FIRST_NAMES = ['Amber', 'Birch', 'Cobalt', 'Ember', 'Fennel', 'Hazel', 'Indigo', 'Juniper', 'Marble', 'Russet'];
const LAST_NAMES = ['Anvil', 'Beacon', 'Canyon', 'Ferry', 'Harbour', 'Kiln', 'Lantern', 'Meadow', 'Orchard', 'Quarry', 'Sparrow'];

function invented(count: number, customVariables: Record<string, string>, workspace: Workspace): z.output<typeof leadSchema>[] {
  const before = workspace.leads.size;
  return Array.from({ length: count }, (_, index) => {
    const number = before + index + 1;
    return {
      email: `lead-${number}@buyer-${number % 97}.test`,
      firstName: FIRST_NAMES[number % FIRST_NAMES.length] ?? 'Lee',
      lastName: LAST_NAMES[number % LAST_NAMES.length] ?? 'Fox',
      company: `Buyer ${number % 97}`,
      title: null,
      notes: null,
      status: 'unverified',
      customVariables,
    };
  });
}

/** A variable that a lead has must exist in the workspace: here it is made, over HTTP it would be refused. */
function newLead(spec: z.output<typeof leadSchema>, workspace: Workspace, ids: Ids, nowMs: number): Lead {
  const id = ids.take('lead', spec.id);
  const email = spec.email.toLowerCase();
  if (workspace.leads.has(id) || workspace.leadsByEmail.has(email)) throw new Error(`Lead ${id} ${email} exists already`);
  const { customVariables, ...fields } = spec;
  const lead: Lead = {
    ...fields, id, uuid: spec.uuid, variables: new Map(), members: [], emails: [], createdAtMs: nowMs, updatedAtMs: nowMs,
  };
  for (const [name, value] of Object.entries(customVariables)) {
    const variable = workspace.variables.get(name.toLowerCase()) ?? addVariable(workspace, name, ids, nowMs);
    lead.variables.set(name.toLowerCase(), { name: variable.name, value });
  }
  workspace.leads.set(id, lead);
  workspace.leadsByEmail.set(email, lead);
  return lead;
}

export function newMember(campaign: Campaign, lead: Lead): Member {
  const member: Member = {
    lead, campaign, status: 'in_sequence', emailsSent: 0, replies: 0, nextStep: 0, dueDay: 0, sender: undefined, waiting: undefined,
  };
  campaign.members.push(member);
  campaign.membersByLead.set(lead.id, member);
  campaign.listing.push(member);
  lead.members.push(member);
  return member;
}
