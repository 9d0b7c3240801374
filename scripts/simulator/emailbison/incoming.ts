import { z } from 'zod';
import { idLike } from '../random';
import { stopMember } from './queue';
import type { Reply } from './state';
import { type Delivery, postJson, replyPayload } from './webhooks';
import type { EmailBisonWorld } from './world';

/** A lead answers, and EmailBison tells whoever asked to be told. */

const webhookSchema = z.strictObject({
  /** Instead of the addresses registered for `lead_replied`. */
  url: z.string().optional(),
  /** Duplicates happen. */
  times: z.number().int().min(1).max(100).default(1),
  /** Both spellings were seen. */
  type: z.enum(['LEAD_REPLIED', 'lead_replied']).default('LEAD_REPLIED'),
  /** As relays do: the payload once more inside. */
  wrappedIn: z.enum(['data', 'payload']).optional(),
});
export type WebhookSpec = z.input<typeof webhookSchema>;

export const incomingSchema = z.strictObject({
  workspace: z.string(),
  lead: z.number().int(),
  /** Default: the one that wrote to the lead last. */
  campaign: z.number().int().optional(),
  id: z.number().int().optional(),
  uuid: z.string().optional(),
  text: z.string().default('Tuesday works'),
  /** An out-of-office: the sequence goes on. */
  automated: z.boolean().default(false),
  interested: z.boolean().default(false),
  /** False: the reply is there, but nobody is told. */
  webhook: z.union([webhookSchema, z.literal(false)]).default(webhookSchema.parse({})),
});
export type IncomingSpec = z.input<typeof incomingSchema>;

export function receiveReply(world: EmailBisonWorld, input: IncomingSpec): Reply {
  const spec = incomingSchema.parse(input);
  const nowMs = world.settle();
  const workspace = world.requireWorkspace(spec.workspace);
  const lead = world.requireLead(spec.workspace, spec.lead);
  const email = lead.emails.findLast(
    ({ sentMs, campaign }) => sentMs !== null && (spec.campaign === undefined || campaign.id === spec.campaign),
  );
  const campaign = spec.campaign === undefined ? email?.campaign : world.requireCampaign(spec.workspace, spec.campaign);
  const member = campaign?.membersByLead.get(lead.id);
  const sender = email?.sender ?? member?.sender ?? [...workspace.senders.values()][0];
  const id = world.ids.take('reply', spec.id);
  const reply: Reply = {
    id,
    uuid: spec.uuid ?? idLike.uuid(`reply ${id}`),
    lead,
    campaign,
    email,
    sender,
    subject: `Re: ${email?.subject ?? ''}`,
    text: spec.text,
    html: `<p>${spec.text}</p>`,
    fromName: `${lead.firstName} ${lead.lastName}`,
    fromEmail: lead.email,
    to: sender ? [{ name: sender.name, address: sender.email }] : [],
    receivedMs: nowMs,
    isAutomated: spec.automated,
    isInterested: spec.interested,
    folder: 'Inbox',
    type: email ? 'Tracked Reply' : 'Untracked Reply',
    parentId: null,
  };
  workspace.replies.set(id, reply);
  if (member) {
    member.replies += 1;
    if (!spec.automated) stopMember(member, 'replied', 'replied');
    world.touch();
  }
  return reply;
}

export async function deliverReply(
  world: EmailBisonWorld, workspaceId: string, replyId: number, input: WebhookSpec, signal: AbortSignal,
): Promise<Delivery[]> {
  const { url, times, type, wrappedIn } = webhookSchema.parse(input);
  const workspace = world.requireWorkspace(workspaceId);
  const reply = workspace.replies.get(replyId);
  if (!reply) throw new Error(`No reply ${replyId} in ${workspaceId}`);
  const urls = url === undefined
    ? [...workspace.webhooks.values()].filter(({ events }) => events.includes('lead_replied')).map((webhook) => webhook.url)
    : [url];
  const payload = replyPayload(workspace, reply, type);
  const sent = wrappedIn === undefined ? payload : { [wrappedIn]: payload };
  const deliveries: Delivery[] = [];
  // Copies follow one another closely, but in order: what a retry looks like to its receiver.
  for (const target of urls) {
    for (let copy = 0; copy < times; copy += 1) deliveries.push(await postJson(target, sent, signal));
  }
  return deliveries;
}
