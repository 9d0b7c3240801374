/**
 * One EmailBison instance as a run meets it: requests at once are bounded, and a 429 holds back everything
 * that goes there, since the limit is the instance's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { deadlineUnder } from '../../abort';
import { ProviderError } from '../errors';
import { retryDelayMs } from './retry';

/** Client notes tell of 3,000 requests a minute; six at once stay well below that at 150 ms each. */
const REQUESTS_AT_ONCE = 6;
/** One page or one lead; the transport's own limits name a silent host first. */
const CALL_TIMEOUT_MS = 15_000;

export interface Lane {
  /** @throws ProviderError of the last try; the signal's reason */
  call<T>(attempt: (signal: AbortSignal) => Promise<T>, options: { signal: AbortSignal; mayRepeat: boolean }): Promise<T>;
}

export interface LaneOptions {
  /** Milliseconds until the run's deadline. */
  timeLeftMs: () => number;
  random: () => number;
}

export function createLane({ timeLeftMs, random }: LaneOptions): Lane {
  const limit = pLimit(REQUESTS_AT_ONCE);
  let closedUntilMs = 0;

  const once = async <T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> =>
    await limit(async () => {
      for (let wait = closedUntilMs - performance.now(); wait > 0; wait = closedUntilMs - performance.now()) await sleep(wait, undefined, { signal });
      signal.throwIfAborted();
      return await attempt(deadlineUnder(signal, CALL_TIMEOUT_MS));
    });

  return {
    async call(attempt, { signal, mayRepeat }) {
      for (let tries = 1; ; tries++) {
        try {
          return await once(attempt, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ProviderError) || !(mayRepeat || error.kind === 'rate_limited')) throw error;
          const delay = retryDelayMs({ kind: error.kind, retryAfterMs: error.retryAfterMs, tries, timeLeftMs: timeLeftMs() }, random());
          if (delay === undefined) throw error;
          if (error.kind === 'rate_limited') closedUntilMs = Math.max(closedUntilMs, performance.now() + delay);
          else await sleep(delay, undefined, { signal });
        }
      }
    },
  };
}
