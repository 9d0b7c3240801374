/** The hard rules of choosing: each a small predicate with a name, applied in this order. Pure. */
import type { Interval } from '../instants';
import { isWithinWorkingHours, NO_WEEKENDS, type WorkingHours } from './working-hours';
import { WEEKDAYS } from './week';
import { knownZone, MINUTE_MS } from './zone';

export interface RuleFacts {
  sendAtMs: number;
  minNoticeMinutes: number;
  durationMinutes: number;
  workspaceZone: string;
  /** Null: any hour. */
  workingHours: WorkingHours | null;
  offerWeekends: boolean;
  /** As the lead's row says it; what is no zone counts as unknown. */
  leadZone: string | null;
  /** Starts that this lead may have seen, in any offer. */
  offeredMs: readonly number[];
  /** Bookings of the workspace. */
  busy: readonly Interval[];
}

export const RULE_NAMES = ['notice', 'workingHours', 'leadHours', 'weekends', 'notOffered', 'notBooked'] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** Nobody is asked to meet at night, wherever they are. */
const LEAD_HOURS: WorkingHours = Object.fromEntries(WEEKDAYS.map((day) => [day, [['07:00', '21:00']]]));

export const RULE_MEANINGS: Record<RuleName, string> = {
  notice: 'after the send time plus the minimum notice',
  workingHours: "inside the workspace's working hours",
  leadHours: "between 07:00 and 21:00 of the lead's zone",
  weekends: 'outside weekends',
  notOffered: 'not offered to this lead before',
  notBooked: 'free of bookings',
};

type Rule = (meeting: Interval) => boolean;

/** The rules for one lead, ready to be asked about each meeting. */
export function rulesFor(facts: RuleFacts): { name: RuleName; allows: Rule }[] {
  const { workspaceZone, workingHours } = facts;
  const leadZone = knownZone(facts.leadZone);
  const earliestMs = facts.sendAtMs + facts.minNoticeMinutes * MINUTE_MS;
  const durationMs = facts.durationMinutes * MINUTE_MS;
  // To a lead, a time that overlaps one they were offered is the same time.
  const offered = facts.offeredMs.map((startMs) => ({ startMs, endMs: startMs + durationMs }));
  const allows: Record<RuleName, Rule> = {
    notice: ({ startMs }) => startMs >= earliestMs,
    workingHours: ({ startMs, endMs }) => isWithinWorkingHours(startMs, endMs, workingHours, workspaceZone),
    leadHours: ({ startMs, endMs }) => leadZone === null || isWithinWorkingHours(startMs, endMs, LEAD_HOURS, leadZone),
    weekends: ({ startMs, endMs }) => facts.offerWeekends || isWithinWorkingHours(startMs, endMs, NO_WEEKENDS, workspaceZone),
    notOffered: (meeting) => !offered.some((other) => overlaps(meeting, other)),
    notBooked: (meeting) => !facts.busy.some((booking) => overlaps(meeting, booking)),
  };
  return RULE_NAMES.map((name) => ({ name, allows: allows[name] }));
}

function overlaps(a: Interval, b: Interval): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}
