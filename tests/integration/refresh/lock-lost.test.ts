import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunEnded } from '@/lib/refresh/attempt';
import { createTestCache, type TestCache } from '../../support/cache';

let cache: TestCache;
beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });

it('a run that has lost its lock closes no host for the run that has taken over', async () => {
  for (let i = 0; i < 15; i++) await cache.addCalendar({ id: `w${String(i)}`, provider: 'ghl', zone: 'UTC' });
  cache.sim.setFaults([{ fault: { kind: 'status', status: 500 } }]);
  // As in a process that thaws: first its attempts have failed, so many that the breaker opens, and only then it learns of
  // its lock. A number is drawn for each failure that is recorded.
  const lockLost = new AbortController();
  let recorded = 0;
  const random = (): number => {
    if (++recorded === 10) lockLost.abort(new RunEnded('lock_lost'));
    return 0.5;
  };
  const lost = await cache.sweep({ signal: lockLost.signal }, { ...cache.context, random });
  expect(lost).toMatchObject({ reason: 'lock_lost', refreshed: 0 });
  expect(lost.openBreakers).toHaveLength(1);
  expect(await cache.db.providerHost.findMany({ where: { openUntil: { not: null } } })).toEqual([]);

  cache.sim.clearFaults();
  await cache.db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL`;
  expect(await cache.sweep()).toMatchObject({ success: true, refreshed: 15 });
});
