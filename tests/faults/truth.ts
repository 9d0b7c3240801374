/** Whether an answer of the cache is true: compared with what the provider offered when it was asked. */
import type { SimulatorClient } from '../support/simulator-client';

export interface Answered {
  workspaceId: string;
  /** Start of the reading that the answer is of. */
  asOfMs: number;
  /** The reader asked, and had its answer. */
  askedAtMs: number;
  answeredAtMs: number;
  slotsMs: readonly number[];
}

export interface Bounds {
  maxAgeMs: number;
  /** Longest that a provider is read for: what it said is of an instant in it. */
  readingMs: number;
  windowMs: number;
}

/**
 * What is wrong with an answer; undefined: nothing. A reading takes a while, and a calendar of several pages is not read
 * at one instant: so each slot must have been open at its begin or its end, and none that was open at both may be
 * missing. (No slot here is taken and freed again within one reading.)
 */
export async function lieIn(answer: Answered, bounds: Bounds, sim: Pick<SimulatorClient, 'truth'>): Promise<string | undefined> {
  const { workspaceId, asOfMs, askedAtMs, answeredAtMs, slotsMs } = answer;
  const past = slotsMs.find((slot) => slot <= askedAtMs);
  if (past !== undefined) return `${workspaceId}: ${iso(past)} was past when asked at ${iso(askedAtMs)}`;
  if (slotsMs.length > 0 && askedAtMs - asOfMs > bounds.maxAgeMs) return `${workspaceId}: slots of ${iso(asOfMs)} were given at ${iso(askedAtMs)}`;
  const [from, to] = [answeredAtMs + 1, asOfMs + bounds.windowMs];
  const [begin, end] = [
    new Set(await sim.truth(workspaceId, from, to, asOfMs)),
    new Set(await sim.truth(workspaceId, from, to, Math.min(answeredAtMs, asOfMs + bounds.readingMs))),
  ];
  const told = slotsMs.filter((slot) => slot >= from);
  const invented = told.find((slot) => !begin.has(slot) && !end.has(slot));
  if (invented !== undefined) return `${workspaceId}: ${iso(invented)} was not open when read at ${iso(asOfMs)}`;
  const known = new Set(told);
  const missing = [...begin].find((slot) => end.has(slot) && !known.has(slot));
  return missing === undefined ? undefined : `${workspaceId}: ${iso(missing)} was open when read at ${iso(asOfMs)} and is missing among ${String(told.length)}`;
}

const iso = (ms: number): string => new Date(ms).toISOString();
