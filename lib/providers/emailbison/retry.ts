/** Whether and when a call that failed is tried again. Pure. */
import type { ErrorKind } from '../errors';

/** A 500 has been seen for a missing required field, which never heals: so few tries. */
export const MAX_TRIES = 3;
const BACKOFF_MS = 400;
const MAX_BACKOFF_MS = 5_000;

/** The same call may succeed in a while. Every call that is made is idempotent, or never retried by its caller. */
const RETRIED: ReadonlySet<ErrorKind> = new Set(['rate_limited', 'server_error', 'timeout', 'network']);

export interface FailedTry {
  kind: ErrorKind;
  /** What the answer said; it is never asked earlier. */
  retryAfterMs: number | undefined;
  /** 1 for the first. */
  tries: number;
  /** Until the run's deadline. */
  timeLeftMs: number;
}

/** Milliseconds to wait, or undefined: the failure stands. @param random in [0, 1) */
export function retryDelayMs({ kind, retryAfterMs, tries, timeLeftMs }: FailedTry, random: number): number | undefined {
  if (!RETRIED.has(kind)) return undefined;
  // A told wait is no fault of the instance: it is honoured as often as the deadline allows.
  if (tries >= MAX_TRIES && retryAfterMs === undefined) return undefined;
  const ceiling = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** tries);
  const backoff = ceiling * (0.5 + random / 2);
  // A told wait of nothing, told again and again, must not become a storm of our own.
  const delay = retryAfterMs === undefined ? backoff : Math.max(retryAfterMs + random * BACKOFF_MS, backoff);
  return delay < timeLeftMs ? delay : undefined;
}
