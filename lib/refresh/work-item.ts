import { hostOf } from '../calendar-availability';
import type { ProviderOrigins } from '../providers/types';
import type { WorkItem, WorkspaceFacts } from './types';

/** Lane of links that no provider serves: they fail without a request. */
const NO_HOST = 'none';

/** The work that a configured workspace is; null without a link. */
export function workItemOf(facts: WorkspaceFacts, origins: ProviderOrigins): WorkItem | null {
  const { link } = facts;
  if (!link) return null;
  return {
    workspaceId: facts.workspaceId,
    agencyId: facts.agencyId,
    link,
    credential: facts.credential,
    timezone: facts.timezone,
    durationMinutes: facts.durationMinutes,
    fingerprint: facts.fingerprint,
    host: link.provider === 'unknown' ? NO_HOST : hostOf(link.provider, link.url, origins, facts.credential !== null),
    status: facts.status,
    stored: facts.stored,
    notBefore: null,
    requestIntervalMs: null,
  };
}
