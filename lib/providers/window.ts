import { millisecondsInDay as DAY_MS } from 'date-fns/constants';

export { DAY_MS };

/** Half-open, epoch milliseconds. */
export interface Window {
  startMs: number;
  endMs: number;
}

/** The window that a refresh answers for: whole 24 h days from now, whatever the clocks on the wall do. */
export function windowOf(nowMs: number, days: number): Window {
  return { startMs: nowMs, endMs: nowMs + days * DAY_MS };
}

/**
 * A slot that begins within this of an answer may be missing from it, and nobody could be offered it anyway: its time may come
 * while the question is on its way. Calendly's API even refuses a `start_time` in the past with 400, and a request takes a moment
 * to arrive: at most the 15 s of a workspace's deadline.
 */
export const START_MARGIN_MS = 30_000;

/** The window in consecutive parts of at most `maxDays` each. */
export function splitWindow(window: Window, maxDays: number): Window[] {
  const parts: Window[] = [];
  for (let startMs = window.startMs; startMs < window.endMs; startMs += maxDays * DAY_MS) {
    parts.push({ startMs, endMs: Math.min(startMs + maxDays * DAY_MS, window.endMs) });
  }
  return parts;
}

/** The parts as one list. */
export function joined(parts: readonly Iterable<number>[]): number[] {
  const all: number[] = [];
  for (const part of parts) for (const ms of part) all.push(ms);
  return all;
}

/** The starts inside the window, sorted, each once: pages overlap, and providers answer whole days and months. */
export function slotsInWindow(startsMs: readonly number[], { startMs, endMs }: Window): number[] {
  let first = 0;
  let last = -Infinity;
  let inside = 0;
  for (const start of startsMs) {
    if (start <= last) return sortedOnce(startsMs.filter((ms) => ms >= startMs && ms < endMs));
    last = start;
    if (start < startMs) first++;
    else if (start < endMs) inside++;
  }
  // As nearly every answer is: ascending, so what is inside is one stretch.
  return startsMs.slice(first, first + inside);
}

function sortedOnce(startsMs: readonly number[]): number[] {
  return [...new Set(startsMs)].sort((a, b) => a - b);
}
