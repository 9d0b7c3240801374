/** What to do for one send: offer which times, or why none. Pure. */
import { epochOf } from '../instants';
import type { AvailabilityAnswer, ReadResult } from '../refresh/read';
import { isUsable, type WorkspaceState } from '../refresh/state';
import type { LedgerFacts, Offer, Send } from './ledger';
import { checkOfferRules } from './offer-rules';
import type { RuleName } from './rules';
import { selectSlots, type RuleStep } from './select';

export interface OfferRequest extends Send {
  workspaceId: string;
  /** 1 to 5; fewer when fewer are left. */
  count: number;
  /** When the email is to go out; in the past it counts as now. */
  sendAtMs: number;
  minNoticeMinutes: number;
  /** The readers' age limit. */
  maxAgeMs: number;
  /** Default: the database's clock. */
  nowMs?: number;
  /** Longest wait for other writers of the workspace, whole milliseconds of at least 1; bounded by the caller's deadline. */
  lockWaitMs?: number;
}

/** What a sentence needs besides the times, read together with them. */
export interface OfferContext {
  leadZone: string | null;
  workspaceZone: string;
  /** BCP 47; null: the default. */
  locale: string | null;
  bookingLink: string | null;
  state: WorkspaceState;
  asOf: string | null;
}

export type OfferOutcome =
  | { kind: 'prepared'; offers: Offer[]; context: OfferContext }
  /** Made before, for this very send. `unconfirmed`: the calendar is not usable now; `taken`: also past. */
  | { kind: 'existing'; offers: Offer[]; standing: 'open' | 'taken' | 'unconfirmed'; context: OfferContext }
  | { kind: 'none'; emptiedBy: RuleName | 'open'; reason: string; steps: RuleStep[]; context: OfferContext }
  | { kind: 'unusable'; reason: string; context: OfferContext }
  /** The lead has a booking to come. */
  | { kind: 'booked'; context: OfferContext }
  /** The workspace or the lead is not there any more. */
  | { kind: 'gone' }
  /** Another writer held the workspace too long; nothing was written. */
  | { kind: 'busy' };

export type OfferDecision = Exclude<OfferOutcome, { kind: 'prepared' | 'busy' }> | { kind: 'choose'; slotsMs: number[]; context: OfferContext };

/** What to do for a send, from facts alone. */
export function decideOffer(facts: LedgerFacts, { answer, now }: ReadResult, request: Omit<OfferRequest, 'leadId'>): OfferDecision {
  const { leadZone, workspaceZone, busy } = facts;
  const context: OfferContext = { leadZone, workspaceZone, locale: facts.locale, bookingLink: answer.calendarUrl, state: answer.state, asOf: answer.asOf };
  const openMs = answer.slotsUtc.map(epochOf);
  const live = ofSend(facts, request).filter(({ state }) => state === 'prepared' || state === 'sent');
  if (facts.isBooked && !live.some(({ state }) => state === 'sent')) return { kind: 'booked', context };
  if (live.length > 0) return { kind: 'existing', offers: live, standing: standingOf(live, answer, openMs), context };
  const durationMinutes = answer.slotDurationMinutes;
  if ((!isUsable(answer.state) && answer.state !== 'empty') || durationMinutes === null) {
    return { kind: 'unusable', reason: answer.reason ?? 'The calendar has not been read.', context };
  }
  const checked = checkOfferRules(facts);
  if (checked.kind === 'invalid') return { kind: 'unusable', reason: checked.problem, context };
  const { hours, weekends, prefer } = checked.rules;
  const selection = selectSlots({
    openMs, durationMinutes, busy, leadZone, workspaceZone, prefer,
    count: request.count,
    sendAtMs: Math.max(request.sendAtMs, now),
    minNoticeMinutes: request.minNoticeMinutes,
    workingHours: hours,
    offerWeekends: weekends,
    offeredMs: facts.offers.filter(({ state }) => state !== 'failed').map(({ startMs }) => startMs),
    offerCounts: facts.counts,
  });
  if (selection.kind === 'none') return { ...selection, context };
  return { kind: 'choose', slotsMs: selection.slotsMs, context };
}

/** The lead's offers for one email, whatever their state. */
function ofSend(facts: LedgerFacts, { channel, sendKey }: Omit<Send, 'leadId'>): Offer[] {
  return facts.offers.filter((offer) => offer.channel === channel && offer.sendKey === sendKey);
}

function standingOf(offers: readonly Offer[], { state }: AvailabilityAnswer, openMs: readonly number[]): 'open' | 'taken' | 'unconfirmed' {
  if (!isUsable(state) && state !== 'empty') return 'unconfirmed';
  const open = new Set(openMs);
  return offers.every(({ startMs }) => open.has(startMs)) ? 'open' : 'taken';
}
