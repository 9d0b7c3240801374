/**
 * Reads at a fixed rate, whether or not they are answered (an open loop: a slow answer does not slow the next question), with
 * and without a sweep of thousands of workspaces on the same machine, in turns.
 * The issue's size: npm run test:faults -- --only load --workspaces 10000 --seconds 60
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc, isUsable, type CacheContext } from '@/lib/availability-cache';
import { createDb, type Db } from '@/lib/db';
import { parseEnv } from '@/lib/env';
import { createContext } from '@/lib/refresh/context';
import { addApiKey } from '@/lib/reader/keys';
import { seedDatabase } from '../../scripts/local/seed';
import { spawnSimulator } from '../../scripts/local/simulator-process';
import { benchPopulation } from '../../scripts/simulator/population';
import { createRandom } from '../../scripts/simulator/random';
import { startRestartablePostgres } from '../support/restartable-postgres';
import { ensureBuilt, startServer, type Server } from '../support/server';
import { AUTHORISED, SECRET } from '../support/server-stage';
import { progress, SEED, sizeOf } from './sizes';

const WORKSPACES = sizeOf('FAULT_WORKSPACES', 500);
const SECONDS = sizeOf('FAULT_SECONDS', 4);
/** Without, with, without, with …: what else the machine does meanwhile falls on both alike. */
const TURNS = 4;
const READERS = 2;
/** Each agency's key may read ten times a second. */
const AGENCIES = 40;
const MOST_TIMES_SLOWER = 3;
/** A server that is behind already when it only reads would pass any comparison. */
const MOST_ALONE_MS = 1_000;
/** Below this a multiple of a few milliseconds says nothing. */
const NOISE_MS = 25;
/** Until the code that answers is compiled. */
const WARM_UP_SECONDS = 5;
/** A niceness: about a thirtieth of what others get, when there is not enough for all. */
const LAST = 15;
const POPULATION = { workspaces: WORKSPACES, agencies: AGENCIES, seed: 1 };

interface Readable { id: string; key: string }
interface Way { name: string; readsPerSecond: number; ask: (picked: Readable, nth: number) => Promise<void>; sweepers?: number; isSweepLast?: boolean }
interface Latencies { ms: number[]; errors: string[] }

const WAYS: readonly Way[] = [
  { name: 'as the cron jobs read, through getWorkspaceAvailabilitySlotsUtc', readsPerSecond: 200, ask: throughFunction },
  { name: 'over the reader API, beside sweeps of 32 at once, which take most of a minute', readsPerSecond: 50, ask: overHttp(1), sweepers: 32 },
  { name: 'over the reader API', readsPerSecond: 50, ask: overHttp(1) },
  // An answer of the framework costs several times what it says. With two cores for server, PostgreSQL, providers and this test,
  // one process is nearly full at 200, and a sweep that is left to itself takes all there is: this needs a larger machine, or
  // what the last way does. A sweep has a minute for what takes it ten seconds, so an operator gives its process a low weight.
  { name: 'over the reader API', readsPerSecond: 200, ask: overHttp(1) },
  { name: 'over the reader API from two processes, beside sweeps that come last for the CPU', readsPerSecond: 200, ask: overHttp(2), isSweepLast: true },
];

const undo: (() => Promise<unknown>)[] = [];
let db: Db;
let context: CacheContext;
/** Some answer readers, another sweeps: as they would on a host of several processes. */
const readServers: Server[] = [];
let sweepServer: Server | undefined;
let simulatorPid: number | undefined;
/** By agency. */
let readable: Readable[][];
const agent = new Agent({ connections: 256 });

beforeAll(async () => {
  await ensureBuilt();
  const postgres = await startRestartablePostgres();
  undo.push(postgres.stop);
  const { process: simulator, variables } = await spawnSimulator({ ...POPULATION, population: 'bench', latency: '80,0.5' });
  undo.push(() => simulator.stop());
  simulatorPid = simulator.child.pid;
  db = createDb(postgres.directUrl(), { poolMax: 4, applicationName: 'test' });
  undo.push(() => db.$disconnect());
  await seedDatabase(db, benchPopulation(POPULATION), `test:${Buffer.alloc(32).toString('base64')}`);
  const env = { ...variables, DATABASE_URL: postgres.directUrl(), CRON_SECRET: SECRET, LOG_LEVEL: 'warn', AVAILABILITY_MAX_AGE_MS: '86400000' };
  const start = async (): Promise<Server> => {
    const server = await startServer({ env });
    undo.push(server.stop);
    return server;
  };
  for (let nth = 0; nth < READERS; nth++) readServers.push(await start());
  sweepServer = await start();
  const reading = createDb(postgres.directUrl());
  undo.push(() => reading.$disconnect());
  context = createContext(parseEnv({ ...env, LOG_LEVEL: 'silent' }), reading);
  undo.push(() => context.transport.close());
  const keys = new Map<string, string>();
  for (const { id } of await db.agency.findMany()) keys.set(id, (await addApiKey(db, id)).key);
  const clients = await db.client.findMany({ select: { id: true, userId: true } });
  readable = [...keys].map(([agency, key]) => clients.filter(({ userId }) => userId === agency).map(({ id }) => ({ id, key })));
  expect(await sweep()).toMatchObject({ success: true, refreshed: WORKSPACES });
}, 600_000);
afterAll(async () => {
  await agent.close();
  for (const step of undo.splice(0).reverse()) await step();
});

