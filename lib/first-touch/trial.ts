/**
 * Chooses times as an offer would, and writes nothing: for a dry run, a preview, and to know before taking the
 * ledger's lock that there is nothing to choose. Choices of one trial count for the next, as offers would.
 */
import { bounded, type Db } from '../db';
import { checkOfferRules, NO_OFFER_RULES } from '../slots/offer-rules';
import { selectSlots, type RuleStep } from '../slots/select';

const TIMEOUT_MS = 5_000;
const LIVE = ['prepared', 'sent'] as const;

export interface TrialLead {
  /** Undefined: not known to the app yet. */
  email: string | undefined;
  sendAt: number;
  /** Prepared times that would make room for these. */
  replaces: readonly number[];
}

export type TrialChoice =
  | { kind: 'chosen'; slots: number[]; leadZone: string | null; steps: RuleStep[] }
  | { kind: 'none'; reason: string; steps: RuleStep[] };

export interface Trial {
  choose(lead: TrialLead): TrialChoice;
}

export interface TrialOptions {
  workspaceId: string;
  timezone: string;
  noticeMinutes: number;
  count: number;
  open: ReadonlySet<number>;
  durationMinutes: number;
  now: number;
}

export async function createTrial(db: Db, options: TrialOptions): Promise<Trial> {
  const { workspaceId, now } = options;
  const clientId = workspaceId;
  const [settings, offers, bookings, leads] = await bounded(TIMEOUT_MS, () => Promise.all([
    db.workspaceSettings.findUnique({ where: { clientId }, select: { workingHours: true, offerWeekends: true, preferredDays: true, offerWithinDays: true, locale: true } }),
    db.slotOffer.findMany({ where: { clientId, slotUtc: { gt: new Date(now) } }, select: { leadId: true, slotUtc: true, state: true } }),
    db.booking.findMany({ where: { clientId, cancelledAt: null, endsAt: { gt: new Date(now) } }, select: { startsAt: true, endsAt: true } }),
    db.lead.findMany({ where: { clientId, OR: [{ timezone: { not: null } }, { offers: { some: {} } }] }, select: { id: true, email: true, timezone: true } }),
  ]));
  const checked = checkOfferRules(settings ?? NO_OFFER_RULES);
  const counts = new Map<number, number>();
  const offeredTo = new Map<string, number[]>();
  for (const { leadId, slotUtc, state } of offers) {
    const slot = slotUtc.getTime();
    if (LIVE.some((live) => live === state)) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    if (state !== 'failed') offeredTo.set(leadId, [...(offeredTo.get(leadId) ?? []), slot]);
  }
  const byEmail = new Map(leads.map((lead) => [lead.email.toLowerCase(), lead]));
  const busy = bookings.map(({ startsAt, endsAt }) => ({ startMs: startsAt.getTime(), endMs: endsAt.getTime() }));
  const openMs = [...options.open];

  return {
    choose({ email, sendAt, replaces }) {
      if (checked.kind === 'invalid') return { kind: 'none', reason: checked.problem, steps: [] };
      const { hours, weekends, prefer } = checked.rules;
      const lead = email === undefined ? undefined : byEmail.get(email.toLowerCase());
      const offered = lead === undefined ? [] : (offeredTo.get(lead.id) ?? []);
      const selection = selectSlots({
        openMs, busy, count: options.count, sendAtMs: Math.max(sendAt, now), minNoticeMinutes: options.noticeMinutes,
        durationMinutes: options.durationMinutes, workspaceZone: options.timezone, leadZone: lead?.timezone ?? null,
        workingHours: hours, offerWeekends: weekends, prefer,
        offeredMs: offered.filter((slot) => !replaces.includes(slot)), offerCounts: counts,
      });
      if (selection.kind === 'none') return { kind: 'none', reason: selection.reason, steps: selection.steps };
      for (const slot of selection.slotsMs) counts.set(slot, (counts.get(slot) ?? 0) + 1);
      return { kind: 'chosen', slots: selection.slotsMs, leadZone: lead?.timezone ?? null, steps: selection.steps };
    },
  };
}
