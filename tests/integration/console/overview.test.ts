import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshnessOf, readAlarms, readAttention, readAudit, readHosts, readRun, readRuns, readStandings, readSweeps, type ConsoleContext } from '@/lib/console';
import { consoleRead } from '@/lib/console/query';
import { sqlState } from '@/lib/db';
import { createTestCache, type TestCache } from '../../support/cache';

let cache: TestCache;
let context: ConsoleContext;
beforeAll(async () => {
  cache = await createTestCache();
  context = { db: cache.db, ttlMs: 60_000, maxAgeMs: 900_000, timeBudgetMs: 50_000, sweepDisabledBy: null };
  await cache.db.agency.createMany({ data: [{ id: 'agency-1', name: 'First agency' }, { id: 'agency-2', name: 'Second agency', pausedAt: new Date() }] });
  await cache.addCalendar({ id: 'good', provider: 'hubspot', zone: 'Europe/Paris' });
  await cache.addCalendar({ id: 'paused', provider: 'hubspot', zone: 'Europe/Paris' }, { agencyId: 'agency-2' });
  await cache.addWorkspace({ id: 'gone', url: cache.sim.calendar('good').url.replace(/[^/]+$/, 'nowhere'), type: 'hubspot', agencyId: null });
  await cache.db.client.create({ data: { id: 'bare', name: 'bare' } });
});
afterAll(() => cache.close());

const runAt = async (minutesAgo: number, outcome: string, counts: object | null, job = 'availability'): Promise<string> => {
  const startedAt = new Date(Date.now() - minutesAgo * 60_000);
  const finishedAt = outcome === 'running' ? null : startedAt;
  return (await cache.db.cronRun.create({ data: { job, outcome, startedAt, finishedAt, ...(counts && { counts }) } })).id;
};

it('an app in which nothing has happened yet is read without an error', async () => {
  expect((await readSweeps(context, 3))).toMatchObject({ sweeps: [], last: null, lastGoodAt: null, isLate: false, running: null });
  expect(await readHosts(context)).toEqual({ breakers: [], quotas: [] });
  expect(await readAttention(context)).toEqual({ unknownSends: [], notRendered: [], firstTouchErrors: [] });
  expect((await readAlarms(context, 'open', 1, 10)).alarms).toEqual([]);
  expect((await readAudit(context, {}, 1, 10)).entries).toEqual([]);
  expect((await readRuns(context, {}, 1, 10)).runs).toEqual([]);
  expect(await readRun(context, 'no such run')).toBeNull();
});

it('the overview says of a real sweep what is fresh, who is paused and who needs a person', async () => {
  const report = await cache.sweep();
  expect(report.refreshed).toBe(1);
  const standings = await readStandings(context);
  expect(Object.fromEntries(standings.workspaces.map(({ workspaceId, state, pausedBy }) => [workspaceId, [state, pausedBy]]))).toEqual({
    good: ['fresh', null], paused: ['paused', 'agency'], gone: ['misconfigured', null], bare: ['misconfigured', null],
  });
  expect(standings.pausedAgencies.map(({ name }) => name)).toEqual(['Second agency']);
  const freshness = freshnessOf(standings, context.maxAgeMs);
  expect(freshness).toMatchObject({ counted: 1, within1Min: 1, byState: { fresh: 1, paused: 1, misconfigured: 2 } });
  expect(freshness.causes.map(({ kind }) => kind).sort()).toEqual(['no_link', 'not_found']);
});

it('sweeps are told apart from refreshes of one workspace, and a killed run from one under way', async () => {
  const answer = { checked: 5, attempted: 4, refreshed: 3, changed: 1, durationMs: 2_500, errors: { total: 1, byKind: { timeout: 1 }, first: null }, byProvider: { calendly: { requests: 10, p50Ms: 80, p95Ms: 200, errors: 1 } } };
  await runAt(20, 'running', null);
  await runAt(5, 'not_good', { ...answer, refreshed: 1, byProvider: { calendly: { requests: 30, p50Ms: 90, p95Ms: 900, errors: 9 } } });
  const good = await runAt(4, 'good', answer);
  await runAt(3, 'good', { success: true, workspaceId: 'good' });
  await runAt(2, 'locked', { skipped: true, reason: 'locked' });
  const health = await readSweeps(context, 3);
  expect(health.sweeps.map(({ outcome, errorsByKind }) => [outcome, errorsByKind])).toEqual([['not_good', { timeout: 1 }], ['good', { timeout: 1 }]]);
  expect(health.last?.runId).toBe(good);
  expect(health).toMatchObject({ running: null, isLate: true });
  expect(health.byProvider.calendly).toEqual({ requests: 10, p50Ms: 80, p95Ms: 200, errors: 1, recentRequests: 40, recentErrors: 10 });
  await runAt(0, 'running', null);
  await runAt(1, 'good', answer);
  expect(await readSweeps(context, 3)).toMatchObject({ isLate: false, running: { runId: expect.any(String) as string } });
});