describe.each(WAYS)('$readsPerSecond reads a second $name', (way) => {
  it(`no error, and the slowest of a hundred takes at most ${String(MOST_TIMES_SLOWER)} times as long beside a sweep of ${String(WORKSPACES)}`, { timeout: 300_000 + TURNS * SECONDS * 4_000 }, async () => {
    const [alone, beside]: [Latencies, Latencies] = [{ ms: [], errors: [] }, { ms: [], errors: [] }];
    // Not everybody may take it back, so nothing may come after.
    if (way.isSweepLast) {
      expect(way).toBe(WAYS.at(-1));
      // In life the providers are elsewhere.
      for (const pid of [sweepServer?.pid, simulatorPid]) await comeLastForCpu(pid);
    }
    await read(way, { ms: [], errors: [] }, WARM_UP_SECONDS, SEED);
    let swept = 0;
    const sweepMs: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      if (turn % 2 === 0) {
        await read(way, alone, SECONDS, SEED + turn);
        continue;
      }
      const isReading = { now: true };
      const sweeps = (async () => {
        while (isReading.now) {
          const startedAt = performance.now();
          const body = await sweep(way.sweepers);
          sweepMs.push(performance.now() - startedAt);
          expect(body).toMatchObject({ errors: { total: 0 }, unknown: 0 });
          swept += Number(body.refreshed);
        }
      })();
      await Promise.all([sweeps, read(way, beside, SECONDS, SEED + turn).finally(() => { isReading.now = false; })]);
    }
    progress(`${way.name}: alone: ${describeLatencies(alone)}; beside ${String(swept)} refreshes, in sweeps of at most ${(Math.max(...sweepMs) / 1_000).toFixed(0)} s: ${describeLatencies(beside)}`);
    expect([...alone.errors, ...beside.errors]).toEqual([]);
    expect(swept).toBeGreaterThanOrEqual(WORKSPACES);
    expect(quantile(alone, 0.99), 'the reads alone are more than can be answered').toBeLessThanOrEqual(MOST_ALONE_MS);
    expect(quantile(beside, 0.99)).toBeLessThanOrEqual(Math.max(NOISE_MS, MOST_TIMES_SLOWER * quantile(alone, 0.99)));
  });
});

async function sweep(concurrency?: number): Promise<Record<string, unknown>> {
  const parameters = `timeBudgetMs=280000${concurrency === undefined ? '' : `&concurrency=${String(concurrency)}`}`;
  return (await sweepServer?.get(`/api/cron/availability?${parameters}`, AUTHORISED))?.body ?? {};
}

/**
 * As a low CPUWeight of a service does. Linux shares the CPU between sessions first, and `nice` counts within one; where it knows
 * no sessions, or is in a container, `nice` alone counts.
 */
async function comeLastForCpu(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('there is no such process');
  await writeFile(`/proc/${String(pid)}/autogroup`, String(LAST)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  const children = (await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  for (const one of [String(pid), ...children]) {
    for (const thread of await readdir(`/proc/${one}/task`)) setPriority(Number(thread), LAST);
  }
}

/** Latency counts from when a question was due, not from when this process came round to asking it. */
async function read(way: Way, into: Latencies, seconds: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  const startedAt = performance.now();
  const asked: Promise<void>[] = [];
  for (let nth = 0; nth < seconds * way.readsPerSecond; nth++) {
    const dueAt = startedAt + (nth * 1_000) / way.readsPerSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const picked = pickOf(random.next(), nth);
    asked.push((async () => {
      try {
        await way.ask(picked, nth);
        into.ms.push(performance.now() - dueAt);
      } catch (error) {
        into.errors.push(String(error));
      }
    })());
  }
  await Promise.all(asked);
}

async function throughFunction({ id }: Readable): Promise<void> {
  const { state, slotsUtc } = await getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, context);
  if (!isUsable(state) || slotsUtc.length === 0) throw new Error(`${id}: ${state}`);
}

/** Of so many of the processes that answer, in turns of all agencies. */
function overHttp(processes: number): Way['ask'] {
  return async ({ id, key }, nth) => {
    const server = readServers[Math.floor(nth / AGENCIES) % processes];
    const { statusCode, body } = await request(`${server?.url ?? ''}/api/availability/${id}`, { dispatcher: agent, headers: { authorization: `Bearer ${key}` } });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${String(statusCode)} ${text.slice(0, 100)}`);
  };
}

/** The agencies in turn, so that no key is asked more often than it may. */
function pickOf(draw: number, nth: number): Readable {
  const own = readable[nth % readable.length] ?? [];
  const picked = own[Math.floor(draw * own.length)];
  if (!picked) throw new Error('there is nothing to read');
  return picked;
}

function quantile({ ms }: Latencies, share: number): number {
  const sorted = [...ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Infinity;
}

const describeLatencies = (latencies: Latencies): string =>
  `${String(latencies.ms.length)} reads, p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms, ${String(latencies.errors.length)} errors`;
