/** One sweep beside the bare cost of its requests and the obvious program. */
import { atMost, everyoneRefreshed, sameBytes } from '../checks';
import type { Options } from '../options';
import type { Run } from '../programs';
import type { Section } from '../results';
import { awayFromSlotStart, LONGEST_MS, prepare, slotPeriod, timed, type Measure, type Session } from '../session';
import { alternate, ratiosOf, summaryOf } from '../statistics';
import { formatNumber, formatSpread } from '../table';

const MAX_WALL_RATIO = 1.3;
const MAX_CPU_RATIO = 1.5;
const MAX_RSS_MB = 350;

interface Row {
  name: string;
  runs: Run[];
}

export const sweep: Measure = {
  workspaces: ({ workspaces }) => workspaces,
  async run(session) {
    const { programs, stage, options } = session;
    const { workspaces, repeats, concurrency, p50, short: isShort, cpuProf } = options;
    await prepare(session, workspaces, p50);
    const fixed = `concurrency ${String(concurrency)}`;
    const rows = {
      ours: { name: `ours, ${fixed}`, runs: [] as Run[] },
      bare: { name: `bare requests and JSON.parse, ${fixed}`, runs: [] as Run[] },
      naive: { name: `naive peer, ${fixed}`, runs: [] as Run[] },
      anew: { name: `ours, every answer read anew, ${fixed}`, runs: [] as Run[] },
      defaults: { name: 'ours, shipped defaults, warm', runs: [] as Run[] },
      cold: { name: 'ours, shipped defaults, first sweep ever', runs: [] as Run[] },
    };
    // The first answers are rendered by the simulator, which is nobody's cost.
    await timed(session, 'warm-up of the providers', () => programs.sweep());
    if (!isShort) rows.cold.runs.push(await timed(session, 'first sweep ever', programs.cold));
    let recordedIn = NaN;
    /** Holding requests costs memory and time, so the sweep that is recorded is none of those that are compared. */
    const record = async (): Promise<void> => {
      await awayFromSlotStart(2 * LONGEST_MS);
      if (slotPeriod() === recordedIn) return;
      recordedIn = slotPeriod();
      await timed(session, 'recording', () => programs.sweep({ isRecorded: true }));
    };
    await record();
    // Where times are not asked for, nothing needs to be warm, and the peer has nothing to show.
    const names = isShort ? (['ours', 'bare', 'defaults'] as const) : (['ours', 'bare', 'anew', 'defaults', 'naive'] as const);
    const contenders = {
      ours: () => programs.sweep({ concurrency }),
      bare: () => programs.bare(concurrency),
      anew: () => programs.sweep({ concurrency, isReadAnew: true }),
      defaults: () => programs.sweep(),
      naive: () => programs.naive(concurrency),
    };
    if (!isShort) {
      await stage.copyForNaive();
      await timed(session, 'warm-up of the bare program', contenders.bare);
    }
    for (const [round, order] of alternate(names, repeats).entries()) {
      for (const name of order) {
        await record();
        rows[name].runs.push(await timed(session, `${name} ${String(round + 1)}/${String(repeats)}`, contenders[name]));
      }
    }
    if (cpuProf) await profile(session);
    return sweepSection(rows, options);
  },
};

export type SweepRows = Record<'ours' | 'bare' | 'anew' | 'naive' | 'defaults' | 'cold', Row>;

/** What the runs say. Pure. */
export function sweepSection(rows: SweepRows, options: Options): Section {
  const { ours, bare, anew, naive, defaults, cold } = rows;
  const { workspaces, p50, repeats, short: isShort } = options;
  const ratios = ({ runs }: Row, of: (run: Run) => number): number[] => ratiosOf(runs.map(of), bare.runs.map(of));
  const wallOf = (run: Run): number => run.cost.wallMs;
  const cpuOf = (run: Run): number => run.cost.cpuMs;
  const line = (row: Row, isCompared: boolean): string[] => [
    row.name,
    isCompared ? formatSpread(ratios(row, wallOf), 2) : '',
    isCompared ? formatSpread(ratios(row, cpuOf), 2) : '',
    formatSpread(row.runs.map((run) => wallOf(run) / 1000), 2),
    formatSpread(row.runs.map((run) => cpuOf(run) / 1000), 2),
    formatNumber(Math.max(...row.runs.map((run) => run.cost.peakRssMb))),
    formatNumber(row.runs.at(-1)?.requests ?? NaN),
    formatNumber(row.runs.at(-1)?.bytes ?? NaN),
  ];
  const rssMb = Math.max(...[...ours.runs, ...anew.runs, ...defaults.runs, ...cold.runs].map((run) => run.cost.peakRssMb));
  const isAsked = !isShort;
  return {
    title: `A sweep of ${formatNumber(workspaces)} workspaces; answers in about ${String(p50)} ms (log-normal); ${String(repeats)} ${repeats === 1 ? 'round' : 'rounds'}`,
    tables: [[
      ['', '× bare wall', '× bare CPU', 'wall s', 'CPU s', 'peak MB', 'requests', 'bytes'],
      line(ours, true), line(bare, true), line(defaults, true), ...[anew, naive, cold].flatMap((row) => (row.runs.length > 0 ? [line(row, row !== cold)] : [])),
    ]],
    notes: [
      ...(anew.runs.length > 0 ? ['An answer whose text was read before is not read again; read anew is the case that all calendars changed in the minute.'] : []),
      ...cold.runs.flatMap((run) => `Memory of ours before the first sweep: ${formatNumber(run.cost.startRssMb)} MB`),
    ],
    checks: [
      sameBytes(Object.values(rows).flatMap(({ runs }) => runs)),
      everyoneRefreshed([...ours.runs, ...anew.runs, ...defaults.runs, ...cold.runs], workspaces),
      atMost('wall time, × bare,', summaryOf(ratios(ours, wallOf)).median, MAX_WALL_RATIO, { isAsked }),
      atMost('CPU, × bare,', summaryOf(ratios(ours, cpuOf)).median, MAX_CPU_RATIO, { isAsked }),
      atMost('peak resident memory', rssMb, MAX_RSS_MB, { say: (mb) => `${formatNumber(mb)} MB`, isAsked }),
    ],
    figures: rows,
  };
}

async function profile(session: Session): Promise<void> {
  const { programs, options: { concurrency, json } } = session;
  const file = (name: string): string => `${json.replace(/\.json$/, '')}.${name}.cpuprofile`;
  await timed(session, 'profile of ours', () => programs.sweep({ concurrency, profileFile: file('ours') }));
  await timed(session, 'profile of bare', () => programs.bare(concurrency, file('bare')));
}
