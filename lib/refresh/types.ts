import type { CalendarProvider, ErrorKind } from '../providers/errors';
import type { ProviderMeta } from '../providers/types';

/** What the database knows of one workspace before a run; instants are epoch milliseconds. No slots. */
export interface WorkspaceFacts {
  workspaceId: string;
  agencyId: string | null;
  paused: boolean;
  timezone: string;
  durationMinutes: number;
  /** The default link; null: the workspace is not configured. */
  link: { id: string; url: string; provider: CalendarProvider | 'unknown'; chosenId: string | null } | null;
  credential: { id: string; ciphertext: string; keyId: string; quotaKey: string } | null;
  /** What is configured now; see `configured.ts`. */
  fingerprint: string;
  status: StatusFacts;
  stored: StoredFacts | null;
}

/** The narrow, hot row. */
export interface StatusFacts {
  /** False: the row does not exist yet and must be made before it can be updated. */
  exists: boolean;
  fetchedAt: number | null;
  succeededAt: number | null;
  staleAt: number | null;
  retryAt: number | null;
  refreshingUntil: number | null;
  contentHash: string | null;
  consecutiveFailures: number;
  abandonedRuns: number;
  actionRequired: boolean;
  attemptFingerprint: string | null;
  errorKind: ErrorKind | null;
  /** The hour that its counters are of, in hours since 1970; 0: none yet. */
  hour: number;
}

/** The wide, cold row without its slots. */
export interface StoredFacts {
  slotCount: number;
  slotsFingerprint: string;
  meta: ProviderMeta | null;
}

/**
 * One workspace to refresh: plain JSON, all that an engine on another machine needs. Today's engine is the
 * pool in one process; one on a queue takes the same items.
 */
export interface WorkItem {
  workspaceId: string;
  agencyId: string | null;
  link: { id: string; url: string; provider: CalendarProvider | 'unknown'; chosenId: string | null };
  credential: WorkspaceFacts['credential'];
  timezone: string;
  durationMinutes: number;
  /** What is configured now; see `configured.ts`. */
  fingerprint: string;
  /** Host of the slot requests: the lane of concurrency and breaker. */
  host: string;
  status: StatusFacts;
  stored: StoredFacts | null;
  /** Not to be started earlier, epoch milliseconds: the place its credential's quota gave it. */
  notBefore: number | null;
  /** Between two requests with its credential, milliseconds; null: it has no place in a quota. */
  requestIntervalMs: number | null;
}

export interface SuccessResult {
  kind: 'success';
  item: WorkItem;
  /** Start of the attempt and of its window, by the database's clock. */
  beganAt: number;
  latencyMs: number;
  /** Outside of the heap: thousands wait for their batch. */
  slots: Float64Array;
  durationMinutes: number;
  meta: ProviderMeta;
  slotsHash: bigint;
  contentHash: bigint;
}

export interface FailureResult {
  kind: 'failure';
  item: WorkItem;
  beganAt: number;
  latencyMs: number;
  errorKind: ErrorKind;
  message: string;
  retryAfterMs: number | undefined;
}

/** The run ended before the provider answered. */
export interface AbandonedResult {
  kind: 'abandoned';
  item: WorkItem;
  beganAt: number;
  latencyMs: number;
}

export type AttemptResult = SuccessResult | FailureResult | AbandonedResult;
