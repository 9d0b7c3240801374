/** Follow-ups over a database of their own, a simulated EmailBison and a webhook; no calendar can be reached. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { parseCredentialKeys, quotaKeyOf, sealCredential } from '@/lib/credentials';
import { createDb, type Db, type Prisma } from '@/lib/db';
import { createFollowUp, runFollowUps, type FollowUpsContext, type FollowUpsReport } from '@/lib/followups';
import { OUTCOMES } from '@/lib/follow-ups/endings';
import { createHttpTransport } from '@/lib/providers/http';
import { formatSlots } from '@/lib/slots/format';
import { startSimulator, type Simulator } from '../../../scripts/simulator/server';
import { createTestDatabase } from '../../support/database';
import { addCachedWorkspace, hoursFrom } from '../slots/workspace';
import { startReceiver, type Receiver } from './receiver';

export const KEY = `test:${Buffer.alloc(32).toString('base64')}`;
export const SECRET = 'a signing secret for tests only';
export const TEMPLATE = 'Hello,\n\nwould {{options}} work?';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Stage {
  db: Db;
  url: string;
  sim: Simulator;
  receiver: Receiver;
  allowHosts: string[];
  context: FollowUpsContext;
  contextWith: (more: Partial<FollowUpsContext>) => FollowUpsContext;
  /** A workspace here and at EmailBison, with follow-ups on and a webhook; returns its id. */
  addWorkspace: (options?: { agencyId?: string | null; slots?: readonly number[]; settings?: Prisma.WorkspaceSettingsCreateWithoutClientInput }) => Promise<string>;
  /** Due since a minute, each of a lead and a thread of its own; ids in order. */
  addFollowUps: (workspaceId: string, channel: 'emailbison_reply' | 'webhook', count?: number, dueAt?: number) => Promise<string[]>;
  run: (context?: FollowUpsContext, budgetMs?: number) => Promise<FollowUpsReport>;
  /** Claims run out and everything that waits is due. */
  letTimePass: () => Promise<void>;
  close: () => Promise<void>;
}

export async function createStage(): Promise<Stage> {
  const [database, sim, receiver] = await Promise.all([createTestDatabase(), startSimulator(), startReceiver(SECRET)]);
  const db = createDb(database.url, { poolMax: 10 });
  const allowHosts = [...(sim.env.OUTBOUND_ALLOW_HOSTS ?? '').split(','), receiver.host];
  const transport = createHttpTransport({ allowHosts, trustedOrigins: [] });
  const context: FollowUpsContext = { db, transport, maxAgeMs: 15 * MINUTE, credentialsKey: KEY, random: () => 0.5 };
  const keys = parseCredentialKeys(KEY);
  return {
    db, sim, receiver, context, allowHosts,
    url: database.url,
    contextWith: (more) => ({ ...context, ...more }),
    addWorkspace: async ({ agencyId = 'agency-1', slots = hoursFrom(200), settings = {} } = {}) => {
      const id = await addCachedWorkspace(db, slots, { followUpsEnabled: true, firstTouchMinNoticeMinutes: 0, ...settings });
      await db.client.update({ where: { id }, data: { userId: agencyId } });
      const { baseUrl, token } = sim.emailbison.addWorkspace({ id, campaigns: [] });
      for (const [provider, secret, address] of [['emailbison', token, baseUrl], ['webhook', SECRET, receiver.url]] as const) {
        await db.providerCredential.create({ data: { clientId: id, provider, baseUrl: address, quotaKey: quotaKeyOf(provider, secret), ...sealCredential(keys, { clientId: id, provider }, secret) } });
      }
      return id;
    },
    addFollowUps: async (workspaceId, channel, count = 1, dueAt = Date.now() - MINUTE) => {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) {
        const email = `lead-${randomUUID()}@buyer.test`;
        let thread: unknown;
        if (channel === 'emailbison_reply') {
          const [lead = 0] = sim.emailbison.addLeads(workspaceId, [{ email }]);
          const { replyId } = await sim.emailbison.receiveReply({ workspace: workspaceId, lead, webhook: false });
          thread = { replyId, replyAll: true };
        }
        const created = await createFollowUp(db, { workspaceId, leadEmail: email, dueAt, channel, thread, template: TEMPLATE, externalId: randomUUID() });
        ids.push(created?.id ?? '');
      }
      return ids;
    },
    run: async (over = context, budgetMs = 30_000) => {
      const report = await runFollowUps(over, { runId: randomUUID(), timeBudgetMs: budgetMs, startedAtMs: performance.now() });
      expect(OUTCOMES.reduce((sum, outcome) => sum + report[outcome], 0)).toBe(report.claimed);
      return report;
    },
    letTimePass: async () => {
      await db.$executeRaw`UPDATE "FollowUp" SET "claimedUntil" = now() - interval '1 second' WHERE state = 'sending'`;
      await db.$executeRaw`UPDATE "FollowUp" SET "nextAttemptAt" = now() - interval '1 second' WHERE state = 'pending'`;
    },
    close: async () => {
      await transport.close();
      await db.$disconnect();
      await Promise.all([sim.close(), receiver.close()]);
      await database.drop();
    },
  };
}

