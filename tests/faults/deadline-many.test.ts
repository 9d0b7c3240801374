/**
 * Many runs, each against providers that hang, drip, redirect without end, or answer too late, in a mix drawn anew for
 * each request. The whole route runs, from the request to its answer, several beside each other, each over its own database.
 * The issue's number: npm run test:faults -- --only deadlines --runs 10000
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAvailabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { createDb } from '@/lib/db';
import { parseEnv } from '@/lib/env';
import { createContext } from '@/lib/refresh/context';
import { createRandom } from '../../scripts/simulator/random';
import type { FaultRule } from '../../scripts/simulator/server';
import { addWorkspace } from '../support/cache';
import { createTestDatabase } from '../support/database';
import { startSimulatorClient, type SimulatorClient } from '../support/simulator-client';
import { progress, SEED, sizeOf } from './sizes';

const RUNS = sizeOf('FAULT_RUNS', 48);
const LANES = Math.min(16, RUNS);
const WORKSPACES_PER_PROVIDER = 3;
const MIN_BUDGET_MS = 3_000;
const ANSWER_GRACE_MS = 2_000;
const SECRET = 'a-secret-of-the-fault-tests';
const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const;

/** Each takes its share of what those before it let pass, so that all are as frequent; a sixth of the requests is well. */
const RULES: readonly FaultRule[] = [
  { share: 1 / 6, fault: { kind: 'hang' } },
  { share: 1 / 5, fault: { kind: 'drip', bytesPerSecond: 20 } },
  { share: 1 / 4, fault: { kind: 'redirectLoop' } },
  { share: 1 / 3, fault: { kind: 'slow', ms: 2_500 } },
  { share: 1 / 2, fault: { kind: 'reset', when: 'mid-body' } },
];

interface Lane {
  hit: (query: string) => Promise<{ status: number; body: Record<string, unknown>; tookMs: number }>;
  /** As if the waits after failures had passed. */
  endWaits: () => Promise<void>;
  ids: string[];
}

const random = createRandom(SEED);
const undo: (() => Promise<unknown>)[] = [];
const lanes: Lane[] = [];
beforeAll(async () => {
  const sim = await startSimulatorClient({ seed: SEED });
  undo.push(sim.stop);
  for (let lane = 0; lane < LANES; lane++) lanes.push(await startLane(sim, lane));
  for (const { hit } of lanes) expect((await hit('timeBudgetMs=20000')).body).toMatchObject({ success: true });
  await sim.setFaults(RULES);
});
afterAll(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

it(`${String(RUNS)} runs against such providers all answer within their budget + 2 s (seed ${String(SEED)})`, { timeout: 120_000 + RUNS * 1_000 }, async () => {
  let left = RUNS;
  let done = 0;
  let longestBeyondMs = -Infinity;
  const outcomes = new Map<string, number>();
  const count = (what: string, by: number): void => { outcomes.set(what, (outcomes.get(what) ?? 0) + by); };
  await Promise.all(lanes.map(async ({ hit, endWaits, ids }) => {
    while (left-- > 0) {
      const budgetMs = MIN_BUDGET_MS + random.below(500);
      // One in eight is of a single workspace.
      const isSingle = random.below(8) === 0;
      const { status, body, tookMs } = await hit(`timeBudgetMs=${String(budgetMs)}${isSingle ? `&workspaceId=${random.pick(ids)}` : ''}`);
      expect(tookMs, JSON.stringify(body)).toBeLessThan(budgetMs + ANSWER_GRACE_MS);
      expect(status).toBe(200);
      longestBeyondMs = Math.max(longestBeyondMs, tookMs - budgetMs);
      if (!isSingle) {
        expect(body).toMatchObject({ checked: ids.length, unknown: 0 });
        for (const what of ['refreshed', 'abandoned']) count(what, Number(body[what]));
        count('failed', (body.errors as { total: number }).total);
      } else count('single', 1);
      await endWaits();
      if (++done % 500 === 0) progress(`${String(done)} of ${String(RUNS)} runs, the slowest answer ${String(Math.round(longestBeyondMs))} ms after its budget; ${JSON.stringify(Object.fromEntries(outcomes))}`);
    }
  }));
  progress(`${String(done)} runs, the slowest answer ${String(Math.round(longestBeyondMs))} ms after its budget; ${JSON.stringify(Object.fromEntries(outcomes))}`);
  // They did meet what they were to meet.
  expect((outcomes.get('failed') ?? 0) + (outcomes.get('abandoned') ?? 0)).toBeGreaterThan(RUNS);
});

async function startLane(sim: SimulatorClient, lane: number): Promise<Lane> {
  const database = await createTestDatabase();
  undo.push(database.drop);
  const db = createDb(database.url, { poolMax: 2 });
  undo.push(() => db.$disconnect());
  const specs = PROVIDERS.flatMap((provider) => Array.from({ length: WORKSPACES_PER_PROVIDER }, (_, i) => ({ id: `lane-${String(lane)}-${provider}-${String(i)}`, provider, zone: 'Europe/Paris' })));
  for (const { id, provider, url } of await sim.addCalendars(specs)) await addWorkspace(db, { id, url, type: provider });
  const env = parseEnv({ ...sim.env, DATABASE_URL: database.url, CRON_SECRET: SECRET, LOG_LEVEL: 'silent' });
  const context = createContext(env, db);
  undo.push(() => context.transport.close());
  const get = cronRoute(createAvailabilityJob(() => context), { env: () => env, db: () => db });
  return {
    ids: specs.map(({ id }) => id),
    hit: async (query) => {
      const startedAt = performance.now();
      const answer = await get(new Request(`http://app.test/api/cron/availability?${query}`, { headers: { authorization: `Bearer ${SECRET}` } }));
      const body = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, body, tookMs: performance.now() - startedAt };
    },
    endWaits: async () => {
      await db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL, "refreshingUntil" = NULL`;
      await db.$executeRaw`UPDATE "ProviderHost" SET "openUntil" = NULL, opens = 0`;
    },
  };
}
