import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tryLock } from '@/lib/cron/lock';
import { LOCKS } from '@/lib/cron/lock-keys';
import { createTestCache, type TestCache } from '../../support/cache';
import { routeOver } from './hit';

const IDS = ['a', 'b', 'c', 'd', 'e'];
let cache: TestCache;

beforeAll(async () => {
  cache = await createTestCache();
  for (const id of IDS) {
    const { url } = cache.sim.addCalendar({ id, provider: 'ghl', zone: 'Europe/Paris' });
    await cache.addWorkspace({ id, url, type: 'ghl' });
  }
  return cache.close;
});
afterEach(() => { cache.sim.clearFaults(); });

/** The row of one run. */
async function recorded(runId: unknown) {
  return await cache.db.cronRun.findUniqueOrThrow({ where: { id: String(runId) } });
}

describe('a run', () => {
  it('that refreshed everything is good, in its answer and in its row', async () => {
    const { status, body } = await routeOver(cache)();
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, skipped: false, mode: 'all', checked: 5, attempted: 5, refreshed: 5, changed: 5, finishedWithinBudget: true });
    expect(await recorded(body.runId)).toMatchObject({ job: 'availability', outcome: 'good', counts: { refreshed: 5 }, error: null, finishedAt: expect.any(Date) as Date });
  });

  it('in which most calendars failed answers 200 and is not good', async () => {
    cache.sim.setFaults(['a', 'b', 'c'].map((calendarId) => ({ match: { calendarId }, fault: { kind: 'html' } as const })));
    const { status, body } = await routeOver(cache)();
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: false, attempted: 5, refreshed: 2, errors: { total: 3, byKind: { invalid_response: 3 } } });
    expect(await recorded(body.runId)).toMatchObject({ outcome: 'not_good', counts: { errors: { total: 3 } } });
    await cache.db.workspaceAvailabilityStatus.updateMany({ data: { retryAt: null } });
    await cache.db.providerHost.deleteMany();
  });

  it('beside another one answers that it is locked, and leaves a row', async () => {
    const lock = await tryLock(cache.url, LOCKS.availabilitySweep, { timeoutMs: 5_000, onLost: () => undefined });
    if (lock.kind !== 'held') throw new Error('the lock is not free');
    const { status, body } = await routeOver(cache)();
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, skipped: true, reason: 'locked', lockedForMs: expect.any(Number) as number });
    expect(await recorded(body.runId)).toMatchObject({ outcome: 'locked' });
    // One workspace alone needs no lock.
    expect((await routeOver(cache)('workspaceId=a')).body).toMatchObject({ success: true, workspaceId: 'a' });
    await lock.release();
    expect((await routeOver(cache)()).body).toMatchObject({ success: true, skipped: false });
  });

  it('says what it did with every workspace: the counts add up', async () => {
    const mixed = await createTestCache();
    for (const id of ['fine', 'failing', 'misconfigured', 'paused', 'waiting', 'claimed', 'beyond']) {
      const { url } = mixed.sim.addCalendar({ id, provider: 'ghl', zone: 'UTC' });
      await mixed.addWorkspace({ id, url: id === 'misconfigured' ? 'https://example.com/book' : url, type: id === 'misconfigured' ? 'unknown' : 'ghl' });
    }
    await mixed.db.client.create({ data: { id: 'unlinked', name: 'unlinked' } });
    await routeOver(mixed)();
    await mixed.db.workspaceSettings.update({ where: { clientId: 'paused' }, data: { pausedAt: new Date() } });
    const inAnHour = new Date(Date.now() + 3_600_000);
    await mixed.db.workspaceAvailabilityStatus.update({ where: { clientId: 'waiting' }, data: { retryAt: inAnHour } });
    await mixed.db.workspaceAvailabilityStatus.update({ where: { clientId: 'claimed' }, data: { refreshingUntil: inAnHour } });
    // The newest is the last in order, and the one that the limit leaves out.
    await mixed.db.workspaceAvailabilityStatus.update({ where: { clientId: 'beyond' }, data: { fetchedAt: inAnHour } });
    mixed.sim.setFaults([{ match: { calendarId: 'failing' }, fault: { kind: 'html' } }]);
    const { body } = await routeOver(mixed)('limit=2');
    const of = (name: string): number => Number(body[name]);
    expect(body).toMatchObject({ checked: 8, skippedPaused: 1, skippedNotConfigured: 1, skippedClaimed: 1, notReached: 1, errors: { total: 1 } });
    const skipped = ['skippedBackoff', 'skippedNotConfigured', 'skippedPaused', 'skippedClaimed', 'skippedQuota'].reduce((sum, name) => sum + of(name), 0);
    expect(of('checked')).toBe(of('attempted') + skipped + of('abandoned') + of('unknown') + of('notReached'));
    expect(of('attempted')).toBe(of('refreshed') + (body.errors as { total: number }).total);
    expect(of('refreshed')).toBe(of('changed') + of('unchanged'));
    await mixed.close();
  });
});

