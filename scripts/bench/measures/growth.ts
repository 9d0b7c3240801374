/** Whether a workspace costs the same among many as among few. */
import { everyoneRefreshed } from '../checks';
import type { Run } from '../programs';
import { prepare, timed, type Measure } from '../session';
import { summaryOf } from '../statistics';
import { formatNumber, formatSpread } from '../table';

const SIZES = [1_000, 2_000, 5_000, 10_000, 20_000];
/** CPU does not depend on how long answers take, so they are quick. */
const P50_MS = 20;
const MAX_GROWTH = 0.15;
/** Small sweeps are repeated, so that each size has enough to measure. */
const WORKSPACES_MEASURED = 10_000;
const MAX_SWEEPS = 5;

export const growth: Measure = {
  workspaces: () => Math.max(...SIZES),
  async run(session) {
    const { programs } = session;
    const bySize: { size: number; runs: Run[] }[] = [];
    for (const size of SIZES) {
      await prepare(session, size, P50_MS);
      // Stores the slots, and lets the simulator render its answers.
      await timed(session, `${formatNumber(size)}: first sweep`, () => programs.sweep());
      const sweeps = Math.min(MAX_SWEEPS, Math.max(2, Math.ceil(WORKSPACES_MEASURED / size)));
      const runs: Run[] = [];
      for (let sweep = 1; sweep <= sweeps; sweep++) runs.push(await timed(session, `${formatNumber(size)}: sweep ${String(sweep)}/${String(sweeps)}`, () => programs.sweep()));
      bySize.push({ size, runs });
    }
    const cpuUs = ({ size, runs }: (typeof bySize)[number]): number[] => runs.map((run) => (run.cost.cpuMs * 1000) / size);
    const medians = bySize.map((one) => summaryOf(cpuUs(one)).median);
    const base = medians[0] ?? NaN;
    const growths = medians.map((median) => median / base - 1);
    return {
      title: `Growth: CPU of a sweep's process a workspace; answers in about ${String(P50_MS)} ms, nothing changed`,
      tables: [[
        ['workspaces', 'CPU µs a workspace', '× the smallest', 'peak MB', 'statements'],
        ...bySize.map((one, index) => [
          formatNumber(one.size), formatSpread(cpuUs(one), 0), formatNumber((growths[index] ?? NaN) + 1, 2),
          formatNumber(Math.max(...one.runs.map((run) => run.cost.peakRssMb))), formatNumber(summaryOf(one.runs.map((run) => run.database?.statements ?? NaN)).median),
        ]),
      ]],
      notes: [],
      checks: [
        ...bySize.map(({ size, runs }) => ({ ...everyoneRefreshed(runs, size), what: `every sweep of ${formatNumber(size)} refreshes every workspace` })),
        {
          what: `CPU a workspace grows by at most ${String(MAX_GROWTH * 100)} % from ${formatNumber(SIZES[0] ?? NaN)} workspaces to any larger number`,
          figure: `${(Math.max(...growths) * 100).toFixed(0)} %`, ok: growths.every((share) => share <= MAX_GROWTH),
        },
      ],
      figures: bySize,
    };
  },
};
