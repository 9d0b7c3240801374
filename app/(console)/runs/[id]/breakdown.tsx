import Link from 'next/link';
import type { ReactNode } from 'react';
import type { AgencySummary, ProviderSummary } from '@/lib/availability-cache';
import { ageText, countText, lengthText, shareText } from '@/lib/console';
import { ProviderText } from '../../_components/provider-text';
import { Table } from '../../_components/table';

type Counts = Record<string, unknown>;

export function RunByProvider({ counts }: { counts: Counts }): ReactNode {
  const providers = Object.entries((counts.byProvider ?? {}) as Record<string, ProviderSummary>);
  if (providers.length === 0) return null;
  return (
    <section className="panel" aria-label="By provider">
      <div className="panel-head"><h2>By provider</h2></div>
      <Table caption="The run's requests by provider" head={<><th scope="col">Provider</th><th scope="col" className="number">Requests</th><th scope="col" className="number">p50</th><th scope="col" className="number">p95</th><th scope="col" className="number">Failed</th></>}>
        {providers.map(([name, { requests, p50Ms, p95Ms, errors }]) => (
          <tr key={name}>
            <th scope="row"><ProviderText provider={name} /></th>
            <td className="number">{countText(requests)}</td>
            <td className="number">{p50Ms === null ? '–' : lengthText(p50Ms)}</td>
            <td className="number">{p95Ms === null ? '–' : lengthText(p95Ms)}</td>
            <td className={errors > 0 ? 'number bad-text' : 'number'}>{countText(errors)}{errors > 0 && ` (${shareText(errors, requests)})`}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

export function RunByAgency({ counts, agencyNames }: { counts: Counts; agencyNames: Map<string, string> }): ReactNode {
  const agencies = Array.isArray(counts.byAgency) ? (counts.byAgency as AgencySummary[]) : [];
  if (agencies.length === 0) return null;
  return (
    <section className="panel" aria-label="By agency">
      <div className="panel-head"><h2>By agency</h2><span>the most behind after it</span></div>
      <Table caption="The agencies that were most behind after the run" head={<><th scope="col">Agency</th><th scope="col" className="number">Workspaces</th><th scope="col" className="number">Attempted</th><th scope="col" className="number">Failed</th><th scope="col" className="number">Not reached</th><th scope="col" className="number">Oldest</th></>}>
        {agencies.map(({ agencyId, workspaces, attempted, errors, notReached, oldestSuccessAgeSeconds }) => (
          <tr key={agencyId ?? ''}>
            <th scope="row">{agencyId === null ? <span className="faint">no agency</span> : <Link href={`/workspaces?agency=${encodeURIComponent(agencyId)}`} prefetch={false}>{agencyNames.get(agencyId) ?? agencyId}</Link>}</th>
            <td className="number">{countText(workspaces)}</td>
            <td className="number">{countText(attempted)}</td>
            <td className={errors > 0 ? 'number bad-text' : 'number'}>{countText(errors)}</td>
            <td className="number">{countText(notReached)}</td>
            <td className="number">{oldestSuccessAgeSeconds === null ? 'never read' : ageText(oldestSuccessAgeSeconds * 1_000)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
