/** What a sweep costs PostgreSQL, when nothing changed and when everything did. Counts, which no busy machine moves. */
import { atLeast, atMost, everyoneRefreshed, heapOnlyShareOf } from '../checks';
import type { Options } from '../options';
import type { Run } from '../programs';
import type { Section } from '../results';
import { awayFromSlotStart, prepare, timed, type Measure } from '../session';
import { query } from '../stage';
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
const MAX_WALL_MS_PER_WORKSPACE = 4;
/** For the five sweeps of a round. */
const ROUND_RESERVE_MS = 120_000;
/** 320 of 8 bytes. */
const SLOT_BYTES = 320 * 8;
const MAX_WAL_PER_SLOT_BYTE = 2;
/** Of rounds: the counts hardly differ, but for a vacuum in one of them. */
const MAX_REPEATS = 3;

export const database: Measure = {
  workspaces: ({ workspaces }) => workspaces,
  async run(session) {
    const { programs, stage, options } = session;
    const { workspaces, repeats } = options;
    await prepare(session, workspaces, P50_MS);
    const runs: DatabaseRuns = { settling: [], afterCheckpoint: [], between: [], changedAfterCheckpoint: [], changed: [] };
    const rounds = Math.min(repeats, MAX_REPEATS);
    const sweepAs = async (kind: keyof DatabaseRuns, name: string): Promise<void> => {
      runs[kind].push(await timed(session, name, () => programs.sweep()));
    };
    await sweepAs('settling', 'first sweep');
    // What the first sweep inserted is vacuumed once, and not in the middle of one that changes nothing.
    await query(stage.databaseUrl, 'VACUUM ANALYZE');
    for (let round = 1; round <= rounds; round++) {
      const of = `${String(round)}/${String(rounds)}`;
      // The first sweep of an hour keeps the counts of the last one: no slot, and so no hour, may pass within a round.
      await awayFromSlotStart(ROUND_RESERVE_MS);
      await sweepAs('settling', `settling ${of}`);
      await stage.meter.checkpoint();
      await sweepAs('afterCheckpoint', `unchanged, after a checkpoint ${of}`);
      await sweepAs('between', `unchanged ${of}`);
    }
    for (let round = 1; round <= rounds; round++) {
      const of = `${String(round)}/${String(rounds)}`;
      await stage.meter.checkpoint();
      await stage.simulator.call('bookEach', undefined);
      await sweepAs('changedAfterCheckpoint', `changed, first since a checkpoint ${of}`);
      await stage.simulator.call('bookEach', undefined);
      await sweepAs('changed', `changed ${of}`);
    }
    return databaseSection(runs, options);
  },
};

export type DatabaseRuns = Record<'settling' | 'afterCheckpoint' | 'between' | 'changedAfterCheckpoint' | 'changed', Run[]>;

/** What the runs say. Pure. */
export function databaseSection(runs: DatabaseRuns, { workspaces, short: isShort }: Pick<Options, 'workspaces' | 'short'>): Section {
  const { settling, afterCheckpoint, between, changedAfterCheckpoint, changed } = runs;
  const changing = [...changedAfterCheckpoint, ...changed];
  const unchanged = [...afterCheckpoint, ...between];
  const walOf = (runs: readonly Run[]): number => summaryOf(walsOf(runs, workspaces, isShort)).median;
  const isMiscounted = unchanged.some((run) => run.sweep?.changed !== 0) || changing.some((run) => run.sweep?.changed !== workspaces);
  const counted = unchanged.filter((run) => run.cost.wallMs <= workspaces * MAX_WALL_MS_PER_WORKSPACE);
  const statements = Math.max(...(counted.length > 0 ? counted : unchanged).map((run) => run.database?.statements ?? Infinity));
  const bytes = (value: number): string => `${formatNumber(value)} B`;
  return {
    title: `The database, a sweep of ${formatNumber(workspaces)} workspaces with the shipped defaults`,
    tables: [[
      ['', 'statements', 'workspaces a statement', 'WAL bytes a workspace', 'its statements’ own', 'heap-only', 'changed'],
      line('nothing changed, just after a checkpoint', afterCheckpoint, workspaces),
      line('nothing changed, between checkpoints', between, workspaces),
      line('a slot of every workspace changed, first since a checkpoint', changedAfterCheckpoint, workspaces),
      line('a slot of every workspace changed, between checkpoints', changed, workspaces),
    ]],
    notes: ['WAL is all that the server wrote meanwhile, vacuum’s too, and beside it what the sweep’s own statements did; a short run asks the latter, because vacuum comes when it likes.'],
    checks: [
      everyoneRefreshed([...settling, ...unchanged, ...changing], workspaces),
      { what: 'changed means changed', figure: isMiscounted ? 'counted wrongly' : `${String(unchanged.length + changing.length)} sweeps`, ok: !isMiscounted },
      atMost('WAL a workspace between checkpoints', walOf(between), MAX_WAL_BETWEEN, { say: bytes }),
      atMost('WAL a workspace just after a checkpoint', walOf(afterCheckpoint), MAX_WAL_AFTER_CHECKPOINT, { say: bytes }),
      atLeast('heap-only updates', heapOnlyShareOf(unchanged.flatMap((run) => run.database ?? [])) * 100, MIN_HEAP_ONLY_SHARE * 100, { say: (share) => `${share.toFixed(1)} %` }),
      atLeast('workspaces a statement, nothing changed,', workspaces / statements, MIN_WORKSPACES_A_STATEMENT, {
        say: (value) => formatNumber(value, 1), isAsked: workspaces >= MIN_WORKSPACES_FOR_STATEMENTS && counted.length > 0,
      }),
      atMost('WAL when all changed, between checkpoints, × the bytes of the slots,', walOf(changed) / SLOT_BYTES, MAX_WAL_PER_SLOT_BYTE),
    ],
    figures: runs,
  };
}

/** @param isOwn only that of the sweep's statements */
function walsOf(runs: readonly Run[], workspaces: number, isOwn: boolean): number[] {
  return runs.flatMap(({ database: use }) => {
    if (!use) return [];
    const bytes = isOwn ? use.byStatement.reduce((sum, { walBytes }) => sum + walBytes, 0) : use.walBytes;
    return [bytes / workspaces];
  });
}

function line(name: string, runs: readonly Run[], workspaces: number): string[] {
  const uses = runs.flatMap((run) => run.database ?? []);
  const statements = summaryOf(uses.map((use) => use.statements)).median;
  return [
    name, formatNumber(statements), formatNumber(workspaces / statements, 1), formatSpread(walsOf(runs, workspaces, false), 0), formatSpread(walsOf(runs, workspaces, true), 0),
    `${formatNumber(heapOnlyShareOf(uses) * 100, 1)} %`, formatNumber(summaryOf(runs.map((run) => run.sweep?.changed ?? NaN)).median),
  ];
}
