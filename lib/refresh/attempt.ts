/** One workspace's fetch: from a work item to a result. Knows the provider and the clock, not the database. */
import { deadlineUnder, pausableDeadlineUnder, type Pause, type PausableDeadline } from '../abort';
import { fetchAvailability } from '../calendar-availability';
import { ProviderError } from '../providers/errors';
import type { HttpClient } from '../providers/types';
import type { Clock } from '../clock';
import type { CacheContext } from './context';
import { contentHashOf, slotsHashOf } from './hashes';
import { knownMeta } from './known-meta';
import type { AttemptResult, FailureResult, WorkItem } from './types';

/** Why a run ended under an attempt: its deadline, a lost lock. Never the provider's fault. */
export class RunEnded extends Error {
  constructor(readonly why: 'deadline' | 'lock_lost') {
    super(`the run ended: ${why}`);
    this.name = 'RunEnded';
  }
}

/**
 * @param clientOf the client of its requests; waiting for a turn goes through `pause`: it is not the calendar that is slow then
 * @param runSignal aborts with `RunEnded`: the result is then `abandoned`
 * @returns every outcome as a value; never rejects
 */
export async function attempt(item: WorkItem, context: CacheContext, clientOf: (pause: Pause) => HttpClient, clock: Clock, runSignal: AbortSignal): Promise<AttemptResult> {
  const beganAt = Math.floor(clock.now());
  const latencyMs = (): number => Math.max(0, Math.round(clock.now() - beganAt));
  const failure = (errorKind: FailureResult['errorKind'], message: string, retryAfterMs?: number): FailureResult => ({
    kind: 'failure', item, beganAt, latencyMs: latencyMs(), errorKind, message, retryAfterMs,
  });
  const { provider, url, chosenId } = item.link;
  if (provider === 'unknown') {
    return failure('unsupported_link', 'The link is not of Calendly, HubSpot Meetings or GoHighLevel. Set a booking link of one of them.');
  }

  let credential: string | undefined;
  try {
    credential = context.openCredential(item);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown reason';
    return failure('unauthorized', `The stored ${provider} credential cannot be opened: ${why}. Set it again.`);
  }

  const isSameConfiguration = item.stored?.slotsFingerprint === item.fingerprint;
  const meta = knownMeta(item, beganAt);
  const deadline = deadlineOf(item, runSignal, context.settings.workspaceTimeoutMs);
  try {
    const { slots: starts, durationMinutes, meta: found } = await fetchAvailability(provider, url, context.settings.lookaheadDays, {
      http: clientOf(deadline.pause),
      origins: context.origins,
      durationMinutes: item.durationMinutes,
      timezone: item.timezone,
      confirmEmpty: isSameConfiguration && (item.stored?.slotCount ?? 0) > 0,
      signal: deadline.signal,
      now: beganAt,
      ...(credential === undefined ? {} : { credential }),
      ...(meta ? { meta } : {}),
      ...(chosenId === null ? {} : { chosenId }),
    });
    const newMeta = { ...found, resolvedAt: meta?.resolvedAt ?? beganAt };
    const slots = new Float64Array(starts);
    const slotsHash = slotsHashOf(slots);
    const contentHash = contentHashOf({ slotsHash, fingerprint: item.fingerprint, durationMinutes, meta: newMeta });
    return { kind: 'success', item, beganAt, latencyMs: latencyMs(), slots, durationMinutes, meta: newMeta, slotsHash, contentHash };
  } catch (error) {
    if (runSignal.aborted) return { kind: 'abandoned', item, beganAt, latencyMs: latencyMs() };
    // A name or an id in an answer may be the token, too.
    if (error instanceof ProviderError) return failure(error.kind, error.without(credential ?? '').message, error.retryAfterMs);
    // Only the name: a message of unknown origin may hold anything.
    return failure('internal_error', `Unexpected ${error instanceof Error ? error.name : typeof error} while reading the calendar. This is a defect of the app.`);
  } finally {
    deadline.end();
  }
}

/** Without a pace nothing waits but for the calendar, and all who begin together can share one. */
function deadlineOf({ requestIntervalMs }: WorkItem, runSignal: AbortSignal, timeoutMs: number): PausableDeadline {
  if (requestIntervalMs !== null) return pausableDeadlineUnder(runSignal, timeoutMs);
  return { signal: deadlineUnder(runSignal, timeoutMs), pause: (wait) => wait(), end: () => undefined };
}
