/** What the cache knows of a workspace's times, for the decisions of first touch. */
import { getWorkspaceAvailabilitySlotsUtc, isUsable } from '../availability-cache';
import { epochOf } from '../instants';
import type { OpenTimes } from './decide';
import type { FirstTouchContext } from './context';

export interface OpenTimesRead {
  open: OpenTimes;
  durationMinutes: number | null;
}

export interface OpenTimesOptions {
  workspaceId: string;
  now: number;
  /** Until fetches must have ended. */
  timeLeftMs: number;
  mayRefresh: boolean;
}

/** Above a workspace's own deadline: waiting for another's refresh, and storing. */
const REFRESH_GRACE_MS = 6_000;

/** Calls no calendar unless the operator turned that on; then the claim holds, and the run's deadline. */
export async function readOpenTimes(context: FirstTouchContext, options: OpenTimesOptions): Promise<OpenTimesRead> {
  const { cache } = context;
  const workspaceTimeoutMs = Math.min(cache.settings.workspaceTimeoutMs, options.timeLeftMs - REFRESH_GRACE_MS);
  const refreshIfStale = options.mayRefresh && context.refreshIfStale && workspaceTimeoutMs > 0;
  const answer = await getWorkspaceAvailabilitySlotsUtc(
    options.workspaceId,
    { refreshIfStale, ...(context.now === undefined ? {} : { now: options.now }) },
    refreshIfStale ? { ...cache, settings: { ...cache.settings, workspaceTimeoutMs } } : cache,
  );
  const { slotsUtc, slotDurationMinutes: durationMinutes, state } = answer;
  if (isUsable(state) && durationMinutes !== null) {
    const slots = new Set(slotsUtc.map(epochOf));
    return { durationMinutes, open: slots.size > 0 ? { kind: 'usable', slots } : { kind: 'none', reason: 'Every stored time is past or booked.' } };
  }
  const reason = answer.reason ?? `The calendar is ${state}.`;
  return { durationMinutes, open: state === 'empty' ? { kind: 'none', reason } : { kind: 'unusable', reason } };
}
