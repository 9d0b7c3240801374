/**
 * Everything around the app breaks, one thing after another, in the middle of a sweep, while a reader hammers the cache and
 * people book times. More of each: npm run test:faults -- --only breaks --rounds 20
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault, FaultRule } from '../../scripts/simulator/server';
import { startFaultStage, type FaultStage } from '../support/fault-stage';
import type { Reply } from '../support/server';
import { createChurn } from './churn';
import { smallDisk } from './full-disk';
import { startReader, type Reader } from './reader';
import { progress, SEED, sizeOf } from './sizes';
import { expectSound, expectStoredTruth, locksHeld, type Stored } from './soundness';

const ROUNDS = sizeOf('FAULT_ROUNDS', 1);
const SERVERS = 3;
const WORKSPACES_PER_PROVIDER = 6;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
/** The proportions of the defaults, where a minute is three seconds: a quarter of an hour of trouble passes in 45 s. */
const TTL_MS = 3_000;
const MAX_AGE_MS = 15 * TTL_MS;
const WORKSPACE_TIMEOUT_MS = 8_000;
const ENV = { AVAILABILITY_MAX_AGE_MS: String(MAX_AGE_MS), AVAILABILITY_CACHE_TTL_MS: String(TTL_MS), AVAILABILITY_WORKSPACE_TIMEOUT_MS: String(WORKSPACE_TIMEOUT_MS) };
const BUDGET = 'timeBudgetMs=20000';
/** Own waits end within a third of the age limit; the rest is for a busy machine. */
const RECOVERY_MS = MAX_AGE_MS / 3 + 20_000;

let stage: FaultStage;
let reader: Reader;
let churn: ReturnType<typeof createChurn>;
let before: Stored;
let sweepMs: number;
let liesBefore = 0;

beforeAll(async () => {
  stage = await startFaultStage({ seed: SEED, servers: SERVERS, pooled: true, workspaces: WORKSPACES_PER_PROVIDER, env: ENV });
  churn = createChurn(stage);
  sweepMs = await stage.warmUp();
  reader = startReader(stage, { maxAgeMs: MAX_AGE_MS, workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
  return async () => {
    try {
      progress(`reader: ${JSON.stringify(await reader.stop())}`);
    } finally {
      await stage.close();
    }
  };
});
beforeEach(async () => {
  // Whatever the test before left: begins with everything fresh, and a reader who sees it.
  await stage.warmUp();
  before = await expectSound(stage);
  const { withSlots, lies } = await reader.report();
  liesBefore = lies.length;
  await expect.poll(async () => (await reader.report()).withSlots, { timeout: 30_000 }).toBeGreaterThan(withSlots);
});
afterEach(async () => {
  const { lies } = await reader.report();
  // Each test answers for its own.
  expect(lies.slice(liesBefore)).toEqual([]);
});

/** After whatever happened: a run is complete again, what is stored is the truth, nothing is torn, went back or is locked. */
async function expectRecovery(server = 1): Promise<void> {
  const startedAt = performance.now();
  let reply: Reply;
  do {
    await sleep(200);
    reply = await stage.sweep(server, BUDGET);
  } while (reply.body.refreshed !== CHECKED && performance.now() - startedAt < RECOVERY_MS);
  expect(reply).toMatchObject({ status: 200, body: { success: true, checked: CHECKED, refreshed: CHECKED } });
  await expectStoredTruth(stage, { workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
  await expect.poll(() => locksHeld(stage), { timeout: 2_000 }).toBe(0);
  before = await expectSound(stage, before);
  // Nothing that happened outside ended a process.
  for (const each of stage.servers) expect((await each.get('/api/cron/availability')).status).toBe(401);
}

/** Runs `happen` at a random point of a sweep, of each server in turn. */
async function inMidSweep(happen: () => unknown): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await churn(3);
    const run = stage.sweep(round % SERVERS, BUDGET).catch(() => undefined);
    await sleep(stage.random.next() * sweepMs);
    await happen();
    await run;
    await expectRecovery((round + 1) % SERVERS);
  }
}

/** As the server's own administrator, past everything in between. */
async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: stage.postgres.directUrl() });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const LONG = { timeout: 120_000 + ROUNDS * 90_000 };

