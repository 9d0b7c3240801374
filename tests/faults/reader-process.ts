/**
 * Hammers the cache from a process of its own, over HTTP and through the function, and checks every answer against the
 * simulator's truth. The parent sends its task, then `report` whenever it wants to know, and ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { getWorkspaceAvailabilitySlotsUtc } from '@/lib/availability-cache';
import { createDb } from '@/lib/db';
import { parseEnv } from '@/lib/env';
import { createContext } from '@/lib/refresh/context';
import { simulatorAt } from '../support/simulator-client';
import type { ReaderReport, ReaderTask } from './reader';
import { lieIn } from './truth';

interface Told {
  state: string;
  asOf: string | null;
  slots: readonly string[];
}

const REQUEST_TIMEOUT_MS = 8_000;
const KEPT_LIES = 20;
const report: ReaderReport = { reads: 0, answered: 0, withSlots: 0, withoutSlots: 0, refused: 0, lies: [] };

function lie(text: string): void {
  if (report.lies.length < KEPT_LIES) report.lies.push(text);
}

async function hammer(task: ReaderTask): Promise<never> {
  const sim = simulatorAt(task.control);
  const agent = new Agent({ headersTimeout: REQUEST_TIMEOUT_MS, bodyTimeout: REQUEST_TIMEOUT_MS });
  const env = parseEnv({ ...task.env, LOG_LEVEL: 'silent' });
  const context = createContext(env, createDb(env.DATABASE_URL ?? '', { poolMax: task.loops }));

  const overHttp = async (workspaceId: string, nth: number): Promise<Told | undefined> => {
    const url = `${task.servers[nth % task.servers.length] ?? ''}/api/availability/${workspaceId}?limit=10000`;
    const { statusCode, body } = await request(url, { dispatcher: agent, headers: { authorization: `Bearer ${task.keys[nth % task.keys.length] ?? ''}` } });
    const text = await body.text();
    // 503: no database, and it says so; 429: this reader is faster than a key may be.
    if (statusCode === 503 || statusCode === 429) return undefined;
    if (statusCode !== 200) {
      lie(`${workspaceId}: status ${String(statusCode)}: ${text.slice(0, 200)}`);
      return undefined;
    }
    const answer = JSON.parse(text) as { state: string; asOf: string | null; slots: { startsAt: string }[] };
    return { ...answer, slots: answer.slots.map(({ startsAt }) => startsAt) };
  };
  const throughFunction = async (workspaceId: string): Promise<Told> => {
    const answer = await getWorkspaceAvailabilitySlotsUtc(workspaceId, { refreshIfStale: false }, context);
    return { state: answer.state, asOf: answer.asOf, slots: answer.slotsUtc };
  };

  /** Workspaces are shared out among the loops, so that the reads of one follow one another. */
  const loop = async (index: number): Promise<never> => {
    const own = task.ids.filter((_, i) => i % task.loops === index);
    const lastAsOf = new Map<string, number>();
    for (let nth = index; ; nth++) {
      const workspaceId = own[nth % own.length] ?? '';
      const askedAtMs = Date.now();
      report.reads++;
      let told: Told | undefined;
      try {
        told = nth % 4 === 3 ? await throughFunction(workspaceId) : await overHttp(workspaceId, nth);
      } catch {
        // No server, or no database, at this moment.
      }
      if (told === undefined) report.refused++;
      else await check(workspaceId, told, askedAtMs, lastAsOf);
      await sleep(task.pauseMs);
    }
  };
  const check = async (workspaceId: string, { state, asOf, slots }: Told, askedAtMs: number, lastAsOf: Map<string, number>): Promise<void> => {
    const answeredAtMs = Date.now();
    report.answered++;
    if (asOf === null) return;
    const asOfMs = Date.parse(asOf);
    const before = lastAsOf.get(workspaceId) ?? 0;
    if (asOfMs < before) lie(`${workspaceId}: the reading of ${asOf} came after that of ${new Date(before).toISOString()}`);
    lastAsOf.set(workspaceId, Math.max(before, asOfMs));
    if (state === 'fresh' || state === 'stale') {
      report.withSlots++;
      const found = await lieIn({ workspaceId, asOfMs, askedAtMs, answeredAtMs, slotsMs: slots.map((slot) => Date.parse(slot)) }, task.bounds, sim);
      if (found !== undefined) lie(found);
    } else {
      report.withoutSlots++;
      if (state !== 'unavailable') lie(`${workspaceId}: state ${state} of a calendar that is well and has open times`);
      if (slots.length > 0) lie(`${workspaceId}: ${String(slots.length)} slots with the state ${state}`);
    }
  };
  await Promise.all(Array.from({ length: task.loops }, (_, index) => loop(index)));
  throw new Error('the loops never end');
}

process.on('message', (message: ReaderTask | 'report') => {
  if (message === 'report') process.send?.(report);
  else void hammer(message).catch((error: unknown) => { lie(`the reader itself failed: ${String(error)}`); });
});
process.on('disconnect', () => { process.exit(0); });