describe('the limit', () => {
  it.each([
    ['the environment\'s', { AVAILABILITY_CRON_WORKSPACE_LIMIT: 2 }, '', 2],
    ['lowered by the parameter', { AVAILABILITY_CRON_WORKSPACE_LIMIT: 2 }, 'limit=1', 1],
    ['never raised by the parameter', { AVAILABILITY_CRON_WORKSPACE_LIMIT: 2 }, 'limit=4', 2],
    ['the parameter\'s where the environment has none', {}, 'limit=3', 3],
    ['the older variable\'s', { AVAILABILITY_CRON_LIMIT: 3 }, '', 3],
    ['the newer variable\'s where both are set', { AVAILABILITY_CRON_WORKSPACE_LIMIT: 4, AVAILABILITY_CRON_LIMIT: 1 }, '', 4],
    ['none', {}, '', 5],
  ])('is %s', async (_name, env, query, attempted) => {
    expect((await routeOver(cache, { env })(query)).body).toMatchObject({ checked: 5, attempted, notReached: 5 - attempted, finishedWithinBudget: attempted === 5 });
  });

  it.each(['AVAILABILITY_CRON_WORKSPACE_LIMIT', 'AVAILABILITY_CRON_LIMIT'] as const)('of 0 in %s turns the sweep off, loudly, whatever the parameter says', async (variable) => {
    cache.sim.resetStats();
    const { status, body } = await routeOver(cache, { env: { [variable]: 0 } })('limit=3');
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, skipped: true, reason: 'disabled', disabledBy: variable });
    expect(body.message).toContain(`${variable}=0`);
    expect(await recorded(body.runId)).toMatchObject({ outcome: 'disabled' });
    expect(cache.sim.stats().byCalendar).toEqual({});
  });
});

describe('one workspace', () => {
  it.each(['workspaceId=b', 'clientId=b', 'workspaceId=b&clientId=b'])('is refreshed alone: %s', async (query) => {
    cache.sim.resetStats();
    const { status, body } = await routeOver(cache)(query);
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, skipped: false, workspaceId: 'b', result: { kind: 'refreshed' } });
    expect(Object.keys(cache.sim.stats().byCalendar)).toEqual(['b']);
    expect(await recorded(body.runId)).toMatchObject({ outcome: 'good' });
  });

  it('is refreshed while the sweep is off', async () => {
    expect((await routeOver(cache, { env: { AVAILABILITY_CRON_LIMIT: 0 } })('workspaceId=b')).body).toMatchObject({ success: true });
  });

  it('that does not exist is a 404 that names it', async () => {
    const before = await cache.db.cronRun.count({ where: { outcome: 'failed' } });
    const { status, body } = await routeOver(cache)('workspaceId=nobody');
    expect(status).toBe(404);
    expect(body).toMatchObject({ success: false, error: 'workspace_not_found' });
    expect(body.message).toContain('nobody');
    expect(await cache.db.cronRun.count({ where: { outcome: 'failed' } })).toBe(before + 1);
  });
});
