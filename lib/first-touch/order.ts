/** Whose turn it is: agencies in round robin, and within one the workspace that was visited longest ago. Pure. */
import { agencyKeyOf } from '../refresh/order';
import { compareText, roundRobin } from '../round-robin';
import type { FirstTouchWorkspace } from './workspaces';

type Visited = Pick<FirstTouchWorkspace, 'workspaceId' | 'agencyId' | 'visitedAt'>;

export function orderOf<T extends Visited>(workspaces: readonly T[]): T[] {
  const lastTurns = new Map<string, number>();
  for (const workspace of workspaces) {
    if (workspace.visitedAt === null) continue;
    const key = agencyKeyOf(workspace);
    lastTurns.set(key, Math.max(lastTurns.get(key) ?? -Infinity, workspace.visitedAt));
  }
  return roundRobin(workspaces, {
    keyOf: agencyKeyOf, lastTurnOf: (key) => lastTurns.get(key),
    compare: (a, b) => (a.visitedAt ?? -Infinity) - (b.visitedAt ?? -Infinity) || compareText(a.workspaceId, b.workspaceId),
  });
}
