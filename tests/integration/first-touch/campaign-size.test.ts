/**
 * A large campaign, of which a part is due. In full: npm run test:faults -- --only jobs (by default a tenth of it).
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { SettingsSpec } from '../../../scripts/simulator/server';
import { createStage, DAY, expectLedgerToEqualEmails, HOUR, MINUTE, MONDAY, type Stage } from './support';

const LEADS = Number(process.env.FIRST_TOUCH_LEADS ?? 500);
/** Of 5,000, 600. */
const DUE = Math.round(LEADS * 0.12);
const FALLBACK = 'a time that suits you';

let stage: Stage;
afterEach(async () => { await stage.close(); });

const modes: [string, SettingsSpec][] = [
  ['rendered at scheduling, once and for all', { rendersAt: 'scheduling', patchRerenders: false, honoursPerPage: true }],
  ['rendered at sending', { rendersAt: 'sending', queuedBody: 'live', honoursPerPage: true }],
];

describe(`a campaign of ${String(LEADS)} leads, ${String(DUE)} a day`, () => {
  it.each(modes)('%s: every email goes out with open times or the fallback, and the fallback is explained', async (_name, settings) => {
    stage = await createStage(settings);
    // Few times: a lead takes two, each may be offered to several.
    const workspace = await stage.addWorkspace({ campaigns: [{ status: 'queued', maxNewLeadsPerDay: DUE, leads: { count: LEADS } }] });
    const campaign = stage.sim.emailbison.workspaces()[0]?.campaigns[0]?.id ?? 0;
    const prepared = await stage.run({ timeBudgetMs: 290_000 });
    expect(prepared).toMatchObject({ updated: 2 * DUE, notDue: LEADS - 2 * DUE, finishedWithinBudget: true });
    stage.sim.emailbison.setCampaign(workspace, campaign, 'launch');

    // Through the first day; for an hour of it nobody can confirm a time.
    const reasons: Record<string, number> = {};
    for (const minute of [1, 60, 120, 150, 180, 240, 360, 540]) {
      if (minute === 150) stage.sim.setNow(MONDAY + minute * MINUTE);
      else await stage.at(MONDAY + minute * MINUTE);
      const report = await stage.run({ timeBudgetMs: 290_000 });
      expect(report.errors.total).toBe(0);
      for (const [reason, count] of Object.entries(report.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
    }
    await stage.at(MONDAY + DAY - 8 * HOUR);
    await stage.run({ timeBudgetMs: 290_000 });
    expect(stage.sim.emailbison.sent({ workspace })).toHaveLength(DUE);
    const check = await expectLedgerToEqualEmails(stage, workspace, FALLBACK);
    expect(check.withNeither).toBe(0);
    expect(check.withTimes + check.withFallback).toBe(DUE);
    if (settings.rendersAt === 'scheduling') expect(check.withFallback).toBe(0);
    // Those that were sent while nobody could confirm a time are the fallback, and the answer said why.
    if (check.withFallback > 0) expect(Object.keys(reasons).join('\n')).toMatch(/unusable: The last successful reading is 30 min old/);
    const counts = await stage.db.slotOffer.groupBy({ by: ['slotUtc'], where: { clientId: workspace, state: { in: ['prepared', 'sent'] } }, _count: true });
    expect(counts.length).toBeGreaterThan(DUE / 10);
  }, 60_000 + LEADS * 400);
});