describe(`the database (seed ${String(SEED)})`, () => {
  it.each(['fast', 'immediate'] as const)('restarts (%s) in mid-sweep', LONG, async (how) => {
    await inMidSweep(async () => {
      await stage.postgres.restart(how);
      await stage.reconnect();
    });
  });

  it('ends every connection in mid-sweep', LONG, async () => {
    await inMidSweep(() => asAdmin((client) => client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name <> $1 AND backend_type = $2', ['test', 'client backend'])));
  });

  it('is cut off in mid-sweep, every socket at once', LONG, async () => {
    await inMidSweep(() => { stage.postgres.relay.drop(); });
  });

  it('cannot be reached for a while: no answer comes out', LONG, async () => {
    await inMidSweep(async () => {
      stage.postgres.relay.hold();
      await sleep(3_000);
      stage.postgres.relay.open();
    });
  });

  it('refuses to write: it is read-only', LONG, async () => {
    const set = (value: string) => asAdmin(async (client) => {
      await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await client.query('SELECT pg_reload_conf()');
    });
    await inMidSweep(async () => {
      await set('on');
      try {
        await churn(3);
        // The run that is under way holds the lock for a while.
        await expect.poll(async () => (await stage.sweep(0, BUDGET)).body, { timeout: 30_000 }).toMatchObject({ success: false, refreshed: 0 });
      } finally {
        await set('off');
      }
    });
  });

  it('has no room on its disk', LONG, async () => {
    const disk = await asAdmin(smallDisk);
    try {
      // Every calendar changes, and most of the new lists need room.
      await inMidSweep(async () => {
        await asAdmin(disk.fill);
        // The pages that the table has already have room of their own, which must be used up first.
        await expect.poll(async () => {
          await churn(CHECKED);
          return (await stage.sweep(0, BUDGET)).body.errors;
        }, { timeout: 60_000 }).toMatchObject({ byKind: { store_error: expect.any(Number) as number } });
        await asAdmin(disk.free);
      });
    } finally {
      await asAdmin(disk.free);
      await asAdmin(disk.remove);
    }
  });

  it('lets statements run into their time: another client has locked the tables', LONG, async () => {
    await inMidSweep(() => asAdmin(async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE "WorkspaceAvailabilityStatus", "WorkspaceAvailabilityCache" IN ACCESS EXCLUSIVE MODE');
      await sleep(6_000);
      await client.query('ROLLBACK');
    }));
  });
});

describe('PgBouncer', () => {
  it('restarts in mid-sweep', LONG, async () => {
    await inMidSweep(async () => { await stage.pooler?.restart(); });
  });
});

describe('the providers', () => {
  const TROUBLES: readonly (readonly [what: string, fault: Fault])[] = [
    ['are down', { kind: 'reset', when: 'before-headers' }],
    ['hang', { kind: 'hang' }],
    ['drip', { kind: 'drip', bytesPerSecond: 20 }],
    ['answer 500', { kind: 'status', status: 500 }],
  ];
  const always = (fault: Fault): FaultRule[] => [{ fault }];

  it.each(TROUBLES.slice(0, ROUNDS > 1 ? undefined : 2))('%s for longer than the age limit: readers are told so, and nothing is emptied', { timeout: 240_000 }, async (_what, fault) => {
    await churn(3);
    await stage.sim.setFaults(always(fault));
    const startedAt = performance.now();
    for (let round = 0; performance.now() - startedAt < MAX_AGE_MS * 1.15; round++) {
      const reply = await stage.sweep(round % SERVERS, 'timeBudgetMs=5000');
      expect(reply.status).toBe(200);
      expect(reply.body.refreshed === 0 || reply.body.skipped === true).toBe(true);
      await sleep(500);
    }
    before = await expectSound(stage, before);
    // Nobody is given what is too old by now.
    await expect.poll(async () => (await reader.report()).withoutSlots, { timeout: 20_000 }).toBeGreaterThan(0);
    await stage.sim.setFaults([]);
    await expectRecovery();
  });

  it('come and go for minutes', { timeout: 240_000 }, async () => {
    for (let flap = 0; flap < 8 * ROUNDS; flap++) {
      await churn(2);
      await stage.sim.setFaults(flap % 2 === 0 ? [{ share: 0.7, fault: { kind: 'reset', when: 'mid-body' } }] : []);
      await stage.sweep(flap % SERVERS, 'timeBudgetMs=4000');
    }
    await stage.sim.setFaults([]);
    await expectRecovery();
  });
});

describe('time', () => {
  it('jumps by hours on one server: its runs store and order as those of the others', LONG, async () => {
    await stage.restart(0, { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'jumping-clock.mjs')}` });
    try {
      for (let round = 0; round < 3 * ROUNDS; round++) {
        await churn(3);
        const reply = await stage.sweep(0, BUDGET);
        expect(reply.body).toMatchObject({ success: true, refreshed: CHECKED });
        await expectStoredTruth(stage, { workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
        before = await expectSound(stage, before);
        await expectRecovery();
      }
    } finally {
      await stage.restart(0);
    }
  });

  it('brings ticks twice, all at once, and late: one run of each crowd, and no calendar is asked twice', LONG, async () => {
    await stage.sim.resetStats();
    await stage.sweep(1, BUDGET);
    const once = (await stage.sim.stats()).byCalendar;
    for (let round = 0; round < ROUNDS; round++) {
      // The ticks of three minutes did not come, and then all of them come at once, each of them twice.
      await sleep(3 * TTL_MS);
      await stage.sim.resetStats();
      const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => stage.sweep(i % SERVERS, BUDGET)));
      const ran = replies.filter(({ body }) => body.skipped !== true);
      for (const { status, body } of replies) expect([status, body.success]).toEqual([200, true]);
      // A tick that comes after the run has ended is a tick of its own.
      expect(ran.length).toBeGreaterThan(0);
      for (const [id, requests] of Object.entries((await stage.sim.stats()).byCalendar)) expect(requests, id).toBeLessThanOrEqual((once[id] ?? 0) * ran.length);
      await expectRecovery();
    }
  });
});
