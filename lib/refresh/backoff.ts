/** When a workspace may be tried again: pure decisions, every one a function of facts and `now`. */
import { millisecondsInHour as HOUR_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { ERROR_KINDS, type ErrorKind } from '../providers/errors';
import type { StatusFacts } from './types';

/** A bot wall (403 without a credential) passes in minutes; knocking sooner prolongs it. */
const FORBIDDEN_BASE_MS = 2 * MINUTE_MS;
/** What a person must repair is looked at again in hours, in case it was repaired on the other side. */
const PERSON_BASE_MS = HOUR_MS;
const PERSON_CAP_MS = 12 * HOUR_MS;

/**
 * True while the last failure's retry time has not come. The one place that decides; a changed
 * configuration is due at once, whatever the old one's failures say.
 */
export function shouldRespectBackoff(
  status: { retryAt: number | Date | null; attemptFingerprint?: string | null; configuredFingerprint?: string | null },
  now: number | Date,
): boolean {
  if (status.retryAt === null) return false;
  const { attemptFingerprint, configuredFingerprint } = status;
  if (configuredFingerprint != null && attemptFingerprint != null && attemptFingerprint !== configuredFingerprint) {
    return false;
  }
  return Number(status.retryAt) > Number(now);
}

export interface FailureDecision {
  retryAt: number;
  /** False while the provider's breaker is open: not this workspace's fault. */
  countsUp: boolean;
  /** The workspace is `misconfigured` until a person, or a later success, changes that. */
  actionRequired: boolean;
}

export interface FailureFacts {
  errorKind: ErrorKind;
  /** What the provider asked for; never retried earlier. */
  retryAfterMs: number | undefined;
  status: Pick<StatusFacts, 'consecutiveFailures' | 'errorKind' | 'attemptFingerprint'>;
  fingerprint: string;
  /** A success of this same configuration is stored. */
  hasSucceeded: boolean;
  breakerOpen: boolean;
}

export interface BackoffSettings {
  ttlMs: number;
  maxAgeMs: number;
}

/** @param random uniform in [0, 1) */
export function decideFailure(facts: FailureFacts, settings: BackoffSettings, now: number, random: number): FailureDecision {
  const { errorKind, status } = facts;
  const sameConfiguration = status.attemptFingerprint === facts.fingerprint;
  const failuresBefore = sameConfiguration ? status.consecutiveFailures : 0;
  const countsUp = !facts.breakerOpen;
  const askedMs = facts.retryAfterMs ?? 0;

  if (ERROR_KINDS[errorKind].retry === 'person') {
    const maybePassing = errorKind === 'unauthorized' || errorKind === 'not_found';
    const seenBefore = sameConfiguration && (status.errorKind === 'unauthorized' || status.errorKind === 'not_found');
    if (maybePassing && facts.hasSucceeded && !seenBefore) {
      return { retryAt: now + Math.max(settings.ttlMs, askedMs), countsUp, actionRequired: false };
    }
    const ceiling = Math.min(PERSON_BASE_MS * 2 ** Math.min(failuresBefore, 10), PERSON_CAP_MS);
    return { retryAt: now + Math.max(ceiling * (0.5 + random / 2), askedMs), countsUp, actionRequired: true };
  }

  // A third of the age limit: our own wait must never make a recovered calendar `unavailable`.
  const cap = settings.maxAgeMs / 3;
  const base = errorKind === 'forbidden' ? FORBIDDEN_BASE_MS : Math.min(settings.ttlMs, MINUTE_MS);
  const ceiling = Math.min(base * 2 ** Math.min(failuresBefore, 20), cap);
  const jittered = errorKind === 'forbidden' ? ceiling * (0.5 + random / 2) : ceiling * random;
  return { retryAt: now + Math.max(jittered, askedMs), countsUp, actionRequired: false };
}
