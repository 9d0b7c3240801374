/**
 * Which of the open slots a lead is offered. Pure.
 *
 * Hard rules first, one after the other; they never fail open: when none is left, nothing is offered and the
 * rule that emptied the list is the reason. Of what is left, preferred days come first and other days fill
 * up; then what was offered least; only among equals days, then halves of the day, are spread.
 *
 * What is still equal ends by time, the soonest first, and not by chance: the counts, which the ledger raises
 * under a lock, already give the next lead other slots, and a preview shows what will be sent.
 */
import { RULE_MEANINGS, rulesFor, type RuleFacts, type RuleName } from './rules';
import { weekdayOf, type Weekday } from './week';
import { DAY_MS, MINUTE_MS, wallMs } from './zone';

export const MAX_OFFERED = 5;

/** A day is preferred when it meets what is given. */
export interface Preference {
  /** In the workspace's zone. */
  weekdays?: readonly Weekday[];
  /** At most this many times 24 h after the send time. */
  withinDays?: number;
}

export interface SelectInput extends RuleFacts {
  /** Starts, epoch milliseconds, in any order. */
  openMs: readonly number[];
  /** 1 to 5. */
  count: number;
  prefer?: Preference;
  /** How often each start stands in a live offer to anybody; absent: never. */
  offerCounts: ReadonlyMap<number, number>;
}

/** How many slots were left after each rule. */
export interface RuleStep {
  rule: RuleName;
  left: number;
}

export type Selection =
  | { kind: 'selected'; slotsMs: number[]; steps: RuleStep[] }
  | { kind: 'none'; emptiedBy: RuleName | 'open'; reason: string; steps: RuleStep[] };

export function selectSlots(input: SelectInput): Selection {
  if (!Number.isInteger(input.count) || input.count < 1 || input.count > MAX_OFFERED) {
    throw new RangeError(`count ${String(input.count)} must be an integer from 1 to ${String(MAX_OFFERED)}`);
  }
  let left = [...new Set(input.openMs)];
  if (left.length === 0) return { kind: 'none', emptiedBy: 'open', reason: 'No time is open.', steps: [] };
  const durationMs = input.durationMinutes * MINUTE_MS;
  const steps: RuleStep[] = [];
  for (const { name, allows } of rulesFor(input)) {
    const before = left.length;
    left = left.filter((startMs) => allows({ startMs, endMs: startMs + durationMs }));
    steps.push({ rule: name, left: left.length });
    if (left.length === 0) {
      const reason = `Of ${String(before)} open times that passed the rules before, none is ${RULE_MEANINGS[name]}.`;
      return { kind: 'none', emptiedBy: name, reason, steps };
    }
  }
  const slotsMs = choose(left.map((startMs) => candidateOf(startMs, input)), input.count);
  return { kind: 'selected', slotsMs, steps };
}

interface Candidate {
  startMs: number;
  isPreferred: boolean;
  offered: number;
  day: number;
  /** 0 before noon, 1 after, on the workspace's clock. */
  half: number;
}

function candidateOf(startMs: number, { prefer, sendAtMs, offerCounts, workspaceZone }: SelectInput): Candidate {
  const wall = wallMs(startMs, workspaceZone);
  const day = Math.floor(wall / DAY_MS);
  return {
    startMs,
    isPreferred:
      (prefer?.weekdays === undefined || prefer.weekdays.includes(weekdayOf(wall))) &&
      (prefer?.withinDays === undefined || startMs <= sendAtMs + prefer.withinDays * DAY_MS),
    offered: offerCounts.get(startMs) ?? 0,
    day,
    half: wall - day * DAY_MS < DAY_MS / 2 ? 0 : 1,
  };
}

/** One at a time, each the best beside those already chosen. */
function choose(candidates: Candidate[], count: number): number[] {
  const chosen: Candidate[] = [];
  const open = new Set(candidates);
  while (chosen.length < count && open.size > 0) {
    let best: { candidate: Candidate; rank: number[] } | undefined;
    for (const candidate of open) {
      const rank = rankBeside(candidate, chosen);
      if (best === undefined || compare(rank, best.rank) < 0) best = { candidate, rank };
    }
    if (best === undefined) break;
    chosen.push(best.candidate);
    open.delete(best.candidate);
  }
  return chosen.map(({ startMs }) => startMs).sort((a, b) => a - b);
}

/** Lower is better, the first number that differs decides. */
function rankBeside(candidate: Candidate, chosen: readonly Candidate[]): number[] {
  return [
    candidate.isPreferred ? 0 : 1,
    candidate.offered,
    chosen.filter(({ day }) => day === candidate.day).length,
    chosen.filter(({ day, half }) => day === candidate.day && half === candidate.half).length,
    chosen.filter(({ half }) => half === candidate.half).length,
    candidate.startMs,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
