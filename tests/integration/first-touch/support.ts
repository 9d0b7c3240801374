/** First touch over a database of its own and a simulated EmailBison; its calendars cannot be reached. */
import { randomUUID } from 'node:crypto';
import { createDb, type Db } from '@/lib/db';
import { parseCredentialKeys, quotaKeyOf, sealCredential } from '@/lib/credentials';
import { parseEnv, type Env } from '@/lib/env';
import { createFirstTouchContext, runFirstTouch, type FirstTouchContext, type FirstTouchOptions, type FirstTouchReport } from '@/lib/emailbison-first-touch-availability';
import { OUTCOMES } from '@/lib/first-touch/types';
import { carriesSentence } from '@/lib/providers/emailbison/rendered';
import { startSimulator, type CampaignSpec, type SettingsSpec, type Simulator } from '../../../scripts/simulator/server';
import { createTestDatabase } from '../../support/database';
import { expect } from 'vitest';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Monday morning. */
export const MONDAY = Date.parse('2026-11-23T08:00:00Z');

export const KEY = `test:${Buffer.alloc(32).toString('base64')}`;
/** Nothing listens there: a call to a calendar fails, and so would the test. */
const NOWHERE = 'http://127.0.0.1:1';
const UNREACHABLE = Object.fromEntries(['CALENDLY_BOOKING_ORIGIN', 'CALENDLY_API_ORIGIN', 'HUBSPOT_MEETINGS_ORIGIN', 'HUBSPOT_API_ORIGIN', 'GHL_BACKEND_ORIGIN', 'GHL_BOOKING_ORIGIN', 'GHL_API_ORIGIN'].map((name) => [name, NOWHERE]));

export interface Stage {
  db: Db;
  url: string;
  env: Env;
  sim: Simulator;
  context: FirstTouchContext;
  contextWith: (more: Partial<FirstTouchContext>) => FirstTouchContext;
  /** Adds a workspace at EmailBison and one here that has first touch on; returns its id, the same in both. */
  addWorkspace: (options?: WorkspaceOptions) => Promise<string>;
  /** The calendar was just read, and these times are open. */
  setOpen: (workspaceId: string, slots: readonly number[]) => Promise<void>;
  /** At this instant, here and at EmailBison; every calendar was just read. */
  at: (ms: number) => Promise<void>;
  run: (options?: Partial<FirstTouchOptions>, context?: FirstTouchContext) => Promise<FirstTouchReport>;
  close: () => Promise<void>;
}

export interface WorkspaceOptions {
  id?: string;
  agencyId?: string;
  instance?: string;
  timezone?: string;
  campaigns?: CampaignSpec[];
  open?: readonly number[];
  customVariables?: string[];
}

/** Half hours of working days, in UTC. */
export function halfHours(from: number, days: number): number[] {
  const slots: number[] = [];
  for (let day = Math.floor(from / DAY); day < from / DAY + days; day++) {
    if ([6, 0].includes(new Date(day * DAY).getUTCDay())) continue;
    for (let minutes = 9 * 60; minutes < 17 * 60; minutes += 30) slots.push(day * DAY + minutes * MINUTE);
  }
  return slots.filter((slot) => slot > from);
}

export async function createStage(settings: SettingsSpec = {}, instances: Record<string, SettingsSpec> = {}): Promise<Stage> {
  const database = await createTestDatabase();
  const sim = await startSimulator({ emailbison: { instances: { default: settings, ...instances } } });
  sim.setNow(MONDAY);
  const env = parseEnv({ ...sim.env, ...UNREACHABLE, DATABASE_URL: database.url, CREDENTIALS_KEY: KEY, LOG_LEVEL: 'silent' });
  const db = createDb(database.url, { poolMax: 6 });
  const context: FirstTouchContext = { ...createFirstTouchContext(env, db), now: () => sim.now(), random: () => 0 };

  const freshen = async (): Promise<void> => {
    const now = new Date(sim.now());
    await db.workspaceAvailabilityStatus.updateMany({ data: { succeededAt: now, fetchedAt: now, staleAt: new Date(sim.now() + MINUTE) } });
  };
  return {
    db, env, sim, context,
    url: database.url,
    contextWith: (more) => ({ ...context, ...more }),
    addWorkspace: async (options = {}) => {
      const id = options.id ?? randomUUID();
      const { baseUrl, token } = sim.emailbison.addWorkspace({
        id, instance: options.instance ?? 'default', campaigns: options.campaigns ?? [], customVariables: options.customVariables ?? [],
      });
      await db.client.create({
        data: {
          id, name: id, userId: options.agencyId ?? 'agency-1',
          links: { create: { name: 'Booking', url: 'https://calendly.com/acme/intro', type: 'calendly', isDefault: true } },
          settings: { create: { timezone: options.timezone ?? 'UTC', firstTouchEnabled: true } },
          credentials: { create: { provider: 'emailbison', baseUrl, quotaKey: quotaKeyOf('emailbison', token), ...sealCredential(parseCredentialKeys(KEY), { clientId: id, provider: 'emailbison' }, token) } },
        },
      });
      await setOpen(db, id, options.open ?? halfHours(sim.now(), 28), sim.now());
      return id;
    },
    setOpen: (workspaceId, slots) => setOpen(db, workspaceId, slots, sim.now()),
    at: async (ms) => {
      sim.setNow(ms);
      await freshen();
    },
    run: async (options = {}, over = context) => {
      const report = await runFirstTouch(over, { runId: randomUUID(), timeBudgetMs: 60_000, startedAtMs: performance.now(), isDryRun: false, ...options });
      expect(report.checked).toBe(OUTCOMES.reduce((sum, outcome) => sum + report[outcome], 0));
      return report;
    },
    close: async () => {
      await Promise.all([context.transport.close(), context.cache.transport.close()]);
      await db.$disconnect();
      await sim.close();
      await database.drop();
    },
  };
}

