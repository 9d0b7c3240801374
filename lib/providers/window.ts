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

/** The window in consecutive parts of at most `maxDays` each. */
export function splitWindow(window: Window, maxDays: number): Window[] {
  const parts: Window[] = [];
  for (let startMs = window.startMs; startMs < window.endMs; startMs += maxDays * DAY_MS) {
    parts.push({ startMs, endMs: Math.min(startMs + maxDays * DAY_MS, window.endMs) });
  }
  return parts;
}

/** The starts inside the window, sorted, each once: pages overlap, and providers answer whole days and months. */
export function slotsInWindow(startsMs: readonly number[], { startMs, endMs }: Window): number[] {
  const inside: number[] = [];
  let last = -Infinity;
  let isAscending = true;
  for (const start of startsMs) {
    if (start < startMs || start >= endMs) continue;
    if (start <= last) isAscending = false;
    last = start;
    inside.push(start);
  }
  // As nearly every answer is.
  if (isAscending) return inside;
  return [...new Set(inside)].sort((a, b) => a - b);
}
