import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Reply } from '../support/server';
import { startStage, type Stage } from '../support/server-stage';
import { CONNECTIONS } from './connections';

const WORKSPACES_PER_PROVIDER = 4;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const DAY_MS = 86_400_000;
/** Longest that a frozen holder may keep the next run waiting. */
const FREE_AFTER_FREEZE_MS = 20_000;
/** Longer than the freeze: it is the lock that ends the thawed run, not its own time. */
const LONG_BUDGET = 'timeBudgetMs=120000';
/** So long that answers which came while it was frozen are still wanted by the thawed run. */
const PATIENT = { AVAILABILITY_WORKSPACE_TIMEOUT_MS: '120000' };

/** A run that has lost its lock stops, says so, and harms nothing. */
describe.each(CONNECTIONS)('a run that loses the sweep lock, %s,', (_name, connection) => {
  let stage: Stage;
  let ids: string[];

  beforeEach(async () => {
    stage = await startStage({ servers: 2, ...connection, env: PATIENT });
    ids = await stage.addWorkspaces(WORKSPACES_PER_PROVIDER);
    expect((await stage.sweep(0)).body).toMatchObject({ success: true, refreshed: CHECKED });
    expect((await stage.sweep(1)).body).toMatchObject({ success: true, refreshed: CHECKED });
    return stage.close;
  });

  it('frozen, lets another run within 20 s; thawed, it ends as lock_lost and leaves the newer slots alone', async () => {
    stage.ghl.hold();
    const asked = stage.nextHeldRequest();
    const frozen = stage.sweep(0, LONG_BUDGET);
    await asked;
    stage.servers[0]?.kill('SIGSTOP');
    const frozenAt = performance.now();
    // What it asked for arrives now, and is old when it reads it.
    stage.ghl.open();
    for (const id of ids) bookFirstSlot(stage, id);

    let next = await stage.sweep(1);
    while (!hasRun(next) && performance.now() - frozenAt < FREE_AFTER_FREEZE_MS) {
      await sleep(250);
      next = await stage.sweep(1);
    }
    expect(performance.now() - frozenAt).toBeLessThan(FREE_AFTER_FREEZE_MS);
    expect(next).toMatchObject({ status: 200, body: { success: true, refreshed: CHECKED, changed: CHECKED } });
    const newer = await stored(stage);

    stage.servers[0]?.kill('SIGCONT');
    expect(await frozen).toMatchObject({ status: 200, body: { success: false, reason: 'lock_lost', finishedWithinBudget: false } });
    expect(await stage.db.cronRun.count({ where: { outcome: 'lock_lost' } })).toBe(1);
    expect(await stored(stage)).toEqual(newer);
    // It holds nothing either, and works again.
    expect((await stage.sweep(0)).body).toMatchObject({ success: true, refreshed: CHECKED });
  });

  it('whose connection PostgreSQL ends aborts, answers lock_lost and stores what it had', async () => {
    for (const id of ids) bookFirstSlot(stage, id);
    stage.sim.resetStats();
    stage.ghl.hold();
    const run = stage.sweep(0, LONG_BUDGET);
    await expect.poll(() => answeredCalendars(stage), { timeout: 10_000 }).toBe(CHECKED);
    // The app tells nobody that it has read an answer; what it has not read by now counts as abandoned below.
    await sleep(300);
    const endedAt = performance.now();
    expect(await endLockConnection(stage)).toBe(1);

    const { status, body } = await run;
    expect(performance.now() - endedAt).toBeLessThan(5_000);
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: false, reason: 'lock_lost', checked: CHECKED });
    const [refreshed, abandoned] = [Number(body.refreshed), Number(body.abandoned)];
    expect(refreshed).toBeGreaterThan(0);
    expect(abandoned).toBeGreaterThanOrEqual(WORKSPACES_PER_PROVIDER);
    expect(refreshed + abandoned).toBe(CHECKED);
    expect(await stage.db.cronRun.count({ where: { outcome: 'lock_lost' } })).toBe(1);
    expect((await stored(stage)).filter((row) => isTrue(stage, row))).toHaveLength(refreshed);
    stage.ghl.open();
    expect((await stage.sweep(1)).body).toMatchObject({ success: true, refreshed: CHECKED });
  });
});

function hasRun({ body }: Reply): boolean {
  return body.skipped !== true;
}

/** Takes the first slot after the next day, so that a newer answer differs from an older one. */
function bookFirstSlot({ sim }: Stage, id: string): void {
  const now = sim.now();
  const [first] = sim.truth(id, now + DAY_MS, now + 29 * DAY_MS);
  if (first === undefined) throw new Error(`${id} has no slot to book`);
  sim.addBooking(id, first, first + 30 * 60_000);
}

async function stored({ db }: Stage): Promise<{ clientId: string; slotsUtc: Date[]; generation: bigint }[]> {
  return await db.workspaceAvailabilityCache.findMany({ select: { clientId: true, slotsUtc: true, generation: true }, orderBy: { clientId: 'asc' } });
}

/** Whether the stored slots are those that are open now; the window's ends move while a test runs. */
function isTrue({ sim }: Stage, { clientId, slotsUtc }: { clientId: string; slotsUtc: Date[] }): boolean {
  const [from, to] = [sim.now(), sim.now() + 29 * DAY_MS];
  const known = slotsUtc.map(Number).filter((ms) => ms >= from && ms < to);
  return known.join() === sim.truth(clientId, from, to).join();
}

/** Calendars that the simulator has answered, whether or not the gate let the answer through. */
function answeredCalendars({ sim }: Stage): number {
  const { byOrigin, byCalendar } = sim.stats();
  return Object.values(byOrigin).some(({ inFlight }) => inFlight > 0) ? 0 : Object.keys(byCalendar).length;
}

async function endLockConnection({ db }: Stage): Promise<number> {
  const ended = await db.$queryRaw<unknown[]>`
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return ended.length;
}
