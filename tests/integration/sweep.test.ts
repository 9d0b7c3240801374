import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc } from '@/lib/availability-cache';
import { createTestCache, type CalendarSpec, type TestCache } from '../support/cache';

const DAY_MS = 86_400_000;
let cache: TestCache;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });

async function addCalendar(spec: CalendarSpec, agencyId = 'agency-1'): Promise<string> {
  const { url } = cache.sim.addCalendar(spec);
  return await cache.addWorkspace({ id: spec.id, url, type: spec.provider, agencyId });
}

describe('a sweep', () => {
  it('stores every open slot of the window for each provider, and its counts add up', async () => {
    await addCalendar({ id: 'c1', provider: 'calendly', zone: 'America/New_York' });
    await addCalendar({ id: 'h1', provider: 'hubspot', zone: 'Europe/Paris' });
    await addCalendar({ id: 'g1', provider: 'ghl', zone: 'Australia/Sydney' });
    const report = await cache.sweep();
    expect(report).toMatchObject({ success: true, checked: 3, attempted: 3, refreshed: 3, changed: 3, errors: { total: 0 }, finishedWithinBudget: true });
    for (const id of ['c1', 'h1', 'g1']) {
      const answer = await getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, cache.context);
      const asOf = Date.parse(answer.asOf ?? '');
      const truth = cache.sim.truth(id, asOf, asOf + 30 * DAY_MS);
      expect(answer.state).toBe('fresh');
      expect(answer.slotsUtc.length).toBeGreaterThan(100);
      expect(answer.slotsUtc.map(Date.parse)).toEqual(truth);
    }
  });

  it('leaves an unchanged cold row alone', async () => {
    const before = await cache.db.workspaceAvailabilityCache.findMany({ select: { clientId: true, generation: true, changedAt: true } });
    const report = await cache.sweep();
    expect(report).toMatchObject({ refreshed: 3, changed: 0, unchanged: 3 });
    const after = await cache.db.workspaceAvailabilityCache.findMany({ select: { clientId: true, generation: true, changedAt: true } });
    expect(after).toEqual(before);
  });

  it('refreshes everybody else beside links that nobody can read', async () => {
    const links = ['https://meetings.hubspot.com// ?%', 'https://meetings.hubspot.com//%20', 'https://meetings.hubspot.com//', 'https://meetings.hubspot.com/%ff', 'https://calendly.com//', 'https://calendly.com/%ff/x', 'https://book.agency.example//widget//booking/%ff', 'https://', ''];
    for (const [nth, url] of links.entries()) await cache.addWorkspace({ id: `odd-${String(nth)}`, url, type: (['calendly', 'hubspot', 'ghl'] as const).find((type) => url.includes(type === 'ghl' ? 'widget' : type)) ?? 'calendly' });
    const report = await cache.sweep();
    expect(report).toMatchObject({ refreshed: 3, abandoned: 0, unknown: 0, notReached: 0, finishedWithinBudget: true });
    expect(report.errors.total + report.skippedNotConfigured).toBe(links.length);
    const kinds = await cache.db.workspaceAvailabilityStatus.findMany({ where: { clientId: { startsWith: 'odd-' }, errorKind: 'internal_error' } });
    expect(kinds).toEqual([]);
  });
});
