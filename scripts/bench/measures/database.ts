/** What a sweep costs PostgreSQL, when nothing changed and when everything did. Counts, which no busy machine moves. */
import { atLeast, atMost, everyoneRefreshed, heapOnlyShareOf } from '../checks';
import type { Run } from '../programs';
import type { Section } from '../results';
import { prepare, timed, type Measure } from '../session';
import { summaryOf } from '../statistics';
import { formatNumber, formatSpread } from '../table';

/** Counts do not depend on it, so it is short. */
const P50_MS = 20;
const MAX_WAL_BETWEEN = 200;
const MAX_WAL_AFTER_CHECKPOINT = 300;
const MIN_HEAP_ONLY_SHARE = 0.9;
const MIN_WORKSPACES_A_STATEMENT = 50;
/** A sweep has some statements whatever its size; below this one they say nothing. */
const MIN_WORKSPACES_FOR_STATEMENTS = 1_000;
/** Results wait two seconds at most before they are written: on a machine that starves the sweep its batches are small. */
const MAX_WALL_MS_PER_WORKSPACE = 10;
/** 320 of 8 bytes. */
const SLOT_BYTES = 320 * 8;
const MAX_WAL_PER_SLOT_BYTE = 2;
/** Of rounds: the counts hardly differ. */
const MAX_REPEATS = 2;

export const database: Measure = {
  workspaces: ({ workspaces }) => workspaces,
  async run(session) {
    const { programs, stage, options: { workspaces, repeats } } = session;
    await prepare(session, workspaces, P50_MS);
    const rounds = Math.min(repeats, MAX_REPEATS);
    const afterCheckpoint: Run[] = [];
    const between: Run[] = [];
    const changed: Run[] = [];
    const settling: Run[] = [];
    settling.push(await timed(session, 'first sweep', () => programs.sweep()));
    // Updates spread the rows over the half-empty pages they were inserted into; three minutes of life.
    for (let sweep = 1; sweep <= 2; sweep++) settling.push(await timed(session, `settling ${String(sweep)}/2`, () => programs.sweep()));
    for (let round = 1; round <= rounds; round++) {
      const of = `${String(round)}/${String(rounds)}`;
      await stage.meter.checkpoint();
      afterCheckpoint.push(await timed(session, `unchanged, after a checkpoint ${of}`, () => programs.sweep()));
      between.push(await timed(session, `unchanged ${of}`, () => programs.sweep()));
      await stage.simulator.call('bookEach', undefined);
      changed.push(await timed(session, `changed ${of}`, () => programs.sweep()));
      settling.push(await timed(session, `settling after it ${of}`, () => programs.sweep()));
    }

    return databaseSection({ settling, afterCheckpoint, between, changed }, workspaces);
  },
};

export type DatabaseRuns = Record<'settling' | 'afterCheckpoint' | 'between' | 'changed', Run[]>;

/** What the runs say. Pure. */
export function databaseSection({ settling, afterCheckpoint, between, changed }: DatabaseRuns, workspaces: number): Section {
  const unchanged = [...afterCheckpoint, ...between];
  const walOf = (runs: readonly Run[]): number => summaryOf(runs.map((run) => (run.database?.walBytes ?? NaN) / workspaces)).median;
  const isMiscounted = unchanged.some((run) => run.sweep?.changed !== 0) || changed.some((run) => run.sweep?.changed !== workspaces);
  const counted = unchanged.filter((run) => run.cost.wallMs <= Math.max(10_000, workspaces * MAX_WALL_MS_PER_WORKSPACE));
  const statements = Math.max(...counted.map((run) => run.database?.statements ?? Infinity));
  const bytes = (value: number): string => `${formatNumber(value)} B`;
  return {
    title: `The database, a sweep of ${formatNumber(workspaces)} workspaces with the shipped defaults`,
    tables: [[
      ['', 'statements', 'workspaces a statement', 'WAL bytes a workspace', 'heap-only', 'changed'],
      line('nothing changed, just after a checkpoint', afterCheckpoint, workspaces),
      line('nothing changed, between checkpoints', between, workspaces),
      line('a slot of every workspace changed', changed, workspaces),
    ]],
    notes: [],
    checks: [
      everyoneRefreshed([...settling, ...unchanged, ...changed], workspaces),
      { what: 'changed means changed', figure: isMiscounted ? 'counted wrongly' : `${String(unchanged.length + changed.length)} sweeps`, ok: !isMiscounted },
      atMost('WAL a workspace between checkpoints', walOf(between), MAX_WAL_BETWEEN, { say: bytes }),
      atMost('WAL a workspace just after a checkpoint', walOf(afterCheckpoint), MAX_WAL_AFTER_CHECKPOINT, { say: bytes }),
      atLeast('heap-only updates', heapOnlyShareOf(unchanged.flatMap((run) => run.database ?? [])) * 100, MIN_HEAP_ONLY_SHARE * 100, { say: (share) => `${share.toFixed(1)} %` }),
      atLeast('workspaces a statement, nothing changed,', workspaces / statements, MIN_WORKSPACES_A_STATEMENT, {
        say: (value) => formatNumber(value, 1), isAsked: workspaces >= MIN_WORKSPACES_FOR_STATEMENTS && counted.length > 0,
      }),
      atMost('WAL when all changed, × the bytes of the slots,', walOf(changed) / SLOT_BYTES, MAX_WAL_PER_SLOT_BYTE),
    ],
    figures: { afterCheckpoint, between, changed },
  };
}

function line(name: string, runs: readonly Run[], workspaces: number): string[] {
  const uses = runs.flatMap((run) => run.database ?? []);
  const statements = summaryOf(uses.map((use) => use.statements)).median;
  return [
    name, formatNumber(statements), formatNumber(workspaces / statements, 1), formatSpread(uses.map((use) => use.walBytes / workspaces), 0),
    `${formatNumber(heapOnlyShareOf(uses) * 100, 1)} %`, formatNumber(summaryOf(runs.map((run) => run.sweep?.changed ?? NaN)).median),
  ];
}
