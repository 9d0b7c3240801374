import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestCache, type TestCache } from '../../support/cache';

/** Sizes of the agencies; some hundreds of workspaces in all. */
const FEW_AGENCIES = [60, 20, 9, 4, 1, 1];
const MANY_AGENCIES = [30, 12, ...Array.from({ length: 28 }, (_, i) => 1 + (i % 3))];

interface Fleet { cache: TestCache; sizes: number[]; agencyOf: Map<string, number> }

async function createFleet(sizes: number[]): Promise<Fleet> {
  const cache = await createTestCache();
  const agencyOf = new Map<string, number>();
  const { url } = cache.sim.addCalendar({ id: 'shared', provider: 'ghl', zone: 'UTC' });
  const rows = sizes.flatMap((size, agency) => Array.from({ length: size }, (_, i) => ({ id: `a${agency}-w${i}`, agency })));
  for (const { id, agency } of rows) agencyOf.set(id, agency);
  await cache.db.client.createMany({ data: rows.map(({ id, agency }) => ({ id, name: id, userId: `agency-${agency}` })) });
  await cache.db.calendarLink.createMany({ data: rows.map(({ id }) => ({ id: `link-${id}`, clientId: id, name: 'Booking', url, type: 'ghl' as const, isDefault: true })) });
  return { cache, sizes, agencyOf };
}

/** The workspaces that a run served: a prefix of its order. */
async function servedBy(fleet: Fleet, workspaceLimit: number): Promise<string[]> {
  const before = new Map((await fleet.cache.db.workspaceAvailabilityStatus.findMany()).map((row) => [row.clientId, row.fetchedAt?.getTime()]));
  const report = await fleet.cache.sweep({ workspaceLimit, concurrency: 1 });
  expect(report.notReached).toBe(fleet.agencyOf.size - workspaceLimit);
  expect(report.finishedWithinBudget).toBe(false);
  const after = await fleet.cache.db.workspaceAvailabilityStatus.findMany();
  return after.filter((row) => row.fetchedAt?.getTime() !== before.get(row.clientId)).map((row) => row.clientId);
}

describe.each([
  ['fewer agencies than attempts', FEW_AGENCIES, 20],
  ['more agencies than attempts', MANY_AGENCIES, 9],
])('50 cut-off runs with %s', (_name, sizes, attempts) => {
  let fleet: Fleet;
  beforeAll(async () => { fleet = await createFleet(sizes); });
  afterAll(async () => { await fleet.cache.close(); });

  it('serve agencies within one of each other in every run, and nobody waits beyond 2·W·A/B + 1 runs', async () => {
    const waited = new Map([...fleet.agencyOf.keys()].map((id) => [id, 0]));
    for (let run = 0; run < 50; run++) {
      const served = await servedBy(fleet, attempts);
      expect(served).toHaveLength(attempts);

      const count = sizes.map(() => 0);
      for (const id of served) {
        const agency = fleet.agencyOf.get(id) ?? -1;
        count[agency] = (count[agency] ?? 0) + 1;
      }
      const withWork = count.filter((n, i) => n < (sizes[i] ?? 0));
      expect(Math.max(...withWork) - Math.min(...withWork)).toBeLessThanOrEqual(1);

      for (const [id, runs] of waited) {
        const wait = served.includes(id) ? 0 : runs + 1;
        waited.set(id, wait);
        const size = sizes[fleet.agencyOf.get(id) ?? -1] ?? 0;
        expect(wait).toBeLessThanOrEqual(Math.ceil((2 * size * sizes.length) / attempts) + 1);
      }
    }
  }, 60_000);
});

describe('a cut-off run', () => {
  it('serves every healthy workspace within three runs though twice as many as its workers hang, first in order', async () => {
    const cache = await createTestCache();
    try {
      const workers = 4;
      const hanging = Array.from({ length: 2 * workers }, (_, i) => `hanging-${i}`);
      const healthy = Array.from({ length: 12 }, (_, i) => `healthy-${i}`);
      for (const id of [...hanging, ...healthy]) {
        const { url } = cache.sim.addCalendar({ id, provider: 'ghl', zone: 'UTC' });
        await cache.addWorkspace({ id, url, type: 'ghl' });
      }
      // Already attempted, so that the healthy, which were attempted later, come behind them.
      await cache.db.workspaceAvailabilityStatus.createMany({
        data: [...hanging, ...healthy].map((clientId, i) => ({ clientId, fetchedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, i)) })),
      });
      cache.sim.setFaults(hanging.map((calendarId) => ({ match: { calendarId }, fault: { kind: 'hang' } })));
      const refreshed = new Set<string>();
      for (let run = 0; run < 3; run++) {
        const began = performance.now();
        const report = await cache.sweep({ concurrency: workers, timeBudgetMs: 3_600 });
        expect(performance.now() - began).toBeLessThan(5_600);
        expect(report.checked).toBe(report.attempted + report.abandoned + report.notReached + report.skippedBackoff);
        for (const row of await cache.db.workspaceAvailabilityStatus.findMany({ where: { succeededAt: { not: null } } })) refreshed.add(row.clientId);
      }
      expect([...refreshed].sort()).toEqual([...healthy].sort());
      const stuck = await cache.db.workspaceAvailabilityStatus.findMany({ where: { clientId: { in: hanging } } });
      expect(stuck.map((row) => row.errorKind)).toEqual(hanging.map(() => 'timeout'));
    } finally {
      await cache.close();
    }
  });
});
