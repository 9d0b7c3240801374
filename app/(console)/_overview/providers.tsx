/** How the providers answer: latency, failures, who is left alone for now, whose quota is used up. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText, kindText, lengthText, relativeText, shareText, type HostHealth, type ProviderName, type Standings, type SweepHealth } from '@/lib/console';
import { Badge } from '../_components/badges';
import { Empty } from '../_components/empty';
import { ProviderText } from '../_components/provider-text';
import { Table } from '../_components/table';

/** A share of failures that no longer passes as noise; the breaker opens later. */
const WORRYING_SHARE = 0.05;

export function Providers({ standings, sweeps, hosts }: { standings: Standings; sweeps: SweepHealth; hosts: HostHealth }): ReactNode {
  const calendars = new Map<ProviderName, { all: number; unusable: number }>();
  for (const { provider, state } of standings.workspaces) {
    if (provider === null) continue;
    const sum = calendars.get(provider) ?? { all: 0, unusable: 0 };
    calendars.set(provider, sum);
    sum.all++;
    if (state === 'unavailable' || state === 'misconfigured') sum.unusable++;
  }
  const names = [...new Set([...calendars.keys(), ...Object.keys(sweeps.byProvider)])].filter((name) => name !== 'unknown').sort();
  if (names.length === 0) return <Empty title="No provider is asked yet." />;
  const paused = new Set<string>(standings.pausedProviders.map(({ provider }) => provider));
  return (
    <div className="stack">
      <Table caption="Health of the providers" head={<><th scope="col">Provider</th><th scope="col" className="number">Failed, 15 min</th><th scope="col" className="number">p50</th><th scope="col" className="number">p95</th><th scope="col" className="number">Calendars</th><th scope="col">Quota</th></>}>
        {names.map((name) => {
          const answers = sweeps.byProvider[name];
          const own = calendars.get(name as ProviderName);
          const quota = hosts.quotas.find(({ provider }) => provider === name);
          const isWorrying = answers !== undefined && answers.recentErrors > answers.recentRequests * WORRYING_SHARE;
          return (
            <tr key={name}>
              <th scope="row"><ProviderText provider={name} /> {paused.has(name) && <Badge tone="off" mark="‖">paused</Badge>}</th>
              <td className={`number ${isWorrying ? 'bad-text' : ''}`}>{answers === undefined ? '–' : <>{shareText(answers.recentErrors, answers.recentRequests)}<div className="small faint">{countText(answers.recentErrors)} of {countText(answers.recentRequests)}</div></>}</td>
              <td className="number">{answers?.p50Ms == null ? '–' : lengthText(answers.p50Ms)}</td>
              <td className="number">{answers?.p95Ms == null ? '–' : lengthText(answers.p95Ms)}</td>
              <td className="number"><Link href={`/workspaces?provider=${name}`} prefetch={false}>{countText(own?.all ?? 0)}</Link>{own !== undefined && own.unusable > 0 && <div className="small faint">{countText(own.unusable)} not offered</div>}</td>
              <td>{quota === undefined ? <span className="faint">public page</span> : <>{quota.blocked > 0 ? <Badge tone="warn" mark="▲">{countText(quota.blocked)} blocked</Badge> : 'in bounds'}<div className="small faint">{countText(quota.credentials)} {quota.credentials === 1 ? 'credential' : 'credentials'}</div></>}</td>
            </tr>
          );
        })}
      </Table>
      {hosts.breakers.length === 0 ? <p className="small faint">No host is left alone: every circuit breaker is closed.</p> : (
        <ul className="small">
          {hosts.breakers.map(({ host, openUntil, errorKind }) => <li key={host}><Badge tone="bad" mark="✕">breaker open</Badge> <code>{host}</code> is asked again {relativeText(openUntil, standings.now)}{errorKind !== null && <> ({kindText(errorKind)})</>}</li>)}
        </ul>
      )}
    </div>
  );
}
