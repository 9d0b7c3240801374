/** How a claimed follow-up can end, and what is written of it. Pure. */
import type { ClaimedFollowUp } from './claims';
import { afterNoTimes, afterRefusal } from './decide';
import type { FollowUpChange } from './finish';

/** Every way that a claimed follow-up can go; the run counts them, and they add up. */
export const OUTCOMES = ['sent', 'moved', 'deferred', 'expired', 'cancelled', 'retrying', 'failed', 'unknown', 'abandoned', 'lost'] as const;
export type FollowUpOutcome = (typeof OUTCOMES)[number];

/** What is written of it, and what it is counted as. */
export interface Ending {
  outcome: FollowUpOutcome;
  change: FollowUpChange;
}

type Row = Pick<ClaimedFollowUp, 'attempts' | 'deferredSince' | 'intendedAt' | 'now'>;

/** An earlier claim was about to send it: from then on it may have been. */
export const maySent = (row: Pick<Row, 'intendedAt'>): boolean => row.intendedAt !== null;

export function sent(row: Row): Ending {
  return { outcome: 'sent', change: { state: 'sent', offers: 'sent', attempts: row.attempts + 1, keepsIntent: true } };
}

/** A person must look: it stays as it is, with its times held, until somebody says what became of it. */
export function unknown(row: Row, lastError: string): Ending {
  return { outcome: 'unknown', change: { state: 'unknown', offers: 'keep', attempts: row.attempts, lastError, keepsIntent: true } };
}

/** Given up for a reason that no other try would change. */
export function failed(row: Row, lastError: string, attempts = row.attempts): Ending {
  const mayBe = maySent(row);
  return { outcome: 'failed', change: { state: 'failed', offers: mayBe ? 'expired' : 'failed', attempts, lastError, keepsIntent: mayBe } };
}

/** Looked at again later, without a try that counts. @param at undefined: at once, by the next run */
export function postponed(row: Row, outcome: 'moved' | 'retrying' | 'abandoned', at: number | undefined, reason: string, keepsDeferral = false): Ending {
  return {
    outcome,
    change: {
      state: 'pending', offers: 'keep', keepsIntent: maySent(row), reason,
      ...(keepsDeferral ? { deferredSince: row.deferredSince } : {}), ...(at === undefined ? {} : { nextAttemptAt: at }),
    },
  };
}

/** No usable times: waits for them, for a day at most. @param random uniform in [0, 1) */
export function withoutTimes(row: Row, reason: string, random: number): Ending {
  const next = afterNoTimes(row.deferredSince, row.now, random);
  if (next.kind === 'deferred') {
    return { outcome: 'deferred', change: { state: 'pending', offers: 'keep', nextAttemptAt: next.until, deferredSince: next.since, reason, keepsIntent: maySent(row) } };
  }
  const why = `No usable times for 24 hours: ${reason}`;
  if (maySent(row)) return unknown(row, `It may have been sent. ${why}`);
  return { outcome: 'expired', change: { state: 'expired', offers: 'failed', reason: why } };
}

export interface Failed {
  kind: 'refused' | 'unclear';
  isFinal?: boolean;
  message: string;
  retryAfterMs?: number | undefined;
}

/** A try that did not succeed: again with backoff, up to a number of tries. What may have been sent is never sent again where nobody tells a repetition. */
export function afterFailure(row: Row, failure: Failed, isIdempotent: boolean, random: number): Ending {
  const attempts = row.attempts + 1;
  const isUnclear = failure.kind === 'unclear';
  if (isUnclear && !isIdempotent) return unknown({ ...row, attempts }, failure.message);
  const asSent = isUnclear ? { ...row, intendedAt: row.now } : row;
  const next = failure.isFinal === true ? { kind: 'failed' as const } : afterRefusal(attempts, failure.retryAfterMs, row.now, random);
  if (next.kind === 'failed') return failed(asSent, failure.message, attempts);
  return { outcome: 'retrying', change: { state: 'pending', offers: 'keep', attempts, nextAttemptAt: next.at, lastError: failure.message, keepsIntent: maySent(asSent) } };
}
