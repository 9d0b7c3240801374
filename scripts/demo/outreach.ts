import { randomBytes, randomUUID } from 'node:crypto';
import { parseCredentialKeys, quotaKeyOf, sealCredential } from '../../lib/credentials';
import type { Db } from '../../lib/db';
import { createFollowUp, makeWebhookPath } from '../../lib/followups';
import { addApiKey } from '../../lib/reader/keys';
import type { SimulatedEmailBison } from './simulated-emailbison';

const MINUTE_MS = 60_000;
/** Every other agency sends; of each of them so many workspaces at most. */
const WORKSPACES_AN_AGENCY = 6;
const LEADS_A_CAMPAIGN = 18;
/** First emails go out over the first hour, from soon after the start. */
const SENDING = { afterMinutes: 5, forMinutes: 60, newLeadsADay: 12 };
/** When follow-ups of a workspace are due, in minutes after the start; every other workspace's are a little later. */
const DUE_MINUTES = [0, 2, 5, 9, 15, 30, 60, 120];
const TEMPLATES = [null, 'Does {{option1}} or {{option2}} suit you?', 'I have {{options}}, or pick another time: {{booking_link}}'];

export interface OutreachWorkspace {
  id: string;
  agencyId: string;
  campaignId: number;
  /** Where EmailBison tells of replies. */
  webhookPath: string;
}

export interface Outreach {
  workspaces: OutreachWorkspace[];
  /** A key for the reader API, by agency. */
  keys: Map<string, string>;
  /** At EmailBison, of those who wait for a follow-up, by address. */
  leadIds: Map<string, number>;
  leads: number;
  followUps: number;
  bookings: number;
}

interface Parts {
  db: Db;
  bison: SimulatedEmailBison;
  credentialsKey: string;
  receiver: { url: string; secret: string };
}

/**
 * Campaigns with leads at the simulated EmailBison, first touch and follow-ups on, follow-ups due soon and later, some
 * bookings. The simulated EmailBison begins anew with each demo, and so does what was written to its leads.
 */
export async function seedOutreach({ db, bison, credentialsKey, receiver }: Parts): Promise<Outreach> {
  await db.lead.deleteMany();
  await db.apiKey.deleteMany();
  const chosen = await choose(db);
  await bison.configure({ rendersAt: 'scheduling', patchRerenders: true });
  const now = Date.now();
  const begin = Math.floor((now % (24 * 60 * MINUTE_MS)) / MINUTE_MS) + SENDING.afterMinutes;
  const added = await bison.addWorkspaces(chosen.map(({ id, name }) => ({
    id, name,
    campaigns: [{
      name: 'Autumn outreach', status: 'active', sendingDays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], window: [begin, begin + SENDING.forMinutes],
      maxNewLeadsPerDay: SENDING.newLeadsADay, leads: { count: LEADS_A_CAMPAIGN },
      steps: [{ subject: 'Quick question', body: '<p>Hi {FIRST_NAME},</p><p>{AVAILABILITY_SLOT}</p>' }],
    }],
  })));
  const keys = parseCredentialKeys(credentialsKey);
  const ids = chosen.map(({ id }) => id);
  await db.providerCredential.deleteMany({ where: { clientId: { in: ids }, provider: { in: ['emailbison', 'webhook'] } } });
  await db.providerCredential.createMany({
    data: added.flatMap(({ id, baseUrl, token }) => ([['emailbison', baseUrl, token], ['webhook', receiver.url, receiver.secret]] as const).map(([provider, address, secret]) => ({
      clientId: id, provider, baseUrl: address, quotaKey: quotaKeyOf(provider, secret), ...sealCredential(keys, { clientId: id, provider }, secret),
    }))),
  });
  await db.workspaceSettings.updateMany({ where: { clientId: { in: ids } }, data: { firstTouchEnabled: true, followUpsEnabled: true, offerWeekends: true } });
  for (const [index, template] of TEMPLATES.entries()) {
    await db.workspaceSettings.updateMany({ where: { clientId: { in: ids.filter((_, i) => i % TEMPLATES.length === index) } }, data: { firstTouchTemplate: template } });
  }
  const outreach: Outreach = { workspaces: [], keys: new Map(), leadIds: new Map(), leads: chosen.length * LEADS_A_CAMPAIGN, followUps: 0, bookings: 0 };
  for (const agencyId of new Set(chosen.map((workspace) => workspace.agencyId))) outreach.keys.set(agencyId, (await addApiKey(db, agencyId, 'demo')).key);
  outreach.workspaces = await Promise.all(chosen.map(async ({ id, agencyId }, index) => {
    await seedFollowUps({ db, bison }, outreach, id, now + (index % 2) * MINUTE_MS);
    if (index % 3 === 0) {
      await seedBooking(db, id, now);
      outreach.bookings++;
    }
    return { id, agencyId, campaignId: added[index]?.campaigns[0]?.id ?? 0, webhookPath: await makeWebhookPath(db, id) };
  }));
  return outreach;
}

async function choose(db: Db): Promise<{ id: string; name: string; agencyId: string }[]> {
  const all = await db.client.findMany({ select: { id: true, name: true, userId: true }, orderBy: [{ createdAt: 'asc' }, { name: 'asc' }] });
  const agencies = [...new Set(all.flatMap(({ userId }) => (userId === null ? [] : [userId])))].sort().filter((_, index) => index % 2 === 0);
  return agencies.flatMap((agencyId) => all.filter(({ userId }) => userId === agencyId).slice(0, WORKSPACES_AN_AGENCY).map(({ id, name }) => ({ id, name, agencyId })));
}

/** Leads who wrote once and fell silent: half are answered in their thread, half are an agency's own tool's to write to. */
async function seedFollowUps({ db, bison }: Pick<Parts, 'db' | 'bison'>, outreach: Outreach, workspaceId: string, from: number): Promise<void> {
  const people = DUE_MINUTES.map((minutes, i) => ({ minutes, firstName: ['Alex', 'Sam', 'Kim', 'Jo'][i % 4] ?? '', email: `silent-${randomUUID().slice(0, 8)}@buyers.test` }));
  const leads = await bison.addLeads(workspaceId, people.map(({ email, firstName }) => ({ email, firstName })));
  for (const [i, { minutes, email, firstName }] of people.entries()) {
    outreach.leadIds.set(email, leads[i] ?? 0);
    outreach.followUps++;
    const isReply = i % 2 === 0;
    const thread = isReply ? { replyId: await bison.reply({ workspace: workspaceId, lead: leads[i] ?? 0, text: 'Sounds interesting, when?', webhook: false }), replyAll: true } : undefined;
    await createFollowUp(db, {
      workspaceId, leadEmail: email, leadFirstName: firstName, dueAt: from + minutes * MINUTE_MS, channel: isReply ? 'emailbison_reply' : 'webhook', externalId: `demo-${String(i)}`,
      ...(thread === undefined ? {} : { thread }),
    });
  }
}

/** Somebody has the afternoon of the day after tomorrow. */
async function seedBooking(db: Db, clientId: string, now: number): Promise<void> {
  const startsAt = new Date((Math.floor(now / (24 * 60 * MINUTE_MS)) + 2) * 24 * 60 * MINUTE_MS + 13 * 60 * MINUTE_MS);
  const booking = { startsAt, endsAt: new Date(startsAt.getTime() + 120 * MINUTE_MS) };
  const key = { clientId, source: 'demo', externalId: 'afternoon' };
  await db.booking.upsert({ where: { clientId_source_externalId: key }, create: { ...key, ...booking }, update: booking });
}

export const newSigningSecret = (): string => `demo-${randomBytes(24).toString('base64url')}`;
