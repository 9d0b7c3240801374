/** One run of the bench: what its measures share. */
import { setTimeout as delay } from 'node:timers/promises';
import { formatSeconds } from '../local/sweep-line';
import type { Lifetime } from '../local/lifetime';
import { step } from '../local/output';
import type { Options } from './options';
import type { Programs, Run } from './programs';
import type { Section } from './results';
import type { Stage } from './stage';

export interface Session {
  lifetime: Lifetime;
  stage: Stage;
  programs: Programs;
  options: Options;
}

export interface Measure {
  /** The most workspaces it needs on the stage. */
  workspaces: (options: Options) => number;
  run: (session: Session) => Promise<Section>;
}

/** Slots begin at whole and half hours; a sweep across one sees every list change. */
const SLOT_MS = 30 * 60_000;

/** Makes the stage hold so many workspaces, none of them ever refreshed, whose providers answer in about `p50Ms`. */
export async function prepare({ stage, lifetime }: Session, workspaces: number, p50Ms: number): Promise<void> {
  lifetime.throwIfEnding();
  await step(`seed ${String(workspaces)}`, () => stage.resize(workspaces));
  await stage.simulator.call('setFaults', []);
  await stage.simulator.call('setLatency', p50Ms);
}

/** What a run of any program takes at most. */
export const LONGEST_MS = 45_000;

/** A run with its progress and what it cost; not across a slot's start. */
export async function timed({ lifetime }: Session, name: string, run: () => Promise<Run>, longestMs = LONGEST_MS): Promise<Run> {
  lifetime.throwIfEnding();
  await awayFromSlotStart(longestMs);
  return await step(name, async (note) => {
    const result = await run();
    const { cost, requests, database, mismatches } = result;
    note(
      `${formatSeconds(cost.wallMs / 1000)} wall, ${formatSeconds(cost.cpuMs / 1000)} CPU, ${String(requests)} requests` +
        (database ? `, ${String(database.statements)} statements` : '') + (mismatches[0] === undefined ? '' : `; MISMATCH ${mismatches[0]}`),
    );
    return result;
  });
}

/** The time between two slots that it is now in: within it, the same request has the same answer. */
export function slotPeriod(): number {
  return Math.floor(Date.now() / SLOT_MS);
}

/** Waits until no slot is about to pass: the lists of two sweeps are equal then if nobody books. */
export async function awayFromSlotStart(reserveMs = 20_000): Promise<void> {
  const leftMs = SLOT_MS - (Date.now() % SLOT_MS);
  if (leftMs > reserveMs) return;
  await step('waiting for a slot to pass', () => delay(leftMs + 1_000));
}
