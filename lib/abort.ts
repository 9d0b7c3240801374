/**
 * Following abort signals. A signal looks through all its listeners for each one that is added or removed, and a sweep has
 * thousands of requests under few signals: so a signal gets one listener, and those who follow it are a set.
 */
import { setMaxListeners } from 'node:events';

interface Following {
  followers: Set<() => void>;
  onAbort: () => void;
}

const followed = new WeakMap<AbortSignal, Following>();

/** `follower` is called when the signal aborts, until `unfollow`. Says nothing of a signal that is aborted already. */
export function follow(signal: AbortSignal, follower: () => void): void {
  let following = followed.get(signal);
  if (!following) {
    const followers = new Set<() => void>();
    following = { followers, onAbort: () => { for (const each of [...followers]) each(); } };
    followed.set(signal, following);
    signal.addEventListener('abort', following.onAbort, { once: true });
  }
  following.followers.add(follower);
}

export function unfollow(signal: AbortSignal, follower: () => void): void {
  const following = followed.get(signal);
  if (!following?.followers.delete(follower) || following.followers.size > 0) return;
  // A listener keeps its signal alive.
  signal.removeEventListener('abort', following.onAbort);
  followed.delete(signal);
}

/** How much sooner than asked for a deadline may come, as a part of it. */
const SHARED_PART = 1 / 64;
const newest = new WeakMap<AbortSignal, { signal: AbortSignal; timeoutMs: number; openUntil: number }>();

/**
 * A signal that aborts with `parent`, and as a `TimeoutError` after `timeoutMs` or up to a 64th sooner: all who ask in such a
 * short time share one, because a signal for each is dear. Not `AbortSignal.any` over `AbortSignal.timeout`: on Node 20 the
 * collector takes the timeout away from under it.
 */
export function deadlineUnder(parent: AbortSignal, timeoutMs: number): AbortSignal {
  const now = performance.now();
  const shared = newest.get(parent);
  if (shared?.timeoutMs === timeoutMs && now < shared.openUntil) return shared.signal;
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const end = (): void => { controller.abort(parent.reason); };
  if (parent.aborted) end();
  follow(parent, end);
  const timer = setTimeout(() => {
    unfollow(parent, end);
    controller.abort(new DOMException(`no complete answer within ${String(timeoutMs)} ms`, 'TimeoutError'));
  }, timeoutMs);
  // What waits under it keeps the process alive, or nothing needs to.
  timer.unref();
  newest.set(parent, { signal, timeoutMs, openUntil: now + timeoutMs * SHARED_PART });
  return signal;
}

/** Waits for what is not the deadline's concern: the time it takes does not count. */
export type Pause = <T>(wait: () => Promise<T>) => Promise<T>;

export interface PausableDeadline {
  /** Aborts with the parent, and as a `TimeoutError` when the time has run out. */
  signal: AbortSignal;
  pause: Pause;
  /** To be called when what it bounds is over. */
  end: () => void;
}

/** As `deadlineUnder`, of one caller alone. */
export function pausableDeadlineUnder(parent: AbortSignal, timeoutMs: number): PausableDeadline {
  const controller = new AbortController();
  const { signal } = controller;
  const onParent = (): void => { controller.abort(parent.reason); };
  if (parent.aborted) onParent();
  follow(parent, onParent);
  let leftMs = timeoutMs;
  let runsSince = performance.now();
  let pauses = 0;
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    runsSince = performance.now();
    timer = setTimeout(() => { controller.abort(new DOMException(`no complete answer within ${String(timeoutMs)} ms`, 'TimeoutError')); }, leftMs).unref();
  };
  run();
  return {
    signal,
    async pause(wait) {
      if (pauses++ === 0) {
        clearTimeout(timer);
        leftMs -= performance.now() - runsSince;
      }
      try {
        return await wait();
      } finally {
        if (--pauses === 0) run();
      }
    },
    end() {
      clearTimeout(timer);
      unfollow(parent, onParent);
    },
  };
}
