/** The time that decisions and fences use: the database's clock plus elapsed monotonic time. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/**
 * A clock that reads `databaseNowMs` now and runs on monotonic time from here: a wrong or jumping clock of
 * this machine cannot put a fence out of order.
 */
export function anchoredClock(databaseNowMs: number, monotonicMs: () => number = () => performance.now()): Clock {
  const anchor = databaseNowMs - monotonicMs();
  return { now: () => anchor + monotonicMs() };
}
