/**
 * Official APIs with the vendors' real limits, three processes and the customer's own calls beside ours.
 * Longer: npm run test:faults -- --only quotas --minutes 10
 */
import { request } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCredentialKeys, quotaKeyOf, sealCredential } from '@/lib/credentials';
import { addWorkspace } from '../support/cache';
import { AUTHORISED, startStage, type Stage } from '../support/server-stage';
import type { AnswerEvent } from '../../scripts/simulator/server';
import { progress, sizeOf } from './sizes';

const RUN_MS = sizeOf('FAULT_MINUTES', 0) * 60_000 || 22_000;
/** Sweeps one after another: what is behind leaves no minute unused. */
const BUDGET_MS = RUN_MS > 60_000 ? 50_000 : 20_000;
const SHARE = 0.5;
const KEY = `test:${Buffer.alloc(32).toString('base64')}`;
/** An answer that was on its way when the refusal was sent has been asked for already. */
const UNDER_WAY_MS = 250;

/** The vendors' published limits (Calendly's of a free account), which the simulator enforces; more workspaces than they can serve. */
const ACCOUNTS = [
  { provider: 'ghl', origin: 'ghlApi', perWindow: 100, windowMs: 10_000, workspaces: 4_000, customerPath: (id: string) => `/calendars/${id}` },
  { provider: 'hubspot', origin: 'hubspotApi', perWindow: 100, windowMs: 10_000, workspaces: 2_000, customerPath: () => '/scheduler/v3/meetings/meeting-links' },
  { provider: 'calendly', origin: 'calendlyApi', perWindow: 50, windowMs: 60_000, workspaces: 600, customerPath: () => '/users/me' },
] as const;
type Account = (typeof ACCOUNTS)[number];

interface Seen extends AnswerEvent {
  isCustomers: boolean;
}

