/** A workspace whose cache is filled by hand, as a refresh would leave it. */
import { randomUUID } from 'node:crypto';
import { type Db, type Prisma } from '@/lib/db';
import { fingerprintSql, configuredWorkspaces } from '@/lib/refresh/configured';
import type { OfferRequest } from '@/lib/slots/offers';

export const HOUR = 3_600_000;
export const MAX_AGE_MS = 900_000;

/** Midnight of UTC, at least two hours ahead: slots of a workspace are counted from it, the first twelve in one half of a day. */
export const FIRST_HOUR = Math.ceil((Date.now() + 2 * HOUR) / (24 * HOUR)) * 24 * HOUR;
export const hoursFrom = (count: number): number[] => Array.from({ length: count }, (_, i) => FIRST_HOUR + i * HOUR);

export async function addCachedWorkspace(db: Db, slotsMs: readonly number[], settings: Prisma.WorkspaceSettingsCreateWithoutClientInput = {}): Promise<string> {
  const id = randomUUID();
  await db.client.create({
    data: {
      id, name: id,
      links: { create: { name: 'Booking', url: `https://calendly.com/${id}`, type: 'calendly', isDefault: true } },
      settings: { create: { offerWeekends: true, ...settings } },
    },
  });
  await fillCache(db, id, slotsMs);
  return id;
}

export async function fillCache(db: Db, workspaceId: string, slotsMs: readonly number[], ageMs = 0): Promise<void> {
  const known = await db.$queryRaw<{ fingerprint: string; link: string }[]>`SELECT ${fingerprintSql} AS fingerprint, l.id AS link FROM ${configuredWorkspaces} WHERE c.id = ${workspaceId}`;
  const { fingerprint = '', link = '' } = known[0] ?? {};
  const at = new Date(Date.now() - ageMs);
  const slots = { slotsUtc: slotsMs.map((ms) => new Date(ms)), slotCount: slotsMs.length };
  await db.workspaceAvailabilityCache.upsert({
    where: { clientId: workspaceId },
    create: { clientId: workspaceId, calendarLinkId: link, calendarType: 'calendly', calendarUrl: 'x', slotDurationMinutes: 30, slotsHash: 0n, slotsFingerprint: fingerprint, changedAt: at, ...slots },
    update: slots,
  });
  const status = { fetchedAt: at, succeededAt: at, staleAt: new Date(at.getTime() + 60_000), attemptFingerprint: fingerprint };
  await db.workspaceAvailabilityStatus.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...status }, update: status });
}

export async function addLeads(db: Db, workspaceId: string, count: number, timezone: string | null = null): Promise<string[]> {
  const leads = Array.from({ length: count }, (_, i) => ({ id: randomUUID(), clientId: workspaceId, email: `lead-${String(i)}-${randomUUID()}@example.com`, timezone }));
  await db.lead.createMany({ data: leads });
  return leads.map(({ id }) => id);
}

export function requestOf(workspaceId: string, leadId: string, given: Partial<OfferRequest> = {}): OfferRequest {
  return { workspaceId, leadId, channel: 'first_touch', sendKey: 'email-1', count: 2, sendAtMs: 0, minNoticeMinutes: 0, maxAgeMs: MAX_AGE_MS, ...given };
}

/** Live offers by slot, of every slot given. */
export async function liveCounts(db: Db, workspaceId: string, slotsMs: readonly number[]): Promise<number[]> {
  const offers = await db.slotOffer.findMany({ where: { clientId: workspaceId, state: { in: ['prepared', 'sent'] } }, select: { slotUtc: true } });
  const counts = new Map(slotsMs.map((slot) => [slot, 0]));
  for (const { slotUtc } of offers) counts.set(slotUtc.getTime(), (counts.get(slotUtc.getTime()) ?? 0) + 1);
  return [...counts.values()];
}
