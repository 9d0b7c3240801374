import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCacheMetrics } from '@/lib/refresh/metrics';
import { createTestCache, type TestCache } from '../../support/cache';
import { failure, itemOf, MINUTE_MS, store, success } from './writes';

let cache: TestCache;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });

const add = (id: string) => cache.addWorkspace({ id, url: 'https://calendly.com/acme/intro', type: 'calendly' });

async function addRead(id: string, ageMinutes: number): Promise<void> {
  await add(id);
  const rows = await cache.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  await store(cache.db, success(await itemOf(cache.context, id), (rows[0]?.now.getTime() ?? 0) - ageMinutes * MINUTE_MS, [Date.UTC(2030, 0, 1)]));
}

describe('the metrics', () => {
  it('of an empty cache say that nothing is known, not that all is well at age nought', async () => {
    expect(await readCacheMetrics(cache.db, 5_000)).toEqual({
      totalCaches: 0, dueCaches: 0, erroringCaches: 0, neverSucceeded: 0, oldestSuccessAgeSeconds: null,
      ageSeconds: { p50: null, p95: null, p99: null, max: null }, paused: 0, notConfigured: 0, misconfigured: 0,
    });
  });

  it('count what is configured, not paused and not misconfigured, and the others apart', async () => {
    await addRead('fresh', 0);
    await addRead('due', 10);
    await addRead('erroring', 20);
    await store(cache.db, failure(await itemOf(cache.context, 'erroring'), Date.now(), 'timeout'));
    await add('never');
    await addRead('misconfigured', 9_000);
    await store(cache.db, failure(await itemOf(cache.context, 'misconfigured'), Date.now(), 'unsupported_duration'));
    await addRead('repaired', 5);
    await store(cache.db, failure(await itemOf(cache.context, 'repaired'), Date.now(), 'unsupported_duration'));
    await cache.db.workspaceSettings.update({ where: { clientId: 'repaired' }, data: { meetingDurationMinutes: 45 } });
    await addRead('paused', 9_000);
    await cache.db.workspaceSettings.update({ where: { clientId: 'paused' }, data: { pausedAt: new Date() } });
    await addRead('unlinked', 9_000);
    await cache.db.calendarLink.deleteMany({ where: { clientId: 'unlinked' } });

    const metrics = await readCacheMetrics(cache.db, 5_000);
    expect(metrics).toMatchObject({ totalCaches: 5, dueCaches: 4, erroringCaches: 2, neverSucceeded: 1, paused: 1, notConfigured: 1, misconfigured: 1 });
    const nearly = (minutes: number): unknown => expect.closeTo(minutes * 60, -1) as unknown;
    // Of 0, 5, 10 and 20 minutes.
    expect(metrics.ageSeconds).toEqual({ p50: nearly(7.5), p95: nearly(18.5), p99: nearly(19.7), max: nearly(20) });
    expect(metrics.oldestSuccessAgeSeconds).toBe(metrics.ageSeconds.max);
  });
});
