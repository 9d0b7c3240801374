/** Checks that several measures make of their runs. Pure. */
import type { DatabaseUse } from './database-meter';
import type { Run } from './programs';
import type { Check } from './results';

interface TargetOptions {
  say?: (value: number) => string;
  /** False: printed only. */
  isAsked?: boolean;
}

const twoDecimals = (value: number): string => value.toFixed(2);

/** A figure that must not be above its target. */
export function atMost(what: string, value: number, target: number, { say = twoDecimals, isAsked = true }: TargetOptions = {}): Check {
  return { what: `${what} at most ${say(target)}`, figure: say(value), ok: isAsked ? value <= target : null };
}

export function atLeast(what: string, value: number, target: number, { say = twoDecimals, isAsked = true }: TargetOptions = {}): Check {
  return { what: `${what} at least ${say(target)}`, figure: say(value), ok: isAsked ? value >= target : null };
}

export function sameBytes(runs: readonly Run[]): Check {
  const mismatches = runs.flatMap((run) => run.mismatches);
  return { what: 'the same requests and bytes in every program', figure: mismatches[0] ?? `${String(runs.length)} runs compared`, ok: mismatches.length === 0 };
}

/** A figure of a sweep that left workspaces out would be worth nothing. */
export function everyoneRefreshed(runs: readonly Run[], workspaces: number): Check {
  const [first] = runs.filter((run) => run.sweep?.refreshed !== workspaces || run.served.errors > 0);
  return { what: 'every sweep refreshes every workspace', figure: first ? sayIncomplete(first.sweep) : `${String(runs.length)} sweeps`, ok: first === undefined };
}

function sayIncomplete(report: Run['sweep']): string {
  if (!report) return 'no report';
  return `${String(report.refreshed)} of ${String(report.checked)}; ${JSON.stringify(report.errors.byKind)} ${report.errors.first?.message ?? ''}`;
}

/** Of the rows that every refresh updates. */
export function heapOnlyShareOf(uses: readonly DatabaseUse[]): number {
  let [total, heapOnly] = [0, 0];
  for (const { updates } of uses) {
    total += updates.WorkspaceAvailabilityStatus?.total ?? 0;
    heapOnly += updates.WorkspaceAvailabilityStatus?.heapOnly ?? 0;
  }
  return total === 0 ? 0 : heapOnly / total;
}