/** The short part is too short for windows of a minute. */
describe.each(ACCOUNTS.filter(({ windowMs }) => windowMs * 2 < RUN_MS))('the quota of a $provider credential, its workspaces more than it can serve,', (account) => {
  let stage: Stage;
  const seen: Seen[] = [];
  const replies: Record<string, unknown>[] = [];

  beforeAll(async () => {
    stage = await startStage({ servers: 3, simulator: { limits: { calendlyApi: { perMinute: 50 } } }, env: { CREDENTIALS_KEY: KEY, AVAILABILITY_MAX_AGE_MS: '86400000' } });
    const { ids, token } = await addAccount(stage, account, RUN_MS > 60_000 ? account.workspaces : 300);
    stage.sim.onAnswer((event) => { if (event.origin === account.origin) seen.push({ ...event, isCustomers: event.path.includes('customer=1') }); });
    const until = performance.now() + RUN_MS;
    await Promise.all([
      ...stage.servers.map((_, server) => sweepAgainAndAgain(server, until)),
      callAsCustomer(stage, account, token, until),
    ]);
    progress(`${account.provider}: ${String(ours().length)} calls of ours, ${String(seen.length - ours().length)} of the customer, ${String(ids.length)} workspaces`);
    return stage.close;
  }, RUN_MS + 120_000);

  const ours = (): Seen[] => seen.filter(({ isCustomers }) => !isCustomers);
  const runs = (): Record<string, unknown>[] => replies.filter((body) => body.skipped !== true);

  it('is never exceeded by our share in any window, and at least 90 % of the share is used', () => {
    const times = ours().map(({ askedAtMs }) => askedAtMs).sort((a, b) => a - b);
    const most = mostInAnyWindow(times, account.windowMs);
    expect(most).toBeLessThanOrEqual(account.perWindow * SHARE);
    const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    const used = times.length / ((account.perWindow * SHARE * spanMs) / account.windowMs);
    progress(`${account.provider}: at most ${String(most)} in ${String(account.windowMs / 1_000)} s of ${String(account.perWindow * SHARE)}; ${String(Math.round(used * 1_000) / 10)} % used over ${String(Math.round(spanMs / 1_000))} s`);
    // In seconds the first and the last call weigh too much.
    expect(used).toBeGreaterThanOrEqual(RUN_MS > 60_000 ? 0.9 : 0.8);
  });

  it('lets us meet no refusal, and the customer none that we caused', () => {
    const refused = seen.filter(({ status }) => status === 429);
    const theirs = seen.filter(({ isCustomers }) => isCustomers);
    expect(theirs.length).toBeGreaterThan(0);
    expect(refused.filter(({ isCustomers }) => !isCustomers)).toEqual([]);
    // A customer who takes more than what we leave has the refusal from himself.
    const takenBefore = (at: number): number => theirs.filter(({ askedAtMs }) => askedAtMs <= at && askedAtMs > at - account.windowMs).length;
    expect(refused.filter(({ isCustomers, askedAtMs }) => isCustomers && takenBefore(askedAtMs) <= account.perWindow * (1 - SHARE))).toEqual([]);
  });

  it('is told of by the run, and ages stay even', async () => {
    expect(runs().length).toBeGreaterThan(0);
    for (const body of runs()) expect(body).toMatchObject({ quotaLimited: [{ provider: account.provider }] });
    // Nobody is read again before everybody else was.
    const perWorkspace = await stage.db.$queryRaw<{ fetched: Date | null }[]>`SELECT "fetchedAt" AS fetched FROM "WorkspaceAvailabilityStatus"`;
    const counts = new Map<string, number>();
    for (const event of ours()) if (event.calendarId !== undefined && isSlotRequest(event)) counts.set(event.calendarId, (counts.get(event.calendarId) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const neverRead = perWorkspace.filter(({ fetched }) => fetched === null).length;
    if (neverRead > 0) expect(most).toBeLessThanOrEqual(2);
    else expect(most).toBeLessThanOrEqual(2 * (Math.min(...counts.values()) + 1));
  });

  /** As crons on three processes would, with no minute between. */
  async function sweepAgainAndAgain(server: number, until: number): Promise<void> {
    while (performance.now() < until) {
      const { status, body } = await stage.sweep(server, `timeBudgetMs=${String(Math.min(BUDGET_MS, Math.max(3_000, until - performance.now() + 2_000)))}`.replace(/\.\d+/, ''));
      expect(status).toBe(200);
      replies.push(body);
      if (body.skipped === true) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});

describe('a 429 with a Retry-After', () => {
  it('ends all calls with that credential until it is over, in every process, also in the middle of a run', async () => {
    const account = ACCOUNTS[0];
    const stage = await startStage({ servers: 3, env: { CREDENTIALS_KEY: KEY } });
    try {
      const { ids } = await addAccount(stage, account, 200);
      const seen: AnswerEvent[] = [];
      stage.sim.onAnswer((event) => { if (event.origin === account.origin) seen.push(event); });
      const waitSeconds = 4;
      for (let i = 0; i < 2; i++) {
        stage.sim.addFault({ match: { origin: account.origin }, times: 1, fault: { kind: 'status', status: 429, retryAfterSeconds: waitSeconds } });
        const sweep = stage.sweep(0, 'timeBudgetMs=9000');
        await expect.poll(() => seen.filter(({ status }) => status === 429).length, { timeout: 15_000 }).toBe(i + 1);
        // Beside it, persons press "refresh now" in the other processes.
        await new Promise((resolve) => setTimeout(resolve, UNDER_WAY_MS));
        const beside = await Promise.all(stage.servers.slice(1).map((server, i) => server.get(`/api/cron/availability?workspaceId=${ids[i] ?? ''}`, AUTHORISED)));
        for (const reply of beside) expect(reply.body).toMatchObject({ skipped: true, reason: 'quota' });
        expect((await sweep).body.refreshed).toBeGreaterThan(0);
      }
      for (const refusal of seen.filter(({ status }) => status === 429)) {
        const until = refusal.answeredAtMs + waitSeconds * 1_000;
        expect(seen.filter(({ askedAtMs }) => askedAtMs > refusal.answeredAtMs + UNDER_WAY_MS && askedAtMs < until - UNDER_WAY_MS)).toEqual([]);
        expect(seen.filter(({ askedAtMs }) => askedAtMs >= until).length).toBeGreaterThan(0);
      }
    } finally {
      await stage.close();
    }
  });
});

describe('the day\'s share', () => {
  it('ends all calls with that credential when it is used up, whoever asks', async () => {
    const account = ACCOUNTS[1];
    const stage = await startStage({ servers: 3, env: { CREDENTIALS_KEY: KEY } });
    try {
      const { ids } = await addAccount(stage, account, 40);
      await stage.sweep(0, 'timeBudgetMs=3000');
      const left = 7;
      await stage.db.$executeRaw`UPDATE "QuotaBucket" SET "dayUsed" = ${250_000 * SHARE - left}, "nextFreeAt" = now()`;
      stage.sim.resetStats();
      for (const server of [0, 1, 2]) await stage.sweep(server, 'timeBudgetMs=5000');
      for (const [index, id] of ids.slice(0, 6).entries()) await stage.servers[index % 3]?.get(`/api/cron/availability?workspaceId=${id}`, AUTHORISED);
      const used = stage.sim.stats().byOrigin[account.origin].requests;
      expect(used).toBeLessThanOrEqual(left);
      expect(used).toBeGreaterThan(0);
    } finally {
      await stage.close();
    }
  });
});

async function addAccount({ sim, db }: Stage, { provider }: Account, count: number): Promise<{ ids: string[]; token: string }> {
  const keys = parseCredentialKeys(KEY);
  const ids = Array.from({ length: count }, (_, i) => `${provider}-${String(i)}`);
  let token = '';
  for (const id of ids) {
    const handle = sim.addCalendar({ id, provider, zone: 'Europe/Paris', account: 'one-account', slug: id });
    token = handle.token;
    await addWorkspace(db, { id, url: handle.url, type: provider });
    await db.providerCredential.create({ data: { clientId: id, provider, quotaKey: quotaKeyOf(provider, token), ...sealCredential(keys, { clientId: id, provider }, token) } });
  }
  return { ids, token };
}

/** The customer's other tools use most of the other half, evenly. */
async function callAsCustomer({ sim }: Stage, account: Account, token: string, until: number): Promise<void> {
  const own = account.perWindow * SHARE * 0.9;
  const [calendar] = sim.calendars();
  const url = new URL(account.customerPath(calendar?.ids.calendarId ?? ''), sim.origins[account.origin]);
  url.searchParams.set('customer', '1');
  const calls: Promise<unknown>[] = [];
  for (let nth = 0, startedAt = performance.now(); performance.now() < until; nth++) {
    calls.push(request(url, { headers: { authorization: `Bearer ${token}`, version: '2021-07-28' } }).then(({ body }) => body.dump()));
    await new Promise((resolve) => setTimeout(resolve, startedAt + ((nth + 1) * account.windowMs) / own - performance.now()));
  }
  await Promise.all(calls);
}

const isSlotRequest = ({ endpoint }: AnswerEvent): boolean => /slot|availab|times/i.test(endpoint);

/** The largest number of instants that any window holds. */
function mostInAnyWindow(times: readonly number[], windowMs: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] ?? 0) - (times[first] ?? 0) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
