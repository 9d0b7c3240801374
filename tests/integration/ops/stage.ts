/** A cache that is well, and a post office: what tests of the operator's side begin with. */
import { randomUUID } from 'node:crypto';
import type { AlarmContext } from '@/lib/alarms';
import { parseEnv, type Env } from '@/lib/env';
import { createHttpTransport } from '@/lib/providers/http';
import { createTestCache, type TestCache } from '../../support/cache';
import { itemOf, store, success } from '../refresh/writes';
import { startPostOffice, type PostOffice } from './post-office';

export interface OpsStage {
  cache: TestCache;
  post: PostOffice;
  env: Env;
  context: (env?: Partial<Env>) => AlarmContext;
  /** The database's clock, epoch milliseconds. */
  now: () => Promise<number>;
  /** A workspace read `ageMs` ago with these slots; hours from now by default. */
  addRead: (id: string, options?: { ageMs?: number; agencyId?: string; slots?: number[]; type?: 'calendly' | 'hubspot' | 'ghl' }) => Promise<void>;
  addRun: (outcome: string, options?: { agoMs?: number; counts?: object; job?: string }) => Promise<string>;
  /** Nothing but one workspace, just read by a good sweep. */
  reset: () => Promise<void>;
  close: () => Promise<void>;
}

export const SWEEP_COUNTS = { attempted: 1, refreshed: 1, checked: 1, durationMs: 400, notReached: 0, abandoned: 0, errors: { total: 0, byKind: {}, first: null }, quotaLimited: [], byProvider: {} };

export async function startOpsStage(): Promise<OpsStage> {
  const [cache, post] = await Promise.all([createTestCache(), startPostOffice()]);
  const { db } = cache;
  const env = { ...cache.env, ...parseEnv({ ALARM_SLACK_WEBHOOK_URL: `${post.url}/slack/secret`, OUTBOUND_ALLOW_HOSTS: post.host }), DATABASE_URL: cache.url, CREDENTIALS_KEY: cache.env.CREDENTIALS_KEY };
  const transport = createHttpTransport({ allowHosts: [post.host], trustedOrigins: [] });
  const now = async (): Promise<number> => (await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`)[0]?.now.getTime() ?? 0;
  const stage: OpsStage = {
    cache, post, env, now,
    context: (more = {}) => ({ db, env: { ...env, ...more }, transport }),
    addRead: async (id, { ageMs = 1_000, agencyId = 'agency-1', slots, type = 'calendly' } = {}) => {
      const at = await now();
      const url = { calendly: 'https://calendly.com/acme/intro', hubspot: 'https://meetings.hubspot.com/acme/intro', ghl: 'https://api.leadconnectorhq.com/widget/bookings/acme' }[type];
      await cache.addWorkspace({ id, url, type, agencyId });
      await db.client.update({ where: { id }, data: { createdAt: new Date(at - 24 * 3_600_000) } });
      await store(db, success(await itemOf(cache.context, id), Math.floor(at - ageMs), slots ?? [at + 3_600_000]));
    },
    addRun: async (outcome, { agoMs = 5_000, counts, job = 'availability' } = {}) => {
      const id = randomUUID();
      const at = await now();
      await db.cronRun.create({ data: { id, job, outcome, startedAt: new Date(at - agoMs), finishedAt: new Date(at - agoMs + 400), ...(counts ? { counts } : {}) } });
      return id;
    },
    reset: async () => {
      post.received.length = 0;
      post.answerWith(200);
      await db.alarm.deleteMany();
      await db.alarmRoute.deleteMany();
      await db.cronRun.deleteMany();
      await db.client.deleteMany();
      await db.agency.deleteMany();
      await db.providerHost.deleteMany();
      await db.providerPause.deleteMany();
      await stage.addRead('well');
      await stage.addRun('good', { counts: SWEEP_COUNTS });
    },
    close: async () => {
      await transport.close();
      await post.close();
      await cache.close();
    },
  };
  return stage;
}