/** As a sweep would have stored it, with the fingerprint of what is configured. */
export async function setOpen(db: Db, workspaceId: string, slots: readonly number[], now: number): Promise<void> {
  const [configured] = await db.$queryRaw<{ fingerprint: string; link: string; url: string }[]>`
    SELECT left(md5(l.id || '|' || l.url || '|' || l.type::text || '|' || COALESCE(l."externalId", '') || '|' ||
      COALESCE(w."meetingDurationMinutes", 30) || '|' || COALESCE(w.timezone, 'UTC') || '|'), 16) AS fingerprint, l.id AS link, l.url
    FROM "CalendarLink" l LEFT JOIN "WorkspaceSettings" w ON w."clientId" = l."clientId" WHERE l."clientId" = ${workspaceId} AND l."isDefault"`;
  if (!configured) throw new Error(`no workspace ${workspaceId}`);
  const at = new Date(now);
  const cold = {
    calendarLinkId: configured.link, calendarType: 'calendly' as const, calendarUrl: configured.url, slotDurationMinutes: 30,
    slotsUtc: slots.map((slot) => new Date(slot)), slotCount: slots.length, slotsHash: 0n, slotsFingerprint: configured.fingerprint, changedAt: at,
  };
  const hot = { succeededAt: at, fetchedAt: at, staleAt: new Date(now + MINUTE), attemptFingerprint: configured.fingerprint };
  await db.workspaceAvailabilityCache.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...cold }, update: cold });
  await db.workspaceAvailabilityStatus.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...hot }, update: hot });
}

/** What the ledger says was sent, by lead at EmailBison. */
export async function sentOffers(db: Db, workspaceId: string): Promise<Map<number, number[]>> {
  const offers = await db.slotOffer.findMany({ where: { clientId: workspaceId, state: 'sent' }, include: { lead: true }, orderBy: { slotUtc: 'asc' } });
  const byLead = new Map<number, number[]>();
  for (const { lead, slotUtc } of offers) {
    const id = Number(lead.emailBisonLeadId);
    byLead.set(id, [...(byLead.get(id) ?? []), slotUtc.getTime()]);
  }
  return byLead;
}

/** Every sentence with times that was ever written, from the writes that EmailBison received. */
export function writtenTo(sim: Simulator, workspaceId: string): Map<number, string[]> {
  const byLead = new Map<number, string[]>();
  for (const { leadId, method, status, customVariables, endpoint } of sim.emailbison.writes({ workspace: workspaceId })) {
    if (endpoint === 'custom-variable-create') continue;
    // Only ever the one variable, and never a clearing PUT.
    expect({ method, names: customVariables.map(({ name }) => name.toLowerCase()) }).toEqual({ method: 'PATCH', names: ['availability_slot'] });
    expect(customVariables[0]?.value).not.toBe('');
    if (leadId !== null && status < 300) byLead.set(leadId, [...(byLead.get(leadId) ?? []), customVariables[0]?.value ?? '']);
  }
  return byLead;
}

export interface SentCheck {
  withTimes: number;
  withFallback: number;
  withNeither: number;
}

/**
 * The invariant of first touch: offers marked sent are exactly the times in emails that went out.
 * @returns how the emails went out
 */
export async function expectLedgerToEqualEmails({ db, sim }: Pick<Stage, 'db' | 'sim'>, workspaceId: string, fallback = 'https://calendly.com/acme/intro'): Promise<SentCheck> {
  const sent = await sentOffers(db, workspaceId);
  const records = await db.firstTouch.findMany({ where: { clientId: workspaceId } });
  const check: SentCheck = { withTimes: 0, withFallback: 0, withNeither: 0 };
  const carrying = new Map<number, number[]>();
  for (const email of sim.emailbison.sent({ workspace: workspaceId }).filter(({ step }) => step === 1)) {
    const record = records.find(({ emailBisonLeadId, campaignId }) => Number(emailBisonLeadId) === email.leadId && Number(campaignId) === email.campaignId);
    const isCarried = record !== undefined && carriesSentence(email.body, record.sentence);
    if (isCarried && record.content === 'times') {
      check.withTimes++;
      carrying.set(email.leadId, record.slotsUtc.map((slot) => slot.getTime()).sort((a, b) => a - b));
      // Said before they began, and with the notice that was asked for.
      for (const slot of record.slotsUtc) expect(slot.getTime()).toBeGreaterThanOrEqual(email.sentAtMs + 120 * MINUTE);
    } else if (email.body.includes(fallback)) check.withFallback++;
    else check.withNeither++;
  }
  expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(carrying));
  return check;
}
