/** What happens to a follow-up next: pure decisions of facts and `now`. */
import { millisecondsInHour as HOUR_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { nextOpening, type WorkingHours } from '../slots/working-hours';

/** Without usable times for this long, the follow-up is given up. */
export const MAX_DEFERRAL_MS = 24 * HOUR_MS;
/** The first waits are short, since most gaps end with the next sweeps. */
const FIRST_DEFERRAL_MS = 2 * MINUTE_MS;
const LONGEST_DEFERRAL_MS = HOUR_MS;

/** With the shortest waits they last over three hours, so that an outage of one hour fails nothing. */
export const MAX_ATTEMPTS = 10;
const FIRST_RETRY_MS = MINUTE_MS;
const LONGEST_RETRY_MS = 2 * HOUR_MS;
/** A paused workspace is looked at again after this, inside its hours; resuming it does not wait for anything else. */
export const PAUSED_RECHECK_MS = 5 * MINUTE_MS;

export interface WorkspaceHours {
  paused: boolean;
  hours: WorkingHours | null;
  zone: string;
  weekends: boolean;
}

export type SendingTime = { kind: 'now' } | { kind: 'moved'; to: number; reason: 'paused' | 'outside the working hours' } | { kind: 'never' };

/** When a follow-up may go out: now, or moved to the next opening, in the workspace's zone. */
export function sendingTime({ paused, hours, zone, weekends }: WorkspaceHours, exactNow: number): SendingTime {
  // The database tells microseconds; an opening is a whole millisecond and would always seem to lie ahead.
  const now = Math.floor(exactNow);
  const opening = nextOpening(paused ? now + PAUSED_RECHECK_MS : now, hours, zone, weekends);
  if (opening === null) return { kind: 'never' };
  if (paused) return { kind: 'moved', to: opening, reason: 'paused' };
  return opening <= now ? { kind: 'now' } : { kind: 'moved', to: opening, reason: 'outside the working hours' };
}

/**
 * No usable times: deferred, waiting twice as long each time as it has waited already, and given up after a day.
 * @param random uniform in [0, 1)
 */
export function afterNoTimes(deferredSince: number | null, now: number, random: number): { kind: 'deferred'; since: number; until: number } | { kind: 'expired' } {
  const since = deferredSince ?? now;
  const waitedMs = now - since;
  if (waitedMs >= MAX_DEFERRAL_MS) return { kind: 'expired' };
  const waitMs = Math.min(Math.max(FIRST_DEFERRAL_MS, waitedMs), LONGEST_DEFERRAL_MS) * (0.5 + random / 2);
  return { kind: 'deferred', since, until: Math.ceil(Math.min(now + waitMs, since + MAX_DEFERRAL_MS)) };
}

/** A delivery that was certainly not made: again with backoff, up to a number of attempts. @param attempts with this one */
export function afterRefusal(attempts: number, retryAfterMs: number | undefined, now: number, random: number): { kind: 'retry'; at: number } | { kind: 'failed' } {
  if (attempts >= MAX_ATTEMPTS) return { kind: 'failed' };
  const ceiling = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
  return { kind: 'retry', at: Math.ceil(now + Math.max(ceiling * (0.5 + random / 2), retryAfterMs ?? 0)) };
}
