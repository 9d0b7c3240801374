/** What is asked of the figures. Pure. */
import type { DatabaseUse } from './database-meter';
import type { Results } from './results';

export interface Check {
  what: string;
  figure: string;
  /** Null: printed only, because it is not asked at this size or not in a short run. */
  ok: boolean | null;
}

/** The figures of wall time and memory are asked of sweeps up to this size. */
const SIZE = 1_000;
const MAX_WALL_MS = 15_000;
const MAX_RSS_MB = 300;
/** A sweep has some statements whatever its size; below this one they say nothing. */
const MIN_WORKSPACES_FOR_STATEMENTS = 1_000;
const WORKSPACES_A_STATEMENT = 25;
/** Results wait two seconds at most before they are written: on a machine that starves the sweep its batches are small. */
const MAX_WALL_FOR_STATEMENTS_MS = 10_000;
const MIN_HEAP_ONLY_SHARE = 0.9;

export function checksOf({ options, rows, database }: Pick<Results, 'options' | 'rows' | 'database'>): Check[] {
  const { workspaces, short: isShort } = options;
  const changing = [...database.changedAfterCheckpoint, ...database.changed];
  const defaults = [...rows.cold.runs, ...rows.defaults.runs, ...database.afterCheckpoint, ...database.between, ...changing];
  const ours = [...defaults, ...rows.ours.runs];
  const all = [...ours, ...rows.bare.runs, ...rows.naive.runs];
  const isTimeAsked = !isShort && workspaces <= SIZE;

  const mismatches = all.flatMap((run) => run.mismatches);
  const incomplete = ours.filter((run) => run.sweep?.refreshed !== workspaces || run.served.errors > 0);
  const spurious = [...database.afterCheckpoint, ...database.between].filter((run) => run.sweep?.changed !== 0);
  const missed = changing.filter((run) => run.sweep?.changed !== workspaces);
  const counted = defaults.filter((run) => run.cost.wallMs <= MAX_WALL_FOR_STATEMENTS_MS);
  const statements = Math.max(...counted.map((run) => run.database?.statements ?? Infinity));
  const budget = Math.floor(workspaces / WORKSPACES_A_STATEMENT);
  const wallMs = Math.max(...[...rows.cold.runs, ...rows.defaults.runs].map((run) => run.cost.wallMs));
  const rssMb = Math.max(...ours.map((run) => run.cost.peakRssMb));
  const heapOnly = heapOnlyShareOf([...rows.defaults.runs, ...database.between].flatMap((run) => run.database ?? []));

  return [
    { what: 'the same requests and bytes in every program', figure: mismatches[0] ?? `${String(all.length)} runs compared`, ok: mismatches.length === 0 },
    { what: 'every sweep refreshes every workspace', figure: incomplete.length === 0 ? `${String(ours.length)} sweeps` : sayIncomplete(incomplete[0]?.sweep), ok: incomplete.length === 0 },
    {
      what: 'changed means changed', figure: `${String(spurious.length)} unchanged and ${String(missed.length)} changed sweeps counted wrongly`,
      ok: spurious.length === 0 && missed.length === 0,
    },
    {
      what: `at most ${String(budget)} statements a sweep (1 for ${String(WORKSPACES_A_STATEMENT)} workspaces)`, figure: `${String(statements)} at most, in ${String(counted.length)} sweeps`,
      ok: workspaces < MIN_WORKSPACES_FOR_STATEMENTS || counted.length === 0 ? null : statements <= budget,
    },
    { what: `at least ${String(MIN_HEAP_ONLY_SHARE * 100)} % heap-only updates`, figure: `${(heapOnly * 100).toFixed(1)} %`, ok: heapOnly >= MIN_HEAP_ONLY_SHARE },
    { what: `a sweep with default settings within ${String(MAX_WALL_MS / 1000)} s`, figure: `${(wallMs / 1000).toFixed(1)} s at most`, ok: isTimeAsked ? wallMs < MAX_WALL_MS : null },
    { what: `resident memory under ${String(MAX_RSS_MB)} MB`, figure: `${String(Math.round(rssMb))} MB at most`, ok: isTimeAsked ? rssMb < MAX_RSS_MB : null },
  ];
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

function sayIncomplete(report: { refreshed: number; checked: number; errors: { byKind: object; first: { message: string } | null } } | undefined): string {
  if (!report) return 'no report';
  return `${String(report.refreshed)} of ${String(report.checked)}; ${JSON.stringify(report.errors.byKind)} ${report.errors.first?.message ?? ''}`;
}
