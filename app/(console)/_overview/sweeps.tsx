/** The last sweep in words, the last hours' as charts, and as a table for who cannot see those. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText, exactText, kindText, lengthText, type SweepHealth, type SweepPoint } from '@/lib/console';
import { OutcomeBadge } from '../_components/badges';
import { Empty } from '../_components/empty';
import { Figure, Figures } from '../_components/figures';
import { ProviderText } from '../_components/provider-text';
import { Table } from '../_components/table';
import { Ago } from '../_components/time';
import { SweepChartsLater } from './chart-loader';

const KINDS_DRAWN = 4;

export function LastSweep({ sweeps }: { sweeps: SweepHealth }): ReactNode {
  const { last, running, now } = sweeps;
  if (!last) {
    return (
      <Empty title={running ? 'The first sweep is running.' : 'No sweep in these hours.'}>
        {running ? <p>It began <Ago at={running.startedAt} now={now} />.</p> : <p>The cron calls <code>/api/cron/availability</code> every minute with the cron secret. Elsewhere than on Vercel: <code>npm run cron</code>.</p>}
      </Empty>
    );
  }
  const kinds = Object.entries(last.errorsByKind).sort(([, a], [, b]) => b - a);
  return (
    <div className="stack">
      <div className="row">
        <OutcomeBadge outcome={last.outcome} />
        <Link href={`/runs/${last.runId}`} prefetch={false}>ended <Ago at={last.finishedAt} now={now} /></Link>
        {running && <span className="faint">another is running since <Ago at={running.startedAt} now={now} /></span>}
      </div>
      <Figures>
        <Figure name="took">{last.durationMs === null ? '–' : lengthText(last.durationMs)}</Figure>
        <Figure name="refreshed" note={`of ${countText(last.attempted)} attempted`}>{countText(last.refreshed)}</Figure>
        <Figure name="changed">{countText(last.changed)}</Figure>
        <Figure name="failed" tone={last.errors > 0 ? 'bad' : 'plain'}>{countText(last.errors)}</Figure>
        {last.left > 0 && <Figure name="left for the next" tone="warn">{countText(last.left)}</Figure>}
      </Figures>
      {kinds.length > 0 && <p className="small faint">Failed: {kinds.map(([kind, count]) => `${kindText(kind)} ${countText(count)}`).join(', ')}.</p>}
      {last.quotaLimited.length > 0 && (
        <ul className="small">
          {last.quotaLimited.map(({ provider, workspaces, expectedAgeSeconds }, index) => <li key={`${provider} ${String(index)}`}><strong>Quota limited:</strong> a <ProviderText provider={provider} /> credential with {countText(workspaces)} workspaces; expect ages up to {lengthText(expectedAgeSeconds * 1_000)}.</li>)}
        </ul>
      )}
    </div>
  );
}

export function SweepHistory({ sweeps, budgetMs }: { sweeps: SweepHealth; budgetMs: number }): ReactNode {
  const points = sweeps.sweeps;
  if (points.length < 2) return <Empty title="Not enough sweeps to draw yet."><p>There is one a minute.</p></Empty>;
  const totals = new Map<string, number>();
  for (const { errorsByKind } of points) for (const [kind, count] of Object.entries(errorsByKind)) totals.set(kind, (totals.get(kind) ?? 0) + count);
  const ranked = [...totals.keys()].sort((a, b) => (totals.get(b) ?? 0) - (totals.get(a) ?? 0));
  const drawn = ranked.slice(0, KINDS_DRAWN);
  const rest = ranked.slice(KINDS_DRAWN);
  const errorsOf = ({ errorsByKind }: SweepPoint): Record<string, number> => ({
    ...Object.fromEntries(drawn.map((kind) => [kind, errorsByKind[kind] ?? 0])),
    ...(rest.length > 0 && { other: rest.reduce((sum, kind) => sum + (errorsByKind[kind] ?? 0), 0) }),
  });
  return (
    <>
      <SweepChartsLater
        points={points.map((point) => ({ at: point.startedAt, seconds: point.durationMs === null ? null : Math.round(point.durationMs / 100) / 10, refreshed: point.refreshed, errors: errorsOf(point) }))}
        kinds={[...drawn.map((kind) => ({ kind, name: kindText(kind) })), ...(rest.length > 0 ? [{ kind: 'other', name: 'other kinds' }] : [])]}
        budgetSeconds={budgetMs / 1_000}
      />
      <details className="small">
        <summary>The same as a table</summary>
        <Table caption="Sweeps, newest first" head={<><th scope="col">Began</th><th scope="col">Outcome</th><th scope="col" className="number">Took</th><th scope="col" className="number">Refreshed</th><th scope="col" className="number">Failed</th><th scope="col">By kind</th></>}>
          {points.slice(-60).reverse().map((point) => (
            <tr key={point.runId}>
              <th scope="row" className="nowrap"><Link href={`/runs/${point.runId}`} prefetch={false}>{exactText(point.startedAt)}</Link></th>
              <td><OutcomeBadge outcome={point.outcome} /></td>
              <td className="number">{point.durationMs === null ? '–' : lengthText(point.durationMs)}</td>
              <td className="number">{countText(point.refreshed)}</td>
              <td className="number">{countText(point.errors)}</td>
              <td>{Object.entries(point.errorsByKind).map(([kind, count]) => `${kindText(kind)} ${countText(count)}`).join(', ')}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}
