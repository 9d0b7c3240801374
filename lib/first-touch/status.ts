/** What first touch has written for a workspace, and what is known of its EmailBison instance. */
import { WorkspaceNotFoundError } from '../availability-cache';
import type { Db } from '../db';
import { readSeen } from './instances';
import { describeReach, reachOf, type Reach, type Seen } from './reach';
import { readFirstTouchWorkspaces } from './workspaces';

export interface FirstTouchStatus {
  workspaceId: string;
  name: string;
  isOn: boolean;
  isPaused: boolean;
  lastVisitAt: string | null;
  lastError: string | null;
  instance: { origin: string; seen: Seen; reach: Reach; description: string } | null;
  /** Leads by state and content, e.g. `written times`. */
  leads: Record<string, number>;
}

const QUERY_TIMEOUT_MS = 5_000;

/** @throws WorkspaceNotFoundError; a database error */
export async function readFirstTouchStatus(db: Db, workspaceId: string): Promise<FirstTouchStatus> {
  const plan = await readFirstTouchWorkspaces(db, QUERY_TIMEOUT_MS, workspaceId);
  const [workspace] = plan.workspaces;
  if (!workspace) throw new WorkspaceNotFoundError(workspaceId);
  const [settings, visit, groups] = await Promise.all([
    db.workspaceSettings.findUnique({ where: { clientId: workspaceId }, select: { firstTouchEnabled: true } }),
    db.firstTouchVisit.findUnique({ where: { clientId: workspaceId } }),
    db.firstTouch.groupBy({ by: ['state', 'content'], where: { clientId: workspaceId }, _count: true }),
  ]);
  const baseUrl = workspace.credential?.baseUrl;
  let instance: FirstTouchStatus['instance'] = null;
  if (baseUrl != null && URL.canParse(baseUrl)) {
    const { origin } = new URL(baseUrl);
    const seen = await readSeen(db, origin);
    const reach = reachOf(seen, plan.databaseNow);
    instance = { origin, seen, reach, description: describeReach(reach) };
  }
  return {
    workspaceId, name: workspace.name, isOn: settings?.firstTouchEnabled ?? false, isPaused: workspace.isPaused,
    lastVisitAt: visit?.visitedAt.toISOString() ?? null, lastError: visit?.lastError ?? null, instance,
    leads: Object.fromEntries(groups.map(({ state, content, _count }) => [`${state} ${content}`, _count])),
  };
}
