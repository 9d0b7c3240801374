import { hostOf } from '../calendar-availability';
import { parseCalendlyLink } from '../providers/calendly/link';
import type { ProviderOrigins } from '../providers/types';
import type { WorkItem, WorkspaceFacts } from './types';

/** Lane of links that no provider serves: they fail without a request. */
const NO_HOST = 'none';

/** The work that a configured workspace is; null without a link. */
export function workItemOf(facts: WorkspaceFacts, origins: ProviderOrigins): WorkItem | null {
  const { link } = facts;
  if (!link) return null;
  const { credential, host } = askedOf(facts, link, origins);
  return {
    workspaceId: facts.workspaceId,
    agencyId: facts.agencyId,
    link,
    credential,
    timezone: facts.timezone,
    durationMinutes: facts.durationMinutes,
    fingerprint: facts.fingerprint,
    host,
    status: facts.status,
    stored: facts.stored,
    notBefore: null,
    requestIntervalMs: null,
  };
}

/** Everybody's work is planned here: a link that a parser does not survive fails in its own refresh, where it is told. */
function askedOf(facts: WorkspaceFacts, link: NonNullable<WorkspaceFacts['link']>, origins: ProviderOrigins): Pick<WorkItem, 'credential' | 'host'> {
  if (link.provider === 'unknown') return { credential: facts.credential, host: NO_HOST };
  try {
    const credential = facts.credential !== null && isAskedWithCredential(link) ? facts.credential : null;
    return { credential, host: hostOf(link.provider, link.url, origins, credential !== null) };
  } catch {
    return { credential: null, host: NO_HOST };
  }
}

/** Only Calendly's booking page knows a scheduling link's hours; what it says, as to wait, is nothing of the credential's. */
function isAskedWithCredential({ provider, url }: NonNullable<WorkspaceFacts['link']>): boolean {
  if (provider !== 'calendly') return true;
  const { kind } = parseCalendlyLink(url);
  return kind !== 'schedulingLink' && kind !== 'unsupported';
}