export async function followUp(db: Db, id: string): Promise<NonNullable<Awaited<ReturnType<typeof findFollowUp>>>> {
  const row = await findFollowUp(db, id);
  if (!row) throw new Error(`no follow-up ${id}`);
  return row;
}
const findFollowUp = (db: Db, id: string) => db.followUp.findUnique({ where: { id }, include: { lead: true } });

/** Texts that reached the lead, by follow-up. A webhook's repetitions are one message, by their key. */
export async function messagesThatWentOut({ db, sim, receiver }: Stage): Promise<Map<string, string[]>> {
  const byReply = new Map<string, string[]>();
  for (const { workspaceId, replyId, message } of sim.emailbison.acceptedReplies()) {
    const key = `${workspaceId} ${replyId}`;
    byReply.set(key, [...(byReply.get(key) ?? []), message.replace(/<\/p><p>/g, '\n\n').replace(/<[^>]*>/g, '')]);
  }
  const out = new Map<string, string[]>();
  for (const { id, channel, clientId, thread } of await db.followUp.findMany()) {
    const emails = byReply.get(`${clientId} ${String((thread as { replyId?: number } | null)?.replyId)}`) ?? [];
    const hooks = receiver.received.filter(({ key }) => key === id).map(({ message }) => message);
    const texts = channel === 'webhook' ? [...new Set(hooks)] : emails;
    if (texts.length > 0) out.set(id, texts);
  }
  return out;
}

/**
 * What must hold whatever was killed when: nothing went out twice, and the offers marked sent are exactly the times in
 * messages that went out. Of an `unknown` one: at most one message, and its times are held, neither sent nor free.
 * @returns states
 */
export async function expectTruth(stage: Stage): Promise<Record<string, number>> {
  const wentOut = await messagesThatWentOut(stage);
  const states: Record<string, number> = {};
  for (const { id, state, clientId, channel, template } of await stage.db.followUp.findMany()) {
    states[state] = (states[state] ?? 0) + 1;
    const texts = wentOut.get(id) ?? [];
    const offers = await stage.db.slotOffer.findMany({ where: { sendKey: id, channel: 'follow-up' }, orderBy: { slotUtc: 'asc' } });
    const of = (wanted: string): number[] => offers.filter((offer) => offer.state === wanted).map(({ slotUtc }) => slotUtc.getTime());
    expect(texts.length, `${channel} ${id} (${state}) went out as ${texts.join(' | ')}`).toBeLessThanOrEqual(1);
    const { zone } = { zone: (await stage.db.workspaceSettings.findUniqueOrThrow({ where: { clientId } })).timezone };
    const textOf = (slots: number[]): string => formatSlots(slots, { leadZone: null, workspaceZone: zone, template, bookingLink: '' }).text;
    if (state === 'sent') {
      expect(texts, `${channel} ${id}`).toEqual([textOf(of('sent'))]);
      expect(of('prepared')).toEqual([]);
    } else {
      expect(of('sent'), `${channel} ${id} (${state})`).toEqual([]);
      // A webhook between two tries may have been received; its answer was lost.
      if (texts.length > 0) expect([channel === 'webhook' ? 'webhook' : state, texts]).toEqual([channel === 'webhook' ? 'webhook' : 'unknown', [textOf(of('prepared'))]]);
    }
  }
  for (const { isSigned } of stage.receiver.received) expect(isSigned).toBe(true);
  expect(stage.sim.stats().byCalendar).toEqual({});
  return states;
}
