import Link from 'next/link';
import type { ReactNode } from 'react';
import { ageText, countText, shareText, type AgencyFreshness, type Freshness } from '@/lib/console';
import { Empty } from '../_components/empty';
import { Meter } from '../_components/figures';
import { Table } from '../_components/table';

const SHOWN = 12;

/** The agencies, the most behind first. */
export function Agencies({ freshness, agencyNames }: { freshness: Freshness; agencyNames: Map<string, string> }): ReactNode {
  if (freshness.agencies.length === 0) return <Empty title="There are no agencies yet." />;
  return (
    <>
      <Table caption="Agencies, the most behind first" head={<><th scope="col">Agency</th><th scope="col" className="number">Oldest</th><th scope="col">Within 5 min</th><th scope="col" className="number">Workspaces</th><th scope="col" className="number">Need a person</th></>}>
        {freshness.agencies.slice(0, SHOWN).map((agency) => (
          <tr key={agency.agencyId ?? ''}>
            <th scope="row">{agency.agencyId === null ? <span className="faint">no agency</span> : <Link href={`/workspaces?agency=${encodeURIComponent(agency.agencyId)}&sort=age`} prefetch={false}>{agencyNames.get(agency.agencyId) ?? agency.agencyId}</Link>}</th>
            <td className="number">{ageOf(agency)}</td>
            <td className="nowrap"><Meter share={agency.counted === 0 ? 0 : 1 - agency.behind / agency.counted} tone={agency.behind === 0 ? 'good' : 'warn'} /> {shareText(agency.counted - agency.behind, agency.counted)}{agency.behind > 0 && <span className="faint small"> {countText(agency.behind)} behind</span>}</td>
            <td className="number">{countText(agency.workspaces)}</td>
            <td className="number">{agency.needPerson > 0 ? countText(agency.needPerson) : <span className="faint">0</span>}</td>
          </tr>
        ))}
      </Table>
      {freshness.agencies.length > SHOWN && <p className="small faint">and {countText(freshness.agencies.length - SHOWN)} more, less behind than these</p>}
    </>
  );
}

function ageOf({ neverRead, oldestAgeMs, counted }: AgencyFreshness): string {
  if (neverRead > 0) return 'never read';
  return counted === 0 || oldestAgeMs === null ? '–' : ageText(oldestAgeMs);
}
