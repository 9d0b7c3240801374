/**
 * Servers killed and frozen at random points of a sweep, while a reader hammers the cache and people book times.
 * More of both: npm run test:faults -- --only kills --rounds 500 --freezes 100
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultStage, type FaultStage } from '../support/fault-stage';
import type { Reply } from '../support/server';
import { createChurn } from './churn';
import { startReader, type Reader } from './reader';
import { progress, SEED, sizeOf } from './sizes';
import { expectSound, expectStoredTruth, locksHeld } from './soundness';

const KILLS = sizeOf('FAULT_ROUNDS', 12);
const FREEZES = sizeOf('FAULT_FREEZES', 1);
const SERVERS = 3;
const WORKSPACES_PER_PROVIDER = 10;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
/** What a killed holder may keep the next run waiting: until its connection is seen to be closed. */
const FREE_AFTER_KILL_MS = 2_000;
const FREE_AFTER_FREEZE_MS = 20_000;
const MAX_AGE_MS = 60_000;
const WORKSPACE_TIMEOUT_MS = 6_000;
const ENV = { AVAILABILITY_MAX_AGE_MS: String(MAX_AGE_MS), AVAILABILITY_CACHE_TTL_MS: '5000', AVAILABILITY_WORKSPACE_TIMEOUT_MS: String(WORKSPACE_TIMEOUT_MS) };

const WAYS = [['through PgBouncer in transaction mode', true], ['straight to PostgreSQL', false]] as const;
/** The short part goes the harder way alone. */
const isLong = KILLS + FREEZES > 50;

describe.each(WAYS.filter(([, pooled]) => pooled || isLong))(`servers on three processes, %s (seed ${String(SEED)})`, (_name, pooled) => {
  let stage: FaultStage;
  let reader: Reader;
  let churn: ReturnType<typeof createChurn>;
  let sweepMs: number;
  /** Restarts under way, by server. */
  const restarting = new Map<number, Promise<void>>();

  beforeAll(async () => {
    stage = await startFaultStage({ seed: SEED, servers: SERVERS, pooled, workspaces: WORKSPACES_PER_PROVIDER, env: ENV });
    churn = createChurn(stage);
    sweepMs = await stage.warmUp();
    reader = startReader(stage, { maxAgeMs: MAX_AGE_MS, workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
    return stage.close;
  });
  afterAll(async () => { await Promise.allSettled(restarting.values()); });

  it(`killed ${String(KILLS)} times in mid-sweep: the lock is free at once, nothing is torn or lost, the next run is complete`, { timeout: 60_000 + KILLS * 30_000 }, async () => {
    for (let round = 0; round < KILLS; round++) {
      const [victim, other] = [round % SERVERS, (round + 1) % SERVERS];
      await restarting.get(victim);
      await restarting.get(other);
      const before = await expectSound(stage);
      await churn(3);
      const cutOff = stage.sweep(victim).then(() => 'answered', () => 'cut off');
      await sleep(stage.random.next() * sweepMs * 1.1);
      stage.servers[victim]?.kill('SIGKILL');
      const killedAt = performance.now();
      await cutOff;
      const next = await firstRun(other, FREE_AFTER_KILL_MS);
      expect(next.waitedMs + next.startedAt - killedAt).toBeLessThan(FREE_AFTER_KILL_MS + 1_000);
      await expectComplete(next.reply, before);
      restarting.set(victim, stage.restart(victim));
      if ((round + 1) % 25 === 0) progress(`${String(round + 1)} of ${String(KILLS)} kills; reader ${JSON.stringify(await reader.report())}`);
    }
    await Promise.all(restarting.values());
  });

  it(`frozen ${String(FREEZES)} times in mid-sweep: the lock is free within 20 s, and what thaws overwrites nothing newer`, { timeout: 60_000 + FREEZES * 60_000 }, async () => {
    for (let round = 0; round < FREEZES; round++) {
      const [victim, other] = [round % SERVERS, (round + 1) % SERVERS];
      const before = await expectSound(stage);
      await churn(3);
      const frozen = stage.sweep(victim, 'timeBudgetMs=120000');
      frozen.catch(() => undefined);
      await sleep(stage.random.next() * sweepMs);
      stage.servers[victim]?.kill('SIGSTOP');
      await churn(3);
      const next = await firstRun(other, FREE_AFTER_FREEZE_MS);
      const newer = await expectComplete(next.reply, before);
      stage.servers[victim]?.kill('SIGCONT');
      const { body } = await frozen;
      // It had ended before it froze; or it lost its lock; or it froze before it had asked for it, or with a statement under
      // way, whose time was over when it thawed.
      expect(['lock_lost', 'locked', 'database', 'done'], JSON.stringify(body)).toContain(body.reason ?? body.error ?? (body.success === true ? 'done' : 'neither'));
      await expectSound(stage, newer);
      if ((round + 1) % 5 === 0) progress(`${String(round + 1)} of ${String(FREEZES)} freezes; reader ${JSON.stringify(await reader.report())}`);
    }
  });

  it('told the reader nothing but the truth, all the time', async () => {
    const report = await reader.stop();
    progress(`reader: ${JSON.stringify(report)}`);
  });

  /** Hits the sweep until it runs. */
  async function firstRun(server: number, patienceMs: number): Promise<{ reply: Reply; startedAt: number; waitedMs: number }> {
    const startedAt = performance.now();
    for (;;) {
      const waitedMs = performance.now() - startedAt;
      const reply = await stage.sweep(server);
      if (reply.body.skipped !== true) return { reply, startedAt, waitedMs };
      if (waitedMs > patienceMs) throw new Error(`still ${JSON.stringify(reply.body)} after ${String(Math.round(waitedMs))} ms`);
      await sleep(50);
    }
  }

  async function expectComplete(reply: Reply, before: Awaited<ReturnType<typeof expectSound>>) {
    expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 200, body: { success: true, checked: CHECKED, refreshed: CHECKED, finishedWithinBudget: true } });
    await expectStoredTruth(stage, { workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
    await expect.poll(() => locksHeld(stage), { timeout: 2_000 }).toBe(0);
    return await expectSound(stage, before);
  }
});
