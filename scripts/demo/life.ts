import type { Db } from '../../lib/db';
import type { Outreach } from './outreach';
import type { SimulatedEmailBison } from './simulated-emailbison';

/** What people did in a minute. */
export interface Events {
  newLeads: number;
  replies: number;
  bookings: number;
}

const CAMPAIGNS_A_MINUTE = 3;
const LEADS_EACH = 2;

interface Parts {
  db: Db;
  bison: SimulatedEmailBison;
  outreach: Outreach;
  appUrl: string;
}

/**
 * One minute of the world around the app: campaigns get new leads, a lead who waits for a follow-up writes again (told of by
 * EmailBison's webhook), and a lead who was offered times books one (told of by the agency's tool, through the API).
 */
export async function liveAMinute({ db, bison, outreach, appUrl }: Parts, minute: number): Promise<Events> {
  const { workspaces, keys } = outreach;
  const events: Events = { newLeads: 0, replies: 0, bookings: 0 };
  for (let i = 0; i < Math.min(CAMPAIGNS_A_MINUTE, workspaces.length); i++) {
    const workspace = workspaces[(minute * CAMPAIGNS_A_MINUTE + i) % workspaces.length];
    if (workspace) events.newLeads += (await bison.addLeads(workspace.id, { count: LEADS_EACH }, workspace.campaignId)).length;
  }
  const byId = new Map(workspaces.map((workspace) => [workspace.id, workspace]));
  const waiting = await db.followUp.findFirst({ where: { state: 'pending', channel: 'emailbison_reply', dueAt: { gt: new Date() } }, include: { lead: true }, orderBy: { dueAt: 'desc' } });
  const ofReply = waiting && byId.get(waiting.clientId);
  if (waiting && ofReply) {
    await bison.reply({ workspace: waiting.clientId, lead: outreach.leadIds.get(waiting.lead.email) ?? 0, text: 'I am in now, thanks', webhook: { url: new URL(ofReply.webhookPath, appUrl).href } });
    events.replies++;
  }
  const offered = await db.slotOffer.findFirst({ where: { state: 'sent', slotUtc: { gt: new Date() } }, include: { lead: true }, orderBy: { offeredAt: 'desc' } });
  const key = offered && keys.get(byId.get(offered.clientId)?.agencyId ?? '');
  if (offered && key !== undefined) {
    const response = await fetch(new URL(`/api/bookings/demo-${offered.id}`, appUrl), {
      method: 'PUT', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ workspaceId: offered.clientId, leadEmail: offered.lead.email, startsAt: offered.slotUtc.toISOString(), endsAt: new Date(offered.slotUtc.getTime() + 30 * 60_000).toISOString() }),
    });
    if (response.ok) events.bookings++;
  }
  return events;
}
