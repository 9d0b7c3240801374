import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc, refreshWorkspaceAvailabilityCache } from '@/lib/availability-cache';
import { pauseAgency, pauseProvider, resumeAgency, resumeProvider } from '@/lib/pauses';
import { changeLink, setDuration } from '@/lib/workspaces';
import type { FaultRule } from '../../../scripts/simulator/server';
import { createTestCache, type TestCache } from '../../support/cache';
import { expectAddsUp } from './faults';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './writes';

let cache: TestCache;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });
beforeEach(async () => {
  cache.sim.clearFaults();
  await cache.db.client.deleteMany();
  await cache.db.providerHost.deleteMany();
  await cache.db.quotaBucket.deleteMany();
});

let count = 0;
async function add(provider: 'calendly' | 'hubspot' | 'ghl', spec: object = {}, durationMinutes = 30): Promise<string> {
  const id = `${provider}-${++count}`;
  await cache.addCalendar({ id, provider, zone: 'UTC', ...spec }, { durationMinutes });
  return id;
}
const state = async (id: string) => (await getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, cache.context)).state;
const failing = (calendarId: string, status: number): FaultRule => ({ match: { calendarId }, fault: { kind: 'status', status } });
const endWaits = () => cache.db.workspaceAvailabilityStatus.updateMany({ data: { retryAt: null } });

it('a paused agency and a paused provider are left out, and counted as paused', async () => {
  const [calendly, ghl] = [await add('calendly'), await add('ghl')];
  await cache.addCalendar({ id: 'elsewhere', provider: 'ghl', zone: 'UTC' }, { agencyId: 'agency-2' });
  await pauseProvider(cache.db, 'calendly', new Date());
  await pauseAgency(cache.db, 'agency-2', new Date());
  expectAddsUp(await cache.sweep());
  expect((await cache.db.workspaceAvailabilityStatus.findMany({ where: { fetchedAt: { not: null } } })).map((s) => s.clientId)).toEqual([ghl]);
  await resumeProvider(cache.db, 'calendly');
  await resumeAgency(cache.db, 'agency-2');
  expect(await cache.sweep()).toMatchObject({ attempted: 3, skippedPaused: 0 });
  expect(await state(calendly)).toBe('fresh');
});

describe('what a person must repair', () => {
  it.each([[401, 'unauthorized'], [404, 'not_found']])('is not said of a first %i after a success, which is retried after one TTL, but of a second in a row', async (status, kind) => {
    const id = await add('calendly');
    await cache.sweep();
    cache.sim.setFaults([failing(id, status)]);
    await cache.sweep();
    const first = await cache.status(id);
    expect(first).toMatchObject({ errorKind: kind, actionRequired: false, consecutiveFailures: 1 });
    const waitMs = (first.retryAt?.getTime() ?? 0) - (first.fetchedAt?.getTime() ?? 0);
    expect(waitMs).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(waitMs).toBeLessThan(MINUTE_MS + 10_000);
    expect(await state(id)).toBe('fresh');
    expect(await cache.sweep()).toMatchObject({ attempted: 0, skippedBackoff: 1, success: true });

    await endWaits();
    await cache.sweep();
    const second = await cache.status(id);
    expect(second).toMatchObject({ errorKind: kind, actionRequired: true, consecutiveFailures: 2 });
    expect(second.retryAt?.getTime()).toBeGreaterThan((second.fetchedAt?.getTime() ?? 0) + HOUR_MS / 2);
    expect(await state(id)).toBe('misconfigured');
    expect(await cache.sweep()).toMatchObject({ metrics: { misconfigured: 1, totalCaches: 0 } });
  });

  it('is said at once of a workspace that never succeeded', async () => {
    const id = await add('ghl', { deleted: true });
    await cache.sweep();
    expect(await state(id)).toBe('misconfigured');
  });

  it('ends with a changed link, without a wait', async () => {
    const id = await add('calendly', { deleted: true });
    await cache.sweep();
    await changeLink(cache.db, id, cache.sim.addCalendar({ id: `${id}-new`, provider: 'hubspot', zone: 'UTC' }).url);
    expect(await state(id)).toBe('unavailable');
    expect(await cache.sweep({ mode: 'due' })).toMatchObject({ attempted: 1, changed: 1 });
    expect(await state(id)).toBe('fresh');
  });

  it('ends with a replaced credential, without a wait', async () => {
    const id = await add('ghl');
    await cache.addCredential(id);
    await cache.sweep();
    cache.sim.updateCalendar(id, { tokenState: 'revoked' });
    for (let i = 0; i < 2; i++) {
      await endWaits();
      await cache.sweep();
    }
    expect(await state(id)).toBe('misconfigured');
    cache.sim.updateCalendar(id, { tokenState: 'valid' });
    expect(await cache.sweep()).toMatchObject({ skippedBackoff: 1 });
    await cache.addCredential(id);
    expect(await state(id)).toBe('unavailable');
    expect(await cache.sweep()).toMatchObject({ refreshed: 1 });
    expect(await state(id)).toBe('fresh');
  });

  it('ends with a duration that is on offer, without a wait; slots of the other duration are not handed out meanwhile', async () => {
    const id = await add('hubspot', { durationsMinutes: [30, 60] }, 45);
    await cache.sweep();
    expect(await cache.status(id)).toMatchObject({ errorKind: 'unsupported_duration', actionRequired: true });
    await setDuration(cache.db, id, 60);
    expect(await cache.sweep()).toMatchObject({ refreshed: 1, changed: 1 });
    expect(await cache.stored(id)).toMatchObject({ slotDurationMinutes: 60 });
    await setDuration(cache.db, id, 30);
    expect(await state(id)).toBe('unavailable');
    expect(await cache.sweep()).toMatchObject({ refreshed: 1, changed: 1 });
    expect(await state(id)).toBe('fresh');
  });
});

