/** What a reader is told about a workspace: the first state that holds. Pure. */
import type { ErrorKind } from '../providers/errors';

/** In the order of precedence. */
export const WORKSPACE_STATES = ['paused', 'misconfigured', 'unavailable', 'empty', 'stale', 'fresh'] as const;
export type WorkspaceState = (typeof WORKSPACE_STATES)[number];

export type PausedBy = 'workspace' | 'agency' | 'provider';

const PAUSED_REASONS: Record<PausedBy, string> = {
  workspace: 'The workspace is paused. Resume it to have its calendar read again.',
  agency: 'Its agency is paused. Resume the agency to have its calendars read again.',
  provider: "The calendar's provider is paused. Resume the provider to have its calendars read again.",
};

export interface StateFacts {
  isPaused: boolean;
  /** Who is paused, where it is known. */
  pausedBy?: PausedBy | null;
  hasLink: boolean;
  /** What is configured; null without a link. */
  fingerprint: string | null;
  attemptFingerprint: string | null;
  actionRequired: boolean;
  errorKind: ErrorKind | null;
  lastError: string | null;
  /** Epoch milliseconds. */
  succeededAt: number | null;
  staleAt: number | null;
  slotsFingerprint: string | null;
  storedCount: number;
}

export interface StateVerdict {
  state: WorkspaceState;
  /** Why there are no slots, and what to do; absent while they are usable. */
  reason?: string;
}

/** Slots of these states may be offered. A healthy row is `stale` for part of every minute. */
export function isUsable(state: WorkspaceState): boolean {
  return state === 'fresh' || state === 'stale';
}

/** @param maxAgeMs the readers' limit: a success older than this is unknown, not known */
export function stateOf(facts: StateFacts, now: number, maxAgeMs: number): StateVerdict {
  if (facts.isPaused) return { state: 'paused', reason: PAUSED_REASONS[facts.pausedBy ?? 'workspace'] };
  if (!facts.hasLink) return { state: 'misconfigured', reason: 'The workspace has no default calendar link. Add one.' };
  const isLastAttemptOfThis = facts.attemptFingerprint === facts.fingerprint;
  if (facts.actionRequired && isLastAttemptOfThis) {
    return { state: 'misconfigured', reason: facts.lastError ?? `The calendar answered ${facts.errorKind ?? 'with an error'}.` };
  }
  const why = isLastAttemptOfThis && facts.lastError !== null ? ` Last error: ${facts.lastError}` : '';
  if (facts.succeededAt === null || facts.slotsFingerprint === null) {
    return { state: 'unavailable', reason: `The calendar has not been read successfully yet.${why}` };
  }
  if (facts.slotsFingerprint !== facts.fingerprint) {
    return { state: 'unavailable', reason: `The configuration changed and has not been read successfully since.${why}` };
  }
  const ageMs = now - facts.succeededAt;
  if (ageMs > maxAgeMs) {
    const minutes = Math.round(ageMs / 60_000);
    return { state: 'unavailable', reason: `The last successful reading is ${String(minutes)} min old, over the limit of ${String(Math.round(maxAgeMs / 60_000))} min.${why}` };
  }
  if (facts.storedCount === 0) return { state: 'empty', reason: 'The provider says that no time is open in the window.' };
  return { state: facts.staleAt !== null && facts.staleAt > now ? 'fresh' : 'stale' };
}