it('runs are filtered by job, outcome and time, and come in pages', async () => {
  await runAt(90, 'failed', null, 'followups');
  expect((await readRuns(context, { job: 'followups' }, 1, 10)).runs.map(({ outcome }) => outcome)).toEqual(['failed']);
  expect((await readRuns(context, { outcome: 'locked' }, 1, 10)).runs).toHaveLength(1);
  expect((await readRuns(context, { after: Date.now() - 150_000 }, 1, 10)).runs).toHaveLength(3);
  const [first, second] = [await readRuns(context, {}, 1, 4), await readRuns(context, {}, 2, 4)];
  expect([first.hasMore, second.hasMore, first.runs.length, second.runs.length]).toEqual([true, false, 4, 4]);
  expect(new Set([...first.runs, ...second.runs].map(({ id }) => id)).size).toBe(8);
});

it('a run shows what began to fail in it, recovered or changed, and nothing of other runs', async () => {
  const runId = await runAt(1, 'good', { checked: 1 });
  const at = new Date(Date.now() - 55_000);
  await cache.db.workspaceTransition.createMany({
    data: [
      { clientId: 'good', at, kind: 'changed', runId, addedCount: 2, removedCount: 1 },
      { clientId: 'removed since', at, kind: 'failed', runId, errorKind: 'timeout', message: 'too slow' },
      { clientId: 'good', at, kind: 'recovered', runId: 'another run', failures: 3 },
    ],
  });
  const detail = await readRun(context, runId);
  expect(detail?.transitions.map(({ kind, workspaceId, name }) => [kind, workspaceId, name])).toEqual([['failed', 'removed since', null], ['changed', 'good', 'good']]);
  expect(detail?.transitionCounts).toEqual({ changed: 1, failed: 1 });
});

it('alarms and actions name whom they are about', async () => {
  const at = new Date();
  await cache.db.alarm.createMany({
    data: [
      { kind: 'credential_rejected', subject: 'good', message: 'm', openedAt: at, lastSeenAt: at },
      { kind: 'agency_behind', subject: 'agency-1', message: 'm', openedAt: at, lastSeenAt: at, closedAt: at },
    ],
  });
  expect((await readAlarms(context, 'open', 1, 10)).alarms).toMatchObject([{ kind: 'credential_rejected', subjectName: 'good', isWorkspace: true }]);
  expect((await readAlarms(context, 'closed', 1, 10)).alarms).toMatchObject([{ kind: 'agency_behind', subjectName: 'First agency', isWorkspace: false }]);
  await cache.db.auditEntry.createMany({ data: [{ actor: 'console', action: 'workspace.pause', subject: 'good' }, { actor: 'cli', action: 'agency.pause', subject: 'agency-1' }] });
  const { entries, total, actions } = await readAudit(context, { action: 'workspace.pause' }, 1, 10);
  expect({ entries, total, actions }).toMatchObject({ total: 1, actions: ['agency.pause', 'workspace.pause'], entries: [{ subjectName: 'good', isWorkspace: true }] });
});

it('what waits for a person is counted by workspace', async () => {
  const lead = await cache.db.lead.create({ data: { clientId: 'good', email: 'lead@example.com' } });
  const due = new Date(Date.now() - 60_000);
  await cache.db.followUp.create({ data: { clientId: 'good', leadId: lead.id, dueAt: due, nextAttemptAt: due, template: 't', channel: 'webhook', state: 'unknown' } });
  await cache.db.firstTouch.create({ data: { clientId: 'good', leadId: lead.id, campaignId: 'c', emailBisonLeadId: '1', state: 'failed', content: 'times', sentence: 's', finder: 'scheduled', preparedAt: due } });
  await cache.db.firstTouchVisit.create({ data: { clientId: 'gone', visitedAt: due, lastError: 'no key' } });
  expect(await readAttention(context)).toMatchObject({
    unknownSends: [{ workspaceId: 'good', count: 1 }], notRendered: [{ workspaceId: 'good', count: 1 }], firstTouchErrors: [{ workspaceId: 'gone', message: 'no key' }],
  });
});

it('a query of the console that takes too long is ended by the server', async () => {
  const slow = consoleRead(context, cache.db.$queryRaw`SELECT pg_sleep(10)::text`);
  expect(await slow.then(() => 'done', (error: unknown) => sqlState(error))).toBe('57014');
});
