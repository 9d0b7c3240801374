/**
 * Processes killed at every step of the job. More of them: npm run test:faults -- --only jobs.
 * Which step is next is drawn from a seed that a failure names; FIRST_TOUCH_SEED takes it back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsSpec } from '../../../scripts/simulator/server';
import { runInProcess, type ChildTask } from './crash-process';
import { createStage, DAY, expectLedgerToEqualEmails, halfHours, HOUR, KEY, MINUTE, MONDAY, writtenTo, type Stage } from './support';

const SECRET = 'crash-test-secret-1';
const WRITE_STEPS: ChildTask['step'][] = ['prepared', 'recorded', 'patching', 'patched', 'written'];
const CRASHES = Number(process.env.FIRST_TOUCH_CRASHES ?? 16);
const SEED = Number(process.env.FIRST_TOUCH_SEED ?? 20261123);
/** Enough that each run meets its step. */
const LEADS_A_RUN = 6;
const PER_MODE = Math.ceil(CRASHES / 2);
const WHILE_WRITING = Math.ceil(PER_MODE * 0.75);
const LEADS = LEADS_A_RUN * WHILE_WRITING;

function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const modes: [string, SettingsSpec][] = [
  ['rendered at scheduling, once and for all', { rendersAt: 'scheduling', patchRerenders: false }],
  ['rendered again when the lead changes', { rendersAt: 'scheduling', patchRerenders: true }],
];

describe.each(modes)('killed at every step, %s', (_name, settings) => {
  let stage: Stage;
  let workspace: string;
  beforeAll(async () => {
    stage = await createStage(settings);
    workspace = await stage.addWorkspace({ open: halfHours(MONDAY + 7 * DAY, 21), campaigns: [{ status: 'draft', maxNewLeadsPerDay: LEADS / 2, leads: [] }] });
    const [campaign] = stage.sim.emailbison.workspaces()[0]?.campaigns ?? [];
    // About to be launched: found by the first finder, and not scheduled yet.
    stage.sim.emailbison.setCampaign(workspace, campaign?.id ?? 0, 'queued');
  });
  afterAll(async () => { await stage.close(); });

  it(`the ledger equals the emails, and nobody was written two sentences (seed ${String(SEED)})`, async () => {
    const draw = draws(SEED);
    const killed = new Map<string, number>();
    const campaignId = stage.sim.emailbison.workspaces()[0]?.campaigns[0]?.id ?? 0;
    const crash = async (step: ChildTask['step'], nth: number, now: number): Promise<void> => {
      const task: ChildTask = { step, nth, now, env: { ...stage.sim.env, DATABASE_URL: stage.url, CREDENTIALS_KEY: KEY, CRON_SECRET: SECRET, LOG_LEVEL: 'silent' } };
      let left = nth;
      let stop = (): void => undefined;
      const end = await runInProcess(task, (kill) => {
        stop = stage.sim.onRequest(({ endpoint }) => { if (step === 'patching' && endpoint === 'lead-patch' && --left === 0) kill(); });
      });
      stop();
      if (end.signal === 'SIGKILL') killed.set(step, (killed.get(step) ?? 0) + 1);
      else expect(JSON.parse(end.output), `seed ${String(SEED)}, ${step}: ${end.complaints}`).toMatchObject({ errors: { total: 0 } });
    };
    let now = MONDAY;
    for (let run = 0; run < WHILE_WRITING; run++) {
      stage.sim.emailbison.addLeads(workspace, { count: LEADS_A_RUN }, campaignId);
      await stage.at(now += MINUTE);
      await crash(WRITE_STEPS[run % WRITE_STEPS.length] ?? 'prepared', 1 + Math.floor(draw() * 4), now);
    }
    // What the last one left half done is scheduled and sent with the rest.
    stage.sim.emailbison.setCampaign(workspace, campaignId, 'launch');
    for (let run = WHILE_WRITING; run < PER_MODE; run++) {
      await stage.at(now = MONDAY + HOUR + Math.ceil(((run - WHILE_WRITING + 1) / (PER_MODE - WHILE_WRITING)) * 8 * HOUR));
      await crash('settled', 1 + Math.floor(draw() * 3), now);
    }
    for (let rest = 0; rest < 6; rest++) {
      await stage.at(now = Math.max(now + 30 * MINUTE, MONDAY + 2 * DAY + rest * HOUR));
      expect(await stage.run()).toMatchObject({ finishedWithinBudget: true, errors: { total: 0 } });
    }
    const kills = [...killed.values()].reduce((sum, count) => sum + count, 0);
    expect(kills, JSON.stringify([...killed])).toBeGreaterThanOrEqual(PER_MODE * 0.8);

    expect(stage.sim.emailbison.sent({ workspace })).toHaveLength(LEADS);
    const check = await expectLedgerToEqualEmails(stage, workspace);
    expect(check.withFallback).toBe(0);
    expect(await stage.db.slotOffer.count({ where: { clientId: workspace, state: 'prepared' } })).toBe(0);
    // One offer a lead: no crash made a second.
    const offers = await stage.db.slotOffer.groupBy({ by: ['leadId', 'sendKey'], where: { clientId: workspace }, _count: true });
    expect(offers.every(({ _count }) => _count === 2), JSON.stringify(offers)).toBe(true);
    for (const [lead, sentences] of writtenTo(stage.sim, workspace)) expect(new Set(sentences).size, `lead ${String(lead)}: ${sentences.join(' | ')}`).toBe(1);
  }, 60_000 + CRASHES * 6_000);
});
