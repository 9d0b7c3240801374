/** A campaign from launch to the last email, in each way that an instance may render. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFirstTouchStatus } from '@/lib/emailbison-first-touch-availability';
import type { SettingsSpec } from '../../../scripts/simulator/server';
import { createStage, DAY, expectLedgerToEqualEmails, halfHours, HOUR, MINUTE, MONDAY, writtenTo, type Stage } from './support';

const LEADS = 20;
const A_DAY = 10;

interface Mode {
  name: string;
  settings: SettingsSpec;
  /** What is known in the end: does a sentence reach scheduled emails? */
  late: boolean;
  /** Emails that nothing could reach: scheduled before first touch was on. */
  without: number;
}

const MODES: Mode[] = [
  { name: 'rendering at scheduling, once and for all', settings: { rendersAt: 'scheduling', patchRerenders: false }, late: false, without: A_DAY },
  { name: 'rendering at scheduling, again when the lead changes', settings: { rendersAt: 'scheduling', patchRerenders: true }, late: true, without: 0 },
  { name: 'rendering at sending, rows live', settings: { rendersAt: 'sending', queuedBody: 'live' }, late: true, without: 0 },
  { name: 'rendering at sending, rows show the template', settings: { rendersAt: 'sending', queuedBody: 'template' }, late: true, without: 0 },
  { name: 'rendering at sending, rows show what scheduling saw', settings: { rendersAt: 'sending', queuedBody: 'asScheduled' }, late: true, without: 0 },
];

describe.each(MODES)('$name', ({ settings, late, without }) => {
  let stage: Stage;
  let workspace: string;
  beforeAll(async () => {
    stage = await createStage(settings);
    // Far enough ahead that no time comes too near while an email waits.
    workspace = await stage.addWorkspace({ open: halfHours(MONDAY + 7 * DAY, 21), campaigns: [{ status: 'active', maxNewLeadsPerDay: A_DAY, window: [9 * 60, 17 * 60], leads: { count: LEADS } }] });
  });
  afterAll(async () => { await stage.close(); });

  it('every email that can be reached goes out with real times, and offers marked sent equal the emails', async () => {
    for (let now = MONDAY; now <= MONDAY + 2 * DAY; now += now % DAY >= 17 * HOUR || now % DAY < 8 * HOUR ? 3 * HOUR : 20 * MINUTE) {
      await stage.at(now);
      const report = await stage.run();
      expect(report.errors.total).toBe(0);
      expect(report.finishedWithinBudget).toBe(true);
    }
    const emails = stage.sim.emailbison.sent({ workspace });
    expect(emails).toHaveLength(LEADS);
    const check = await expectLedgerToEqualEmails(stage, workspace);
    expect(check).toEqual({ withTimes: LEADS - without, withFallback: 0, withNeither: without });
    const prepared = await stage.db.slotOffer.count({ where: { clientId: workspace, state: 'prepared' } });
    expect(prepared).toBe(0);
    // Times were never taken, so nobody was written two different sentences.
    for (const [lead, sentences] of writtenTo(stage.sim, workspace)) expect(new Set(sentences).size, `lead ${String(lead)}: ${sentences.join(' | ')}`).toBe(1);
  }, 120_000);

  it('the instance is known afterwards, and says so', async () => {
    const { instance } = await readFirstTouchStatus(stage.db, workspace);
    // Seen on a simulated clock that may be ahead of the database's.
    expect(instance?.reach).toMatchObject({ early: true, late });
    expect(instance?.description).toContain(late ? 'both finders count' : 'only what is written before scheduling counts');
  });
});
