/** Who is refreshed, and in what order: pure decisions over the facts of the plan. */
import { compareText, roundRobin } from '../round-robin';
import { shouldRespectBackoff } from './backoff';
import type { WorkItem, WorkspaceFacts } from './types';

export type SweepMode = 'all' | 'due';

export type SkipReason = 'notConfigured' | 'paused' | 'backoff' | 'claimed';
export type Standing = { kind: 'work' } | { kind: 'notDue' } | { kind: 'skip'; reason: SkipReason };

/** Whether a workspace is work for this run. `notDue` workspaces of `mode=due` are not checked at all. */
export function standingOf(facts: WorkspaceFacts, mode: SweepMode, now: number): Standing {
  const { status, fingerprint } = facts;
  if (facts.paused) return { kind: 'skip', reason: 'paused' };
  if (!facts.link) return { kind: 'skip', reason: 'notConfigured' };
  if (status.refreshingUntil !== null && status.refreshingUntil > now) return { kind: 'skip', reason: 'claimed' };
  if (shouldRespectBackoff({ ...status, configuredFingerprint: fingerprint }, now)) return { kind: 'skip', reason: 'backoff' };
  if (mode === 'due') {
    const changed = status.attemptFingerprint !== fingerprint;
    const due = changed || status.fetchedAt === null || status.staleAt === null || status.staleAt <= now;
    if (!due) return { kind: 'notDue' };
  }
  return { kind: 'work' };
}

/** A workspace without an agency is an agency of its own. */
export function agencyKeyOf(facts: { agencyId: string | null; workspaceId: string }): string {
  return facts.agencyId === null ? `workspace:${facts.workspaceId}` : `agency:${facts.agencyId}`;
}

/**
 * Round robin over agencies. The ring is ordered by each agency's last turn, its newest `fetchedAt` (never:
 * first). By its oldest workspace instead, 100 small agencies waited up to 101 runs behind 100 large ones.
 * In every prefix two agencies that both still have work differ by at most one.
 *
 * @param lastTurns newest `fetchedAt` of every agency, over all its workspaces, due or not
 */
export function orderFairly(items: readonly WorkItem[], lastTurns: ReadonlyMap<string, number>): WorkItem[] {
  return roundRobin(items, { keyOf: agencyKeyOf, lastTurnOf: (key) => lastTurns.get(key), compare: compareWithinAgency });
}

/** Newest `fetchedAt` of every agency that ever had a turn. */
export function lastTurnsOf(workspaces: readonly WorkspaceFacts[]): Map<string, number> {
  const turns = new Map<string, number>();
  for (const facts of workspaces) {
    const { fetchedAt } = facts.status;
    if (fetchedAt === null) continue;
    const key = agencyKeyOf(facts);
    const known = turns.get(key);
    if (known === undefined || fetchedAt > known) turns.set(key, fetchedAt);
  }
  return turns;
}

/** Changed configuration, then never attempted, then oldest attempt: what keeps failing cannot crowd out. */
function compareWithinAgency(a: WorkItem, b: WorkItem): number {
  return (
    rankOf(a) - rankOf(b) ||
    (a.status.fetchedAt ?? 0) - (b.status.fetchedAt ?? 0) ||
    compareText(a.workspaceId, b.workspaceId)
  );
}

function rankOf(item: WorkItem): number {
  if (item.status.fetchedAt === null) return 1;
  return item.status.attemptFingerprint === item.fingerprint ? 2 : 0;
}
