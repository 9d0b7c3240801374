import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAvailabilityJob } from '@/lib/cron/availability-job';
import { cronRoute, type CronRouteDeps } from '@/lib/cron/cron-route';
import { createWatchJob } from '@/lib/cron/watch-job';
import type { Env } from '@/lib/env';
import { prune, pruneTurnOf } from '@/lib/prune';
import { AUTHORISED, hit, SECRET } from '../route/hit';
import { DAY_MS, MINUTE_MS } from '../refresh/writes';
import { startOpsStage, type OpsStage } from './stage';

let stage: OpsStage;
beforeAll(async () => { stage = await startOpsStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => { await stage.reset(); });

const depsWith = (env: Partial<Env>, more: Partial<CronRouteDeps> = {}): CronRouteDeps =>
  ({ env: () => ({ ...stage.env, CRON_SECRET: SECRET, ...env }), db: () => stage.cache.db, ...more });

describe('the watch route', () => {
  it('answers what it found, and leaves a row of its run', async () => {
    const get = cronRoute(createWatchJob((env) => ({ ...stage.context(), env })), depsWith({ AVAILABILITY_CRON_LIMIT: 0 }));
    expect((await hit(get, '', {})).status).toBe(401);
    const { status, body, headers } = await hit(get, '', { ...AUTHORISED, 'x-request-id': 'req-7' });
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toBe('req-7');
    expect(body).toMatchObject({ success: true, foundTotal: 1, opened: 1, found: [{ kind: 'sweep_disabled', subject: '' }], notices: { delivered: 1 } });
    expect(await stage.cache.db.cronRun.findUniqueOrThrow({ where: { id: String(body.runId) } })).toMatchObject({ job: 'watch', outcome: 'good' });
    // What could forge a line of the log is not taken over.
    expect((await hit(get, '', { ...AUTHORISED, 'x-request-id': 'a b"{}' })).headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('the dead man’s switch', () => {
  async function sweep(env: Partial<Env>): Promise<Record<string, unknown>> {
    const after: Promise<void>[] = [];
    const get = cronRoute(createAvailabilityJob(() => stage.cache.context), depsWith(env, { afterAnswer: (work) => { after.push(work()); } }));
    const { body } = await hit(get, '', AUTHORISED);
    await Promise.all(after);
    return body;
  }

  it('is asked after a good sweep, and not after another', async () => {
    await stage.cache.db.client.deleteMany();
    const url = `${stage.post.url}/beat`;
    expect(await sweep({ HEARTBEAT_URL: url })).toMatchObject({ success: true });
    expect(stage.post.received.map(({ path }) => path)).toEqual(['/beat']);
    await sweep({ HEARTBEAT_URL: url, AVAILABILITY_CRON_LIMIT: 0 });
    await stage.cache.addWorkspace({ id: 'bad', url: 'https://example.com/x', type: 'unknown' });
    expect(await sweep({ HEARTBEAT_URL: url })).toMatchObject({ success: false });
    expect(stage.post.received).toHaveLength(1);
  });

  it('that fails does not fail the sweep', async () => {
    await stage.cache.db.client.deleteMany();
    stage.post.answerWith(500);
    expect(await sweep({ HEARTBEAT_URL: `${stage.post.url}/beat` })).toMatchObject({ success: true });
    // Not exempt from the guard: refused, and the sweep is good all the same.
    expect(await sweep({ HEARTBEAT_URL: 'http://127.0.0.1:1/beat' })).toMatchObject({ success: true });
  });
});

describe('pruning', () => {
  it('removes what is older than it is kept for, in batches, and nothing else', async () => {
    const { db } = stage.cache;
    const now = await stage.now();
    const ago = (days: number): Date => new Date(now - days * DAY_MS);
    await db.cronRun.createMany({ data: Array.from({ length: 2_300 }, () => ({ job: 'watch', outcome: 'good', startedAt: ago(14.1) })) });
    await stage.addRun('good', { agoMs: 13.9 * DAY_MS });
    await db.workspaceTransition.createMany({ data: [30.1, 29.9].map((days) => ({ clientId: 'well', at: ago(days), kind: 'changed' as const, slotCount: days > 30 ? 1 : 2 })) });
    await db.workspaceHour.createMany({ data: [90.1, 89.9].map((days) => ({ clientId: 'well', hour: ago(days), refreshes: 1, changes: 0, failures: 0, latencyMs: 1 })) });
    const lead = await db.lead.create({ data: { clientId: 'well', email: 'pat@lead.example' } });
    await db.slotOffer.createMany({ data: [180.1, 179.9].map((days, position) => ({ clientId: 'well', leadId: lead.id, channel: 'first-touch', sendKey: 'k', position, slotUtc: ago(days) })) });
    const followUp = { clientId: 'well', leadId: lead.id, template: 't', channel: 'webhook', dueAt: ago(200), nextAttemptAt: ago(200) };
    await db.followUp.createMany({ data: [{ ...followUp, state: 'sent', finishedAt: ago(181) }, { ...followUp, state: 'sent', finishedAt: ago(179) }, { ...followUp, state: 'pending' }] });
    await db.webhookEvent.createMany({ data: [31, 29].map((days) => ({ clientId: 'well', key: String(days), receivedAt: ago(days) })) });
    await db.auditEntry.createMany({ data: [366, 364].map((days) => ({ actor: 'cli', action: 'test', at: ago(days) })) });
    const alarm = { kind: 'few_slots', message: 'm', openedAt: ago(300), lastSeenAt: ago(100) };
    await db.alarm.createMany({ data: [{ ...alarm, closedAt: ago(91) }, { ...alarm, closedAt: ago(89) }, { ...alarm, closedAt: null }] });

    const all = { runs: 2_300, transitions: 1, hours: 1, offers: 1, followUps: 1, webhookEvents: 1, audit: 1, alarms: 1 };
    expect(await prune(db, stage.env, now, () => 0)).toEqual({});
    expect(await prune(db, stage.env, now, () => 10_000)).toEqual(all);
    expect(await prune(db, stage.env, now, () => 10_000)).toEqual(Object.fromEntries(Object.keys(all).map((name) => [name, 0])));
    expect([await db.cronRun.count(), await db.followUp.count(), await db.alarm.count(), await db.workspaceHour.count()]).toEqual([2, 2, 2, 1]);
    await db.auditEntry.deleteMany();
  });

  it('has a turn for every table in an hour, and none in most minutes', () => {
    const turns = Array.from({ length: 60 }, (_, minute) => Object.keys(pruneTurnOf(minute * MINUTE_MS)));
    expect(new Set(turns.flat()).size).toBe(8);
    expect(turns.flat()).toHaveLength(8);
  });
});
