import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from '../support/server';
import { startStage, type Stage } from '../support/server-stage';
import { CONNECTIONS } from './connections';

const WORKSPACES_PER_PROVIDER = 4;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const HITS = 100;
/** "A few seconds": what a killed holder may keep the next run waiting. */
const FREE_AFTER_KILL_MS = 5_000;

/** Only one run at a time may be under way, whatever process it is in and however it ends. */
describe.each(CONNECTIONS)('the sweep lock, %s,', (_name, connection) => {
  let stage: Stage;
  /** Requests a calendar in one sweep, when everything about it is known. */
  let requestsOfOneSweep: Record<string, number>;

  beforeAll(async () => {
    stage = await startStage({ servers: 3, ...connection });
    await stage.addWorkspaces(WORKSPACES_PER_PROVIDER);
    expect((await stage.sweep(0)).body).toMatchObject({ success: true, refreshed: CHECKED });
    stage.sim.resetStats();
    expect((await stage.sweep(1)).body).toMatchObject({ success: true, refreshed: CHECKED });
    requestsOfOneSweep = stage.sim.stats().byCalendar;
    return stage.close;
  });

  // A lock that outlives its run on a pooled connection stops every sweep from then on, or lets a second one in.
  afterEach(async () => {
    await expect.poll(() => locksHeld(stage), { timeout: 5_000 }).toBe(0);
  });

  it('lets one of two hits at once run and tells the other that it is locked, and for how long', async () => {
    stage.ghl.hold();
    const hits = [stage.sweep(0), stage.sweep(1)];
    const first = await Promise.race(hits);
    expect(first).toMatchObject({ status: 200, body: { success: true, skipped: true, reason: 'locked', lockedForMs: expect.any(Number) as number } });
    stage.ghl.open();
    const replies = await Promise.all(hits);
    expect(replies.filter(hasRun)).toEqual([expect.objectContaining({ status: 200, body: expect.objectContaining({ success: true, refreshed: CHECKED }) as object })]);
  });

  it('lets exactly one of a hundred hits at once on three processes run', async () => {
    stage.sim.resetStats();
    const before = await runsByOutcome(stage);
    stage.ghl.hold();
    const settled: Reply[] = [];
    const allButOne = new Promise<void>((resolve, reject) => {
      for (let i = 0; i < HITS; i++) {
        stage.sweep(i % 3).then((reply) => {
          settled.push(reply);
          if (settled.length === HITS - 1) resolve();
        }, reject);
      }
    });
    await allButOne;
    expect(settled.filter(hasRun)).toEqual([]);
    // Inside the work, while the one is still under way: nobody has asked a calendar a second time.
    for (const [id, requests] of Object.entries(stage.sim.stats().byCalendar)) expect(requests, id).toBeLessThanOrEqual(requestsOfOneSweep[id] ?? 0);
    stage.ghl.open();
    await expect.poll(() => settled.length, { timeout: 20_000 }).toBe(HITS);
    expect(settled.filter(hasRun).map((reply) => reply.body)).toEqual([expect.objectContaining({ success: true, refreshed: CHECKED })]);
    expect(stage.sim.stats().byCalendar).toEqual(requestsOfOneSweep);
    const after = await runsByOutcome(stage);
    expect(after.good).toBe((before.good ?? 0) + 1);
    expect(after.locked).toBe((before.locked ?? 0) + HITS - 1);
    expect(after.running).toBeUndefined();
  });

  it('is free a few seconds after its holder was killed in mid-sweep', async () => {
    stage.ghl.hold();
    const asked = stage.nextHeldRequest();
    const cutOff = stage.sweep(2).then(() => 'answered', () => 'cut off');
    await asked;
    expect((await stage.sweep(0)).body).toMatchObject({ reason: 'locked' });
    stage.servers[2]?.kill('SIGKILL');
    const killedAt = performance.now();
    expect(await cutOff).toBe('cut off');
    stage.ghl.open();
    let next = await stage.sweep(0);
    while (!hasRun(next) && performance.now() - killedAt < FREE_AFTER_KILL_MS) {
      await sleep(100);
      next = await stage.sweep(0);
    }
    expect(next).toMatchObject({ status: 200, body: { success: true, skipped: false, refreshed: CHECKED } });
    // The killed run left a trace: it began and never ended.
    expect(await runsByOutcome(stage)).toMatchObject({ running: 1 });
  });
});

function hasRun({ body }: Reply): boolean {
  return body.skipped !== true;
}

async function locksHeld({ db }: Stage): Promise<number> {
  const held = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return held.length;
}

async function runsByOutcome(stage: Stage): Promise<Record<string, number | undefined>> {
  const groups = await stage.db.cronRun.groupBy({ by: ['outcome'], _count: true });
  return Object.fromEntries(groups.map((group) => [group.outcome, group._count]));
}
