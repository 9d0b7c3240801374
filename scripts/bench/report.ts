/** The figures as text: ratios first, then absolute times, then what the database did. Pure. */
import { heapOnlyShareOf } from './checks';
import type { Row, Results } from './results';
import type { Run } from './programs';
import { ratiosOf, summaryOf } from './statistics';
import { alignedTable, formatNumber } from './table';

export function textOf(results: Results): string {
  const { options, machine, postgres, checks } = results;
  const { workspaces, agencies, repeats, p50 } = options;
  return [
    `${formatNumber(workspaces)} workspaces of ${formatNumber(agencies)} agencies, 320 slots each; answers in about ${String(p50)} ms (log-normal); ` +
      `${String(repeats)} ${repeats === 1 ? 'round' : 'rounds'}, medians (least–most)`,
    Object.entries(machine).map(([name, value]) => `${name} ${String(value)}`).join(', '),
    '',
    alignedTable(timesOf(results)),
    '',
    `Memory of ours before the first sweep: ${formatNumber(results.rows.cold.runs[0]?.cost.startRssMb ?? NaN)} MB`,
    '',
    alignedTable(databaseOf(results)),
    '',
    `PostgreSQL ${Object.entries(postgres).map(([name, value]) => (name === 'server_version' ? value : `${name}=${value}`)).join(', ')}`,
    '',
    ...checks.map(({ what, figure, ok }) => `${ok === null ? '·' : ok ? '✓' : '✗'} ${what}: ${figure}${ok === null ? ' (not asked here)' : ''}`),
  ].join('\n');
}

function timesOf({ rows }: Results): string[][] {
  const { bare } = rows;
  const row = ({ name, runs }: Row, isCompared: boolean): string[] => {
    const ratio = (of: (run: Run) => number): string => (isCompared ? spread(ratiosOf(runs.map(of), bare.runs.map(of)), 2) : '');
    const [last] = runs.slice(-1);
    return [
      name,
      ratio((run) => run.cost.wallMs), ratio((run) => run.cost.cpuMs),
      spread(runs.map((run) => run.cost.wallMs / 1000), 2), spread(runs.map((run) => run.cost.cpuMs / 1000), 2),
      formatNumber(Math.max(...runs.map((run) => run.cost.peakRssMb))),
      formatNumber(last?.requests ?? NaN), formatNumber(last?.bytes ?? NaN),
    ];
  };
  return [
    ['', '× bare wall', '× bare CPU', 'wall s', 'CPU s', 'peak MB', 'requests', 'bytes'],
    row(rows.ours, true), row(bare, true), ...peer(rows.naive).map((naive) => row(naive, true)), row(rows.defaults, true), row(rows.cold, false),
  ];
}

function databaseOf({ rows, database, options: { workspaces } }: Results): string[][] {
  const row = (name: string, runs: readonly Run[]): string[] => {
    const uses = runs.flatMap((run) => run.database ?? []);
    const statements = summaryOf(uses.map((use) => use.statements)).median;
    return [
      name,
      formatNumber(statements), formatNumber(workspaces / statements, 1),
      spread(uses.map((use) => use.walBytes / workspaces), 0),
      `${formatNumber(heapOnlyShareOf(uses) * 100, 1)} %`,
      formatNumber(summaryOf(runs.map((run) => run.sweep?.changed ?? NaN)).median),
    ];
  };
  return [
    ['database, a sweep', 'statements', 'workspaces a statement', 'WAL bytes a workspace', 'heap-only', 'changed'],
    row('first sweep ever', rows.cold.runs),
    row('nothing changed, just after a checkpoint', database.afterCheckpoint),
    row('nothing changed, between checkpoints', database.between),
    row('every workspace changed, after a checkpoint', database.changedAfterCheckpoint),
    row('every workspace changed, between checkpoints', database.changed),
    // It writes whole rows and tells nothing of changes.
    ...peer(rows.naive).map((naive) => [...row(naive.name, naive.runs).slice(0, 4), '', '']),
  ];
}

/** The naive row, unless it was left out. */
function peer(naive: Row): Row[] {
  return naive.runs.length === 0 ? [] : [naive];
}

/** `1.23 (1.20–1.31)`; one value alone without its spread. */
function spread(values: readonly number[], decimals: number): string {
  const { median, min, max } = summaryOf(values);
  if (values.length < 2) return formatNumber(median, decimals);
  return `${formatNumber(median, decimals)} (${formatNumber(min, decimals)}–${formatNumber(max, decimals)})`;
}

