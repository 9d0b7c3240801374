/**
 * Following abort signals. A signal looks through all its listeners for each one that is added or removed, and a sweep has
 * thousands of requests under few signals: so a signal gets one listener, and those who follow it are a set.
 */
const followers = new WeakMap<AbortSignal, Set<() => void>>();

/** Called when the signal aborts; whoever is done takes itself out. Says nothing of a signal that is aborted already. */
export function followersOf(signal: AbortSignal): Set<() => void> {
  let following = followers.get(signal);
  if (!following) {
    const all = new Set<() => void>();
    signal.addEventListener('abort', () => { for (const follower of [...all]) follower(); }, { once: true });
    followers.set(signal, (following = all));
  }
  return following;
}

/** How much earlier than asked for a deadline may come, as a part of it. */
const SHARED_PART = 1 / 64;
const newest = new WeakMap<AbortSignal, { signal: AbortSignal; openUntil: number }>();

/**
 * A signal that aborts with `parent`, and as a `TimeoutError` after `timeoutMs` or up to a 64th sooner: all who ask in such a
 * short time share one, because a signal for each is dear.
 */
export function deadlineUnder(parent: AbortSignal, timeoutMs: number): AbortSignal {
  const now = performance.now();
  const shared = newest.get(parent);
  if (shared && now < shared.openUntil) return shared.signal;
  const controller = new AbortController();
  const { signal } = controller;
  const end = (): void => { controller.abort(parent.reason); };
  if (parent.aborted) end();
  followersOf(parent).add(end);
  const timer = setTimeout(() => {
    followersOf(parent).delete(end);
    controller.abort(new DOMException(`no complete answer within ${String(timeoutMs)} ms`, 'TimeoutError'));
  }, timeoutMs);
  // What waits under it keeps the process alive, or nothing need to.
  timer.unref();
  newest.set(parent, { signal, openUntil: now + timeoutMs * SHARED_PART });
  return signal;
}