describe('a run that ends before a calendar answers', () => {
  it('keeps the workspace its place the first time and counts a timeout the second time in a row', async () => {
    const id = await add('ghl');
    await cache.sweep();
    const before = await cache.status(id);
    cache.sim.setFaults([{ match: { calendarId: id }, fault: { kind: 'hang' } }]);
    const first = await cache.sweep({ timeBudgetMs: 2_600 });
    expectAddsUp(first);
    expect(first).toMatchObject({ abandoned: 1, attempted: 0, finishedWithinBudget: false, success: false });
    expect(await cache.status(id)).toEqual({ ...before, abandonedRuns: 1 });

    const second = await cache.sweep({ timeBudgetMs: 2_600 });
    expectAddsUp(second);
    expect(second).toMatchObject({ abandoned: 0, errors: { total: 1, byKind: { timeout: 1 } } });
    expect(await cache.status(id)).toMatchObject({ abandonedRuns: 0, consecutiveFailures: 1, errorKind: 'timeout', succeededAt: before.succeededAt });
  });

  it('forgets the first when the next one is answered', async () => {
    const id = await add('ghl');
    for (const faults of [[{ match: { calendarId: id }, fault: { kind: 'hang' as const } }], []]) {
      cache.sim.setFaults(faults);
      await cache.sweep({ timeBudgetMs: faults.length > 0 ? 2_600 : 10_000 });
    }
    expect(await cache.status(id)).toMatchObject({ abandonedRuns: 0, errorKind: null });
  });
});

describe('a workspace that is deleted while it is fetched', () => {
  it.each<[string, FaultRule['fault']]>([['succeeds', { kind: 'slow', ms: 400 }], ['fails', { kind: 'status', status: 422 }]])(
    'is skipped when its fetch %s; the others are stored and the counts add up', async (_name, fault) => {
      const gone = await add('ghl');
      const others = [await add('ghl'), await add('calendly')];
      // The last to answer, so that nothing is written before the workspace is gone.
      cache.sim.setFaults([{ match: { calendarId: gone }, fault }, ...others.map((calendarId) => ({ match: { calendarId }, fault: { kind: 'slow' as const, ms: 400 } }))]);
      const isDeleted = new Promise<unknown>((resolve) => {
        const stop = cache.sim.onRequest(({ calendarId }) => {
          if (calendarId !== gone) return;
          stop();
          resolve(cache.db.client.delete({ where: { id: gone } }));
        });
      });
      const report = await cache.sweep();
      await isDeleted;
      expectAddsUp(report);
      expect(report).toMatchObject({ checked: 3, refreshed: 2, skippedNotConfigured: 1, errors: { total: 0 } });
      expect(await Promise.all(others.map(state))).toEqual(['fresh', 'fresh']);
      expect(await cache.db.workspaceAvailabilityStatus.count()).toBe(2);
    });
});

describe('two that refresh at once', () => {
  it('may be two sweeps: every row is whole and as its newest reading, and both reports add up', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => add((['calendly', 'hubspot', 'ghl'] as const)[i % 3] ?? 'ghl')));
    const reports = await Promise.all([cache.sweep(), cache.sweep()]);
    for (const report of reports) {
      expectAddsUp(report);
      expect(report).toMatchObject({ refreshed: 30, errors: { total: 0 }, unknown: 0 });
    }
    expect(new Set(await Promise.all(ids.map(state)))).toEqual(new Set(['fresh']));
    // What the rows say of their content is true: the next sweep finds it and writes no cold row.
    expect(await cache.sweep()).toMatchObject({ refreshed: 30, changed: 0 });
  });

  it('may be a sweep and a person: a reading that began earlier and ends later does not win', async () => {
    const id = await add('ghl');
    cache.sim.setFaults([{ match: { calendarId: id }, times: 1, fault: { kind: 'slow', ms: 600 } }]);
    const isAsked = new Promise<void>((resolve) => {
      const stop = cache.sim.onRequest(() => { stop(); resolve(); });
    });
    const sweep = cache.sweep();
    await isAsked;
    expect(await refreshWorkspaceAvailabilityCache(id, cache.context)).toMatchObject({ kind: 'refreshed' });
    const rows = [await cache.status(id), await cache.stored(id)];
    expectAddsUp(await sweep);
    expect([await cache.status(id), await cache.stored(id)]).toEqual(rows);
  });
});

describe('5,000 slots of one workspace', () => {
  it.each(['calendly', 'hubspot', 'ghl'] as const)('of %s are all stored by a sweep and all read back', async (provider) => {
    const start = Math.ceil((Date.now() + HOUR_MS) / MINUTE_MS) * MINUTE_MS;
    const stepMs = Math.floor((29 * DAY_MS) / 5_000 / MINUTE_MS) * MINUTE_MS;
    const slots = Array.from({ length: 5_000 }, (_, i) => start + i * stepMs);
    const id = await add(provider, { slots });
    expect(await cache.sweep()).toMatchObject({ refreshed: 1, errors: { total: 0 } });
    const answer = await getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, cache.context);
    expect(answer.storedCount).toBe(5_000);
    expect(answer.slotsUtc).toEqual(slots.map((ms) => new Date(ms).toISOString()));
  });
});
