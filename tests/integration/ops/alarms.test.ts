import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAlarms, removeAlarmRoute, setAlarmRoute, testAlarmRoute, watch, type AlarmKind } from '@/lib/alarms';
import { parseCredentialKeys } from '@/lib/credentials';
import { tryLock } from '@/lib/cron/lock';
import { LOCKS } from '@/lib/cron/lock-keys';
import { createDb } from '@/lib/db';
import type { Env } from '@/lib/env';
import { pauseAgency, pauseProvider } from '@/lib/pauses';
import { pause } from '@/lib/workspaces';
import { failure, itemOf, MINUTE_MS, store, success } from '../refresh/writes';
import { startOpsStage, SWEEP_COUNTS, type OpsStage } from './stage';

let stage: OpsStage;
beforeAll(async () => { stage = await startOpsStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => { await stage.reset(); });

const texts = (): string[] => stage.post.received.map(({ body }) => String(body.text));
/** Makes every alarm and notice older, so that time passes without waiting. */
async function passMinutes(minutes: number): Promise<void> {
  const by = `${String(minutes)} minutes`;
  await stage.cache.db.$executeRaw`UPDATE "Alarm" SET "lastSeenAt" = "lastSeenAt" - ${by}::interval, "openedAt" = "openedAt" - ${by}::interval`;
  await stage.cache.db.$executeRaw`UPDATE "AlarmNotice" SET "createdAt" = "createdAt" - ${by}::interval, "nextAttemptAt" = "nextAttemptAt" - ${by}::interval`;
}
const fail = async (id: string, kind: Parameters<typeof failure>[2]): Promise<void> => {
  await store(stage.cache.db, failure(await itemOf(stage.cache.context, id), Math.floor(await stage.now()), kind));
};
const forget = async (id: string): Promise<unknown> => await stage.cache.db.client.delete({ where: { id } });

interface Cause {
  kind: AlarmKind;
  subject: string;
  says: RegExp;
  /** Makes the cause; returns what ends it. */
  make: () => Promise<() => Promise<unknown>>;
  env?: Partial<Env>;
}

const CAUSES: Cause[] = [
  {
    kind: 'no_good_sweep', subject: '', says: /No good sweep for 60 min/,
    make: async () => {
      await stage.cache.db.cronRun.deleteMany();
      await stage.addRun('good', { agoMs: 60 * MINUTE_MS, counts: SWEEP_COUNTS });
      await stage.addRun('not_good', { counts: SWEEP_COUNTS });
      // One workspace's own refresh is no sweep.
      await stage.addRun('good', { agoMs: 1_000, counts: { workspaceId: 'well' } });
      return () => stage.addRun('good', { agoMs: 500, counts: SWEEP_COUNTS });
    },
  },
  { kind: 'sweep_disabled', subject: '', says: /AVAILABILITY_CRON_LIMIT is 0/, env: { AVAILABILITY_CRON_LIMIT: 0 }, make: () => Promise.resolve(() => Promise.resolve()) },
  {
    kind: 'lock_lost', subject: '', says: /lost its lock/,
    make: async () => {
      await stage.addRun('lock_lost', { agoMs: 2_000, counts: SWEEP_COUNTS });
      return () => stage.addRun('good', { agoMs: 500, counts: SWEEP_COUNTS });
    },
  },
  {
    // No budget at all, in a test only: what is held, is held too long.
    kind: 'lock_stuck', subject: '', says: /lock has been held/, env: { AVAILABILITY_CRON_TIME_BUDGET_MS: -20_000 },
    make: async () => {
      const lock = await tryLock(stage.cache.url, LOCKS.availabilitySweep, { timeoutMs: 5_000, onLost: () => undefined });
      if (lock.kind !== 'held') throw new Error('the lock is not free');
      return lock.release;
    },
  },
  { kind: 'oldest_age', subject: '', says: /calendar of old .*20 min ago.*timeout/, make: async () => {
    await stage.addRead('old', { ageMs: 20 * MINUTE_MS });
    await fail('old', 'timeout');
    return () => forget('old');
  } },
  { kind: 'agency_behind', subject: 'slow', says: /Agency slow is behind/, make: async () => {
    await stage.addRead('behind', { ageMs: 10 * MINUTE_MS, agencyId: 'slow' });
    return () => forget('behind');
  } },
  { kind: 'provider_failing', subject: 'calendly', says: /calendly is failing widely: the last attempt failed for 5 of 6/, make: async () => {
    const ids = ['f1', 'f2', 'f3', 'f4', 'f5'];
    for (const id of ids) {
      await stage.addRead(id);
      await fail(id, 'server_error');
    }
    return () => stage.cache.db.client.deleteMany({ where: { id: { in: ids } } });
  } },
  { kind: 'credential_rejected', subject: 'refused', says: /calendly rejects the credential of refused/, make: async () => {
    stage.cache.sim.addCalendar({ id: 'refused', provider: 'calendly', zone: 'UTC' });
    await stage.addRead('refused');
    await stage.cache.addCredential('refused');
    await fail('refused', 'unauthorized');
    return () => stage.cache.db.providerCredential.deleteMany();
  } },
  { kind: 'credential_rejected', subject: 'well', says: /emailbison rejects the credential of well.*--provider emailbison/, make: async () => {
    const credential = { clientId: 'well', provider: 'emailbison' as const, ciphertext: Buffer.from('sealed'), keyId: 'k1', quotaKey: 'q', createdAt: new Date(0) };
    await stage.cache.db.providerCredential.create({ data: credential });
    await stage.cache.db.workspaceSettings.update({ where: { clientId: 'well' }, data: { firstTouchEnabled: true } });
    await stage.cache.db.firstTouchVisit.create({ data: { clientId: 'well', visitedAt: new Date(await stage.now()), lastError: 'unauthorized: EmailBison answered 401' } });
    // Another token is not the one that was refused.
    return () => stage.cache.db.providerCredential.updateMany({ data: { createdAt: new Date(Date.now() + MINUTE_MS) } });
  } },
  { kind: 'quota_limited', subject: 'ghl', says: /ghl quota.*40 reach an age of 5 min/, make: async () => {
    await stage.addRun('good', { agoMs: 2_000, counts: { ...SWEEP_COUNTS, quotaLimited: [{ provider: 'ghl', workspaces: 40, expectedAgeSeconds: 300 }] } });
    return () => stage.addRun('good', { agoMs: 500, counts: SWEEP_COUNTS });
  } },
  { kind: 'few_slots', subject: 'well', says: /has 1 open times in working hours of the next 7 days; its threshold is 2/, make: async () => {
    // One in hours, one booked, one too far; and hours are any, weekends too.
    const at = Math.floor(await stage.now());
    const slots = [at + 60 * MINUTE_MS, at + 180 * MINUTE_MS, at + 8 * 24 * 60 * MINUTE_MS];
    await forget('well');
    await stage.addRead('well', { slots });
    await stage.cache.db.workspaceSettings.update({ where: { clientId: 'well' }, data: { minOpenSlots: 2, offerWeekends: true } });
    await stage.cache.db.booking.create({ data: { clientId: 'well', source: 'test', externalId: 'b1', startsAt: new Date(at + 170 * MINUTE_MS), endsAt: new Date(at + 200 * MINUTE_MS) } });
    return () => stage.cache.db.booking.deleteMany();
  } },
];

describe('each alarm', () => {
  it.each(CAUSES)('$kind fires when its cause is made, once, and clears', async ({ kind, subject, says, make, env }) => {
    expect((await watch(stage.context())).found).toEqual([]);
    const end = await make();
    const first = await watch(stage.context(env));
    expect(first).toMatchObject({ found: [{ kind, subject, message: expect.stringMatching(says) as string }], opened: 1, open: 1, notices: { delivered: 1, failed: 0 } });
    expect(await watch(stage.context(env))).toMatchObject({ opened: 0, open: 1, notices: { delivered: 0 } });
    expect(texts()).toEqual([expect.stringMatching(new RegExp(`Alarm: ${kind}`)) as string]);
    expect(await readAlarms(stage.cache.db)).toMatchObject([{ kind, subject, closedAt: null, isDelivered: true }]);

    await end();
    expect(await watch(stage.context())).toMatchObject({ found: [], closed: 0 });
    await passMinutes(6);
    expect(await watch(stage.context())).toMatchObject({ found: [], closed: 1, open: 0, notices: { delivered: 1 } });
    await watch(stage.context());
    expect(texts()).toHaveLength(2);
    expect(texts()[1]).toMatch(new RegExp(`Over: ${kind}`));
  });

  it("is raised of everybody else beside a zone that this machine does not know, and of that calendar too", async () => {
    const at = Math.floor(await stage.now());
    for (const id of ['odd-zone', 'few']) {
      await stage.addRead(id, { slots: [at + 60 * MINUTE_MS] });
      await stage.cache.db.workspaceSettings.update({ where: { clientId: id }, data: { minOpenSlots: 2, offerWeekends: id === 'few' } });
    }
    await stage.cache.db.workspaceSettings.update({ where: { clientId: 'odd-zone' }, data: { timezone: 'Mars/Olympus' } });
    // Calendly is asked in UTC: such a calendar is read all the same.
    await store(stage.cache.db, success(await itemOf(stage.cache.context, 'odd-zone'), at, [at + 60 * MINUTE_MS]));
    const { found } = await watch(stage.context());
    expect(found.map(({ kind, subject, message }) => [kind, subject, message]).sort()).toEqual([
      ['few_slots', 'few', expect.stringContaining('has 1 open times')],
      ['few_slots', 'odd-zone', expect.stringContaining('has a time zone that is not known here ("Mars/Olympus"), so nothing is open')],
    ]);
  });

  it('is silent in a fresh install, whatever is not configured yet', async () => {
    await stage.cache.db.client.deleteMany();
    await stage.cache.db.cronRun.deleteMany();
    expect(await watch(stage.context({ AVAILABILITY_CRON_LIMIT: 0 }))).toMatchObject({ found: [], open: 0 });
    expect(stage.post.received).toEqual([]);
  });

  it('is silent about what is paused: a workspace, an agency, a provider', async () => {
    for (const [id, agencyId] of [['own', 'a1'], ['of-agency', 'a2'], ['of-provider', 'a3']] as const) {
      await stage.addRead(id, { ageMs: 120 * MINUTE_MS, agencyId, type: id === 'of-provider' ? 'ghl' : 'calendly' });
      await stage.cache.db.workspaceSettings.update({ where: { clientId: id }, data: { minOpenSlots: 50 } });
    }
    expect((await watch(stage.context())).found.length).toBeGreaterThan(0);
    await stage.cache.db.alarm.deleteMany();
    await pause(stage.cache.db, 'own', new Date());
    await pauseAgency(stage.cache.db, 'a2', new Date());
    await pauseProvider(stage.cache.db, 'ghl', new Date());
    expect((await watch(stage.context())).found).toEqual([]);
  });
});

describe('a notice', () => {
  const disabled = { AVAILABILITY_CRON_LIMIT: 0 };

  it('is sent once by many watchers at once', async () => {
    const clients = Array.from({ length: 5 }, () => createDb(stage.cache.url, { poolMax: 1 }));
    await Promise.all(clients.map((db) => watch({ ...stage.context(disabled), db })));
    await Promise.all(clients.map((db) => db.$disconnect()));
    expect(texts()).toHaveLength(1);
    expect(await stage.cache.db.alarm.count()).toBe(1);
  });

  it('of a cause that flaps is sent once a day', async () => {
    for (let i = 0; i < 6; i++) {
      await watch(stage.context(disabled));
      await watch(stage.context());
      await passMinutes(6);
      await watch(stage.context());
    }
    expect(texts().map((text) => /(Alarm|Over|Still):/.exec(text)?.[1])).toEqual(['Alarm', 'Over']);
    await watch(stage.context(disabled));
    await passMinutes(24 * 60);
    await watch(stage.context(disabled));
    await passMinutes(24 * 60);
    await watch(stage.context(disabled));
    expect(texts().map((text) => /(Alarm|Over|Still):/.exec(text)?.[1])).toEqual(['Alarm', 'Over', 'Alarm', 'Still']);
  });

  it('that cannot be delivered is tried again, later and later, with no part of the URL in its error', async () => {
    stage.post.answerWith(500);
    expect(await watch(stage.context(disabled))).toMatchObject({ notices: { delivered: 0, failed: 1 } });
    expect(await watch(stage.context(disabled))).toMatchObject({ notices: { delivered: 0, failed: 0 } });
    const stuck = await stage.cache.db.alarmNotice.findFirstOrThrow();
    expect(stuck).toMatchObject({ attempts: 1, deliveredAt: null, lastError: 'server_error (status 500)' });
    stage.post.answerWith(200);
    await passMinutes(2);
    expect(await watch(stage.context(disabled))).toMatchObject({ notices: { delivered: 1 } });
    expect(texts()).toHaveLength(1);
  });

  it('that was never sent before its cause was over, is not sent, and neither is its end', async () => {
    await watch({ ...stage.context(disabled), env: { ...stage.env, ...disabled, ALARM_SLACK_WEBHOOK_URL: undefined } });
    await passMinutes(6);
    await watch(stage.context());
    expect(texts()).toEqual([]);
    expect(await readAlarms(stage.cache.db)).toEqual([]);
    expect(await readAlarms(stage.cache.db, { closedSince: new Date(0) })).toMatchObject([{ kind: 'sweep_disabled', isDelivered: false }]);
  });

  it('goes to its workspace, else to its agency, else to the default; many causes of one target are one message', async () => {
    const keys = parseCredentialKeys(stage.env.CREDENTIALS_KEY ?? '');
    const { db } = stage.cache;
    const route = async (scope: 'workspace' | 'agency', scopeId: string): Promise<string> =>
      await setAlarmRoute(db, { scope, scopeId, channel: 'email', url: `${stage.post.url}/${scope}/hidden`, recipient: `ops@${scopeId}.example` }, keys, [stage.post.host]);
    for (const [id, agencyId] of [['one', 'north'], ['two', 'north'], ['three', 'south'], ['four', 'south']] as const) {
      await stage.addRead(id, { agencyId });
      await db.workspaceSettings.update({ where: { clientId: id }, data: { minOpenSlots: 9 } });
    }
    const id = await route('workspace', 'one');
    await route('agency', 'north');
    expect(JSON.stringify(await db.alarmRoute.findMany())).not.toContain('hidden');
    await watch(stage.context());
    const sent = stage.post.received.map(({ path, body }) => [path, body.to, (String(body.text).match(/few_slots/g) ?? []).length]).sort();
    expect(sent).toEqual([['/agency/hidden', 'ops@north.example', 1], ['/slack/secret', undefined, 2], ['/workspace/hidden', 'ops@one.example', 1]]);
    expect(await testAlarmRoute(stage.context(), id)).toEqual({ kind: 'sent' });
    await removeAlarmRoute(db, { scope: 'workspace', scopeId: 'one', channel: 'email' });
    await expect(setAlarmRoute(db, { scope: 'agency', scopeId: 'north', channel: 'slack', url: 'https://10.0.0.1/x' }, keys, [])).rejects.toThrow(/not public/);
  });
});
