/**
 * Days of sweeps, one after another without the minutes between, while calendars change and readers read: what a process
 * holds and what tables take must not grow. What is pruned by age must grow old for it: each hour, all that is told of the past
 * is moved an hour back.
 * npm run test:faults -- --only soak --sweeps 2880   (ten days of a sweep every five minutes)
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prune } from '@/lib/prune';
import { startFaultStage, type FaultStage } from '../support/fault-stage';
import { createChurn } from './churn';
import { startReader, type Reader } from './reader';
import { progress, SEED, sizeOf } from './sizes';
import { expectSound } from './soundness';

const SWEEPS = sizeOf('FAULT_SWEEPS', 160);
const WORKSPACES_PER_PROVIDER = 30;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const MAX_AGE_MS = 120_000;
const WORKSPACE_TIMEOUT_MS = 10_000;
/** What a sweep writes. */
const TABLES = ['WorkspaceAvailabilityStatus', 'WorkspaceAvailabilityCache', 'ProviderHost', 'Client', 'ApiKey'];
/** What grows until it is pruned by age. */
const TABLES_OF_THE_PAST = ['CronRun', 'WorkspaceTransition', 'WorkspaceHour'];
const SWEEPS_AN_HOUR = 12;
const SWEEPS_A_DAY = 24 * SWEEPS_AN_HOUR;
/** Days that everything is kept for. */
const KEPT = {
  PRUNE_RUNS_DAYS: 1, PRUNE_TRANSITIONS_DAYS: 1, PRUNE_HOURS_DAYS: 1, PRUNE_OFFERS_DAYS: 1, PRUNE_WEBHOOK_EVENTS_DAYS: 1, PRUNE_AUDIT_DAYS: 1, PRUNE_ALARMS_DAYS: 1,
};
const PRUNE_MS = 30_000;
/** The second quarter of the time against the last: the first is warming up. */
const MOST_GROWTH = 1.2;
/** A small table's first vacuums come late; a page more or less is no growth. */
const TABLE_NOISE_BYTES = 512 * 1024;

interface Sample { rss: number; tables: Record<string, number> }

let stage: FaultStage;
let reader: Reader;
const samples: Sample[] = [];

beforeAll(async () => {
  stage = await startFaultStage({
    seed: SEED, servers: 1, workspaces: WORKSPACES_PER_PROVIDER, latency: '5,0.3',
    env: { AVAILABILITY_MAX_AGE_MS: String(MAX_AGE_MS), AVAILABILITY_WORKSPACE_TIMEOUT_MS: String(WORKSPACE_TIMEOUT_MS) },
  });
  // A minute passes in a second or less here; vacuum keeps that pace.
  await stage.db().$executeRaw`ALTER SYSTEM SET autovacuum_naptime = '2s'`;
  await stage.db().$queryRaw`SELECT pg_reload_conf()`;
  await stage.warmUp();
  reader = startReader(stage, { maxAgeMs: MAX_AGE_MS, workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS, loops: 2 });
});
afterAll(async () => { await stage.close(); });

it(`${String(SWEEPS)} sweeps: memory and tables stay as they were`, { timeout: 120_000 + SWEEPS * 6_000 }, async () => {
  const churn = createChurn(stage);
  for (let nth = 1; nth <= SWEEPS; nth++) {
    await churn(2);
    expect((await stage.sweep(0)).body).toMatchObject({ success: true, refreshed: CHECKED });
    samples.push(await take());
    if (nth % SWEEPS_AN_HOUR === 0) await passAnHour();
    if (nth % 200 === 0) progress(`${String(nth)} of ${String(SWEEPS)} sweeps: ${textOf(samples.at(-1))}`);
  }
  await expectSound(stage);
  const report = await reader.stop();
  const quarter = Math.floor(SWEEPS / 4);
  const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
  const leastRss = (of: Sample[]): number => Math.min(...of.map(({ rss }) => rss));
  // The first day nothing is old enough; after it as much goes as comes.
  const judged = quarter > SWEEPS_A_DAY ? [...TABLES, ...TABLES_OF_THE_PAST] : TABLES;
  const meanOf = (of: Sample[], table: string): number => of.reduce((sum, { tables }) => sum + (tables[table] ?? 0), 0) / of.length;
  progress(`least memory ${mb(leastRss(early))} then, ${mb(leastRss(late))} at the end; ${judged.map((table) => `${table} ${mb(meanOf(early, table))} → ${mb(meanOf(late, table))}`).join(', ')}; reader ${JSON.stringify(report)}`);
  expect(leastRss(late)).toBeLessThan(leastRss(early) * MOST_GROWTH);
  for (const table of judged) expect(meanOf(late, table), table).toBeLessThan(meanOf(early, table) * MOST_GROWTH + TABLE_NOISE_BYTES);
});

/** Everything that happened was an hour longer ago, and then the hourly pruning comes. */
async function passAnHour(): Promise<void> {
  const db = stage.db();
  await db.$transaction([
    db.$executeRaw`UPDATE "CronRun" SET "startedAt" = "startedAt" - interval '1 hour', "finishedAt" = "finishedAt" - interval '1 hour'`,
    db.$executeRaw`UPDATE "WorkspaceTransition" SET at = at - interval '1 hour'`,
    // In two steps: two hours of one workspace must not meet on the way.
    db.$executeRaw`UPDATE "WorkspaceHour" SET hour = hour + interval '100 years'`,
    db.$executeRaw`UPDATE "WorkspaceHour" SET hour = hour - interval '100 years 1 hour'`,
    // The next sweep finds that the hour of its counters is over.
    db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET hour = hour - 1`,
  ]);
  const endsAt = performance.now() + PRUNE_MS;
  await prune(db, KEPT, Date.now(), () => endsAt - performance.now());
}

async function take(): Promise<Sample> {
  const status = readFileSync(`/proc/${String(stage.servers[0]?.pid)}/status`, 'utf8');
  const rows = await stage.db().$queryRaw<{ name: string; bytes: bigint }[]>`
    SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE relname = ANY(${[...TABLES, ...TABLES_OF_THE_PAST]}) AND relkind = 'r'`;
  return { rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024, tables: Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)])) };
}

const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
const textOf = (sample: Sample | undefined): string => (sample ? `memory ${mb(sample.rss)}, ${Object.entries(sample.tables).map(([name, bytes]) => `${name} ${mb(bytes)}`).join(', ')}` : '');
