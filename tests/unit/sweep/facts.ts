import type { WorkItem, WorkspaceFacts } from '@/lib/refresh/types';

/** A configured workspace that was never attempted, for pure tests. */
export function factsOf(over: Partial<Omit<WorkspaceFacts, 'status'>> & { status?: Partial<WorkspaceFacts['status']> } = {}): WorkspaceFacts {
  const { status, ...rest } = over;
  return {
    workspaceId: 'w1', agencyId: 'a1', paused: false, timezone: 'UTC', durationMinutes: 30,
    link: { id: 'l1', url: 'https://calendly.com/acme/intro', provider: 'calendly', chosenId: null },
    credential: null, fingerprint: 'fp', stored: null,
    ...rest,
    status: {
      exists: true, fetchedAt: null, succeededAt: null, staleAt: null, retryAt: null, refreshingUntil: null, contentHash: null,
      consecutiveFailures: 0, abandonedRuns: 0, actionRequired: false, attemptFingerprint: null, errorKind: null, hour: 0,
      ...status,
    },
  };
}

export function itemOf(over: Parameters<typeof factsOf>[0] = {}): WorkItem {
  const facts = factsOf(over);
  if (!facts.link) throw new Error('an item needs a link');
  const { paused: _paused, ...rest } = facts;
  return { ...rest, link: facts.link, host: 'host', notBefore: null, requestIntervalMs: null };
}
