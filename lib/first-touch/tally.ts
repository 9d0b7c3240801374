/** Counts a run. Every lead that was looked at is counted once, so the counts add up. */
import { OUTCOMES, type LeadResult, type Outcome } from './types';

export type Counts = Record<Outcome, number>;

export interface VisitReport {
  workspaceId: string;
  name: string;
  /** = the sum of its counts. */
  checked: number;
  counts: Partial<Counts>;
  /** Why leads went a way that the count does not explain, and how many. */
  reasons: Record<string, number>;
  /** The workspace as a whole could not be worked on to its end. */
  error?: { kind: string; message: string };
  /** The run ended first. */
  isCutOff: boolean;
}

/** An answer must not grow with what went wrong. */
const REASONS_SHOWN = 12;

export class VisitTally {
  private readonly counts: Partial<Counts> = {};
  private readonly reasons = new Map<string, number>();
  private checked = 0;

  add({ outcome, reason }: LeadResult): void {
    this.checked++;
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    if (reason === undefined) return;
    const key = `${outcome}: ${reason}`;
    this.reasons.set(key, (this.reasons.get(key) ?? 0) + 1);
  }

  report(workspace: { workspaceId: string; name: string }, more: Pick<VisitReport, 'error' | 'isCutOff'>): VisitReport {
    const { workspaceId, name } = workspace;
    const shown = [...this.reasons].sort(([, a], [, b]) => b - a).slice(0, REASONS_SHOWN);
    return { workspaceId, name, checked: this.checked, counts: this.counts, reasons: Object.fromEntries(shown), ...more };
  }
}

export function sumOf(visits: readonly VisitReport[]): { checked: number } & Counts {
  const sum = { checked: 0, ...(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Counts) };
  for (const { checked, counts } of visits) {
    sum.checked += checked;
    for (const outcome of OUTCOMES) sum[outcome] += counts[outcome] ?? 0;
  }
  return sum;
}

const NOTABLE: readonly Outcome[] = ['failed', 'unknown', 'notRendered', 'sentWithout', 'unusable', 'noSlots', 'notReached'];

/** What somebody should look at first: workspaces in error, then those with most leads that went wrong. */
export function mostNotable(visits: readonly VisitReport[], count: number): VisitReport[] {
  const weight = ({ error, counts, isCutOff }: VisitReport): number =>
    (error ? 1_000_000 : 0) + (isCutOff ? 100_000 : 0) + NOTABLE.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
  return visits
    .map((visit) => ({ visit, weight: weight(visit) }))
    .filter((one) => one.weight > 0 || one.visit.checked > 0)
    .sort((a, b) => b.weight - a.weight || b.visit.checked - a.visit.checked)
    .slice(0, count)
    .map(({ visit }) => visit);
}
