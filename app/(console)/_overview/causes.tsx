/** Whose calendars are not fresh, and why: one line a cause. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { adviceFor, ageText, countText, hrefWith, kindText, type Cause, type Freshness } from '@/lib/console';
import { Badge } from '../_components/badges';
import { Empty } from '../_components/empty';
import { ProviderText } from '../_components/provider-text';
import { Table } from '../_components/table';

const AGENCIES_NAMED = 3;

export function Causes({ freshness, agencyNames }: { freshness: Freshness; agencyNames: Map<string, string> }): ReactNode {
  if (freshness.causes.length === 0) return <Empty title="Nobody waits."><p>Every calendar that is not paused was read within five minutes.</p></Empty>;
  return (
    <Table cards caption="Calendars that are not fresh, by cause" head={<><th scope="col">Why</th><th scope="col" className="number">Calendars</th><th scope="col">Whose</th><th scope="col" className="number">Oldest</th><th scope="col">What to do</th></>}>
      {freshness.causes.map((cause) => (
        <tr key={`${cause.kind} ${String(cause.needsPerson)}`}>
          <th scope="row"><span className="nowrap">{kindText(cause.kind)}</span> <Urgency cause={cause} /></th>
          <td className="number" data-name="Calendars"><Link href={hrefWith('/workspaces', {}, filterOf(cause))} prefetch={false}>{countText(cause.count)}</Link></td>
          <td className="whose" data-name="Whose">
            {cause.agencies.slice(0, AGENCIES_NAMED).map(({ agencyId, count }, index) => (
              <span key={agencyId ?? ''}>{index > 0 && ', '}<Link href={hrefWith('/workspaces', {}, { ...filterOf(cause), agency: agencyId })} prefetch={false}>{agencyId === null ? 'no agency' : (agencyNames.get(agencyId) ?? agencyId)}</Link> <span className="faint">{countText(count)}</span></span>
            ))}
            {cause.agencies.length > AGENCIES_NAMED && <span className="faint"> and {countText(cause.agencies.length - AGENCIES_NAMED)} more</span>}
            <div className="faint small">{cause.providers.map((provider, index) => <span key={provider}>{index > 0 && ', '}<ProviderText provider={provider} /></span>)}</div>
          </td>
          <td className="number" data-name="Oldest">{cause.oldestAgeMs === null ? 'never read' : ageText(cause.oldestAgeMs)}</td>
          <td className="advice">
            {adviceFor(cause.kind)}
            <div className="faint small clamp" title={cause.example.message ?? undefined}>e.g. <Link href={`/workspaces/${cause.example.workspaceId}`} prefetch={false}>{cause.example.name}</Link>{cause.example.message !== null && <>: {cause.example.message}</>}</div>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Urgency({ cause }: { cause: Cause }): ReactNode {
  if (cause.needsPerson) return <Badge tone="warn" mark="▲">needs a person</Badge>;
  if (cause.unusable > 0) return <Badge tone="bad" mark="✕">{cause.unusable === cause.count ? 'not offered' : `${countText(cause.unusable)} not offered`}</Badge>;
  return <Badge tone="info" mark="◌">still offered</Badge>;
}

function filterOf(cause: Cause): Record<string, string> {
  return { ...(cause.needsPerson ? { state: 'misconfigured' } : cause.unusable === cause.count ? { state: 'unavailable' } : {}), sort: 'age' };
}
