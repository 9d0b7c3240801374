/** The verdict over one time: the first reason that holds. Pure. */
import { millisecondsInDay as DAY_MS } from 'date-fns/constants';
import type { AvailabilityAnswer } from '../refresh/read';
import { isUsable } from '../refresh/state';
import { rulesFor } from '../slots/rules';
import { checkWorkingHours } from '../slots/working-hours';
import { MINUTE_MS } from '../slots/zone';
import type { WhyNotFacts } from './why-not-facts';

export type WhyNotCode =
  | 'past' | 'outside_window' | 'paused' | 'misconfigured' | 'unavailable'
  | 'booked' | 'disappeared' | 'not_on_grid' | 'never_returned'
  | 'outside_working_hours' | 'weekend' | 'short_notice' | 'already_offered' | 'open';

export interface WhyNotVerdict {
  code: WhyNotCode;
  /** A lead that has not had it yet may be offered it now. */
  isOffered: boolean;
  /** Readers are given it: it is open, whatever the rules of offering say. */
  isOpen: boolean;
  /** What is so, for a person. May name a lead: for a screen, never for a log. */
  sentence: string;
  /** The sweep that knows; null: none, or a refresh of this workspace alone. */
  runId: string | null;
}

export interface WhyNotInput extends WhyNotFacts {
  answer: Pick<AvailabilityAnswer, 'state' | 'reason' | 'asOf' | 'slotDurationMinutes'>;
  /** What readers are given. */
  openMs: readonly number[];
  now: number;
}

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export function decideWhyNot(facts: WhyNotInput, instantMs: number, lookaheadDays: number): WhyNotVerdict {
  const { answer, now, lastRunId } = facts;
  const no = (code: WhyNotCode, sentence: string, runId: string | null = null): WhyNotVerdict => ({ code, isOffered: false, isOpen: false, sentence, runId });
  if (instantMs <= now) return no('past', `It is past: it is ${utc(now)} now.`);
  if (answer.state === 'paused' || answer.state === 'misconfigured' || answer.state === 'unavailable') {
    return no(answer.state, `No time of this workspace is offered. ${answer.reason ?? ''}`.trim(), null);
  }
  if (instantMs >= now + lookaheadDays * DAY_MS) {
    return no('outside_window', `It is beyond the window: times are read ${String(lookaheadDays)} days ahead, to ${utc(now + lookaheadDays * DAY_MS)}.`);
  }
  const [booking] = facts.bookings;
  if (booking && (facts.isStored || !facts.disappeared)) {
    return no('booked', `It is booked by ${booking.lead ?? 'somebody who is no lead here'}: ${utc(booking.startMs)} to ${utc(booking.endMs)}, from ${booking.source}.`);
  }
  const isOpen = isUsable(answer.state) && facts.openMs.includes(instantMs);
  return isOpen ? offering(facts, instantMs) : missing(facts, instantMs, lastRunId, no);
}

/** The provider does not return it. */
function missing(facts: WhyNotInput, instantMs: number, lastRunId: string | null, no: (code: WhyNotCode, sentence: string, runId?: string | null) => WhyNotVerdict): WhyNotVerdict {
  const { answer, disappeared, appeared, openMs, historyFromMs } = facts;
  if (disappeared && disappeared.atMs >= (appeared?.atMs ?? 0)) {
    return no('disappeared', `It was open until ${utc(disappeared.atMs)}, when ${disappeared.runId === null ? 'a refresh of this workspace' : `run ${disappeared.runId}`} did not find it any more: booked, or closed, at the provider.`, disappeared.runId);
  }
  const asOf = answer.asOf === null ? 'never' : utc(Date.parse(answer.asOf));
  const seen = `the calendar was last read ${asOf}${lastRunId === null ? '' : ` by run ${lastRunId}`}`;
  if (answer.state === 'empty') return no('never_returned', `The provider says that no time at all is open; ${seen}.`, lastRunId);
  const step = answer.slotDurationMinutes ?? 30;
  const beside = openMs.filter((ms) => Math.abs(ms - instantMs) < step * MINUTE_MS);
  if (beside.length > 0) {
    return no('not_on_grid', `No meeting begins then, but one does at ${beside.map(utc).join(' and at ')}: the calendar's own grid has no such start.`, lastRunId);
  }
  const since = historyFromMs === null ? '' : `, and no change since ${utc(historyFromMs)} names it`;
  return no('never_returned', `The provider does not return it as open; ${seen}${since}.`, lastRunId);
}

/** It is open; whether a lead is offered it is for the rules. */
function offering(facts: WhyNotInput, instantMs: number): WhyNotVerdict {
  const { answer, now, timezone, offers } = facts;
  const no = (code: WhyNotCode, sentence: string): WhyNotVerdict => ({ code, isOffered: false, isOpen: true, sentence: `It is open, but not offered: ${sentence}`, runId: facts.lastRunId });
  const checked = checkWorkingHours(facts.workingHours);
  if (checked.kind === 'invalid') return no('outside_working_hours', `the working hours cannot be read (${checked.problems.join('; ')}).`);
  const durationMinutes = answer.slotDurationMinutes ?? 30;
  const rules = rulesFor({
    sendAtMs: now, minNoticeMinutes: facts.minNoticeMinutes, durationMinutes, workspaceZone: timezone, workingHours: checked.hours,
    offerWeekends: facts.offerWeekends, leadZone: null, offeredMs: [], busy: [],
  });
  const meeting = { startMs: instantMs, endMs: instantMs + durationMinutes * MINUTE_MS };
  const failed = rules.find(({ allows }) => !allows(meeting))?.name;
  if (failed === 'notice') return no('short_notice', `it begins in less than ${String(facts.minNoticeMinutes)} min, the minimum notice.`);
  if (failed === 'weekends') return no('weekend', `it is on a weekend in ${timezone}, and weekends are not offered.`);
  if (failed !== undefined) return no('outside_working_hours', `it is outside the working hours, in ${timezone}.`);
  const [newest] = offers;
  if (newest) {
    const more = offers.length > 1 ? `, and ${String(offers.length - 1)} more` : '';
    return {
      code: 'already_offered', isOffered: true, isOpen: true, runId: facts.lastRunId,
      sentence: `It is open, and was offered to ${newest.lead} (${newest.channel}, ${newest.state}, ${utc(newest.offeredAtMs)})${more}. They are not offered it again; others may be, after times that were offered less.`,
    };
  }
  return { code: 'open', isOffered: true, isOpen: true, sentence: 'It is open, and may be offered.', runId: facts.lastRunId };
}
