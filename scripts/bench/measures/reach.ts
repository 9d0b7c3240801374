/** How many workspaces one ordinary run refreshes before its time is over. */
import { atLeast, sameBytes } from '../checks';
import { prepare, timed, type Measure } from '../session';
import { formatNumber } from '../table';

/** More than one run can do, so that its end is the budget's. */
const WORKSPACES = 30_000;
const BUDGET_MS = 50_000;
const WARM_UP_BUDGET_MS = 280_000;
const WARM_UP_P50_MS = 20;
const MIN_REACH = 20_000;

export const reach: Measure = {
  workspaces: () => WORKSPACES,
  async run(session) {
    const { programs, stage, options: { p50 } } = session;
    await prepare(session, WORKSPACES, WARM_UP_P50_MS);
    await timed(session, 'first sweep, without a hurry', () => programs.sweep({ timeBudgetMs: WARM_UP_BUDGET_MS }), WARM_UP_BUDGET_MS / 2);
    await stage.simulator.call('setLatency', p50);
    const run = await timed(session, `a run of ${String(BUDGET_MS / 1000)} s`, () => programs.sweep({ timeBudgetMs: BUDGET_MS }), BUDGET_MS + 10_000);
    const report = run.sweep;
    const refreshed = report?.refreshed ?? 0;
    return {
      title: `Reach: one run of ${String(BUDGET_MS / 1000)} s over ${formatNumber(WORKSPACES)} workspaces, shipped defaults; answers in about ${String(p50)} ms`,
      tables: [[
        ['refreshed', 'changed', 'not reached', 'cut off', 'failed', 'wall s', 'CPU s', 'peak MB', 'requests a second', 'most under way'],
        [
          formatNumber(refreshed), formatNumber(report?.changed ?? NaN), formatNumber(report?.notReached ?? NaN), formatNumber(report?.abandoned ?? NaN),
          formatNumber(report?.errors.total ?? NaN), formatNumber(run.cost.wallMs / 1000, 1), formatNumber(run.cost.cpuMs / 1000, 1),
          formatNumber(run.cost.peakRssMb), formatNumber((run.requests / run.cost.wallMs) * 1000), formatNumber(run.served.maxInFlight),
        ],
      ]],
      notes: refreshed === WORKSPACES ? ['All of them were refreshed: the reach is more than this.'] : [],
      // What the end of the run cut off was served but not received, so only a finished run has equal counts.
      checks: [...(refreshed === WORKSPACES ? [sameBytes([run])] : []), atLeast('workspaces in one run', refreshed, MIN_REACH, { say: (value) => formatNumber(value) })],
      figures: run,
    };
  },
};
