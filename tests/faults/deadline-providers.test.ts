import { beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../scripts/simulator/server';
import { startStage, type Stage } from '../support/server-stage';
import { endBackoff, sweepInTime } from './deadline';

const WORKSPACES_PER_PROVIDER = 4;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const BUDGET_MS = 4_000;

const FAULTS: readonly (readonly [what: string, fault: Fault])[] = [
  ['hang', { kind: 'hang' }],
  ['drip their answers', { kind: 'drip', bytesPerSecond: 10 }],
  ['redirect in a loop', { kind: 'redirectLoop' }],
  ['answer after the deadline', { kind: 'slow', ms: 3_500 }],
];

describe('a run answers within its budget + 2 s', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    await stage.addWorkspaces(WORKSPACES_PER_PROVIDER);
    expect((await stage.sweep(0)).body).toMatchObject({ success: true, refreshed: CHECKED });
    return stage.close;
  });

  it.each(FAULTS)('when all providers %s, and the next one works', async (_what, fault) => {
    const before = await stage.db.workspaceAvailabilityCache.findMany({ orderBy: { clientId: 'asc' } });
    stage.sim.setFaults([{ fault }]);
    const reply = await sweepInTime(stage, BUDGET_MS);
    expect(reply).toMatchObject({ status: 200, body: { success: false, checked: CHECKED, refreshed: 0 } });
    expect(await stage.db.workspaceAvailabilityCache.findMany({ orderBy: { clientId: 'asc' } })).toEqual(before);

    stage.sim.clearFaults();
    await endBackoff(stage);
    const next = await sweepInTime(stage, BUDGET_MS);
    expect(next).toMatchObject({ status: 200, body: { success: true, refreshed: CHECKED, finishedWithinBudget: true } });
  });

  it('when the calendar of a single refresh hangs', async () => {
    stage.sim.setFaults([{ fault: { kind: 'hang' } }]);
    const reply = await sweepInTime(stage, BUDGET_MS, 'workspaceId=w-ghl-0');
    expect(reply).toMatchObject({ status: 200, body: { success: false, result: { kind: 'failed', errorKind: 'timeout' } } });
    stage.sim.clearFaults();
    expect(await sweepInTime(stage, BUDGET_MS, 'workspaceId=w-ghl-0')).toMatchObject({ status: 200, body: { success: true } });
  });
});

describe('twice as many hanging workspaces as workers, all first in order, a budget below their timeout', () => {
  const CONCURRENCY = 4;
  const HEALTHY = 40;
  const RUNS = 3;
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ servers: 1, env: { AVAILABILITY_CRON_CONCURRENCY: String(CONCURRENCY) } });
    return stage.close;
  });

  it('leave no healthy workspace unserved for longer than three runs', async () => {
    const healthy = (await stage.addWorkspaces(Math.ceil(HEALTHY / 3), 'healthy')).slice(0, HEALTHY);
    const hanging = (await stage.addWorkspaces(Math.ceil((2 * CONCURRENCY) / 3), 'hanging')).slice(0, 2 * CONCURRENCY);
    expect((await stage.sweep(0)).body).toMatchObject({ success: true });
    await stage.db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "fetchedAt" = "fetchedAt" - interval '1 hour' WHERE "clientId" = ANY(${hanging})`;
    stage.sim.setFaults(hanging.map((calendarId) => ({ match: { calendarId }, fault: { kind: 'hang' } as const })));

    const [began] = await stage.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    for (let run = 0; run < RUNS; run++) await sweepInTime(stage, 5_000);
    const unserved = await stage.db.workspaceAvailabilityStatus.findMany({
      where: { clientId: { in: healthy }, succeededAt: { lt: began?.now ?? new Date() } }, select: { clientId: true },
    });
    expect(unserved).toEqual([]);
  });
});
