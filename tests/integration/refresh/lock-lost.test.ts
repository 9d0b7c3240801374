import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunEnded } from '@/lib/refresh/attempt';
import { createTestCache, type TestCache } from '../../support/cache';

let cache: TestCache;
beforeEach(async () => { cache = await createTestCache(); });
afterEach(async () => { await cache.close(); });

const WORKSPACES = 15;
type Told = (abort: () => void, failures: number) => void;

it.each<[string, Told]>([
  ['while its attempts fail', (abort, failures) => { if (failures === 10) abort(); }],
  ['when all have failed and are written', (abort, failures) => { if (failures === WORKSPACES) setImmediate(abort); }],
])('a run that learns of its lost lock %s closes no host for the run that has taken over', async (_, tell) => {
  for (let i = 0; i < WORKSPACES; i++) await cache.addCalendar({ id: `w${String(i)}`, provider: 'ghl', zone: 'UTC' });
  cache.sim.setFaults([{ fault: { kind: 'status', status: 500 } }]);
  // As in a process that thaws: first its attempts have failed, so many that the breaker opens, and only then it learns of
  // its lock. A number is drawn for each failure that is recorded.
  const lockLost = new AbortController();
  let recorded = 0;
  const random = (): number => {
    tell(() => { lockLost.abort(new RunEnded('lock_lost')); }, ++recorded);
    return 0.5;
  };
  const lost = await cache.sweep({ signal: lockLost.signal }, { ...cache.context, random });
  expect(lost).toMatchObject({ reason: 'lock_lost', refreshed: 0 });
  expect(lost.openBreakers).toHaveLength(1);
  expect(await cache.db.providerHost.findMany({ where: { openUntil: { not: null } } })).toEqual([]);

  cache.sim.clearFaults();
  await cache.db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL`;
  expect(await cache.sweep()).toMatchObject({ success: true, refreshed: WORKSPACES });
});
