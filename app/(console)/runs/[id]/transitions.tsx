import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText, kindText, plural, type RunDetail, type RunTransition } from '@/lib/console';
import { Badge } from '../../_components/badges';
import { Empty } from '../../_components/empty';
import { Table } from '../../_components/table';

/** What began, ended or changed in the run; a failure that goes on stands in the run where it began. */
export function RunTransitions({ detail: { run, transitions, transitionCounts } }: { detail: RunDetail }): ReactNode {
  if (run.job !== 'availability') return null;
  const { failed = 0, recovered = 0, changed = 0 } = transitionCounts;
  const total = failed + recovered + changed;
  return (
    <section className="panel" aria-label="What changed in it">
      <div className="panel-head"><h2>What changed in it</h2>{total > 0 && <span>{countText(failed)} began to fail, {countText(recovered)} recovered, {countText(changed)} have other slots</span>}</div>
      {total === 0 ? <Empty title="No calendar changed its state or its slots."><p>A failure that goes on is told by the run in which it began, for as long as history is kept.</p></Empty> : (
        <Table caption="Calendars that began to fail, recovered or changed in this run" head={<><th scope="col">Workspace</th><th scope="col">What</th><th scope="col">Details</th></>}>
          {transitions.map((transition) => (
            <tr key={`${transition.workspaceId} ${transition.kind}`}>
              <th scope="row">{transition.name === null ? <span className="faint">removed since</span> : <Link href={`/workspaces/${transition.workspaceId}`} prefetch={false}>{transition.name}</Link>}</th>
              <td className="nowrap"><Kind kind={transition.kind} /></td>
              <td className="advice">{detailsOf(transition)}</td>
            </tr>
          ))}
        </Table>
      )}
      {total > transitions.length && <p className="small faint">and {plural(total - transitions.length, 'more')}</p>}
    </section>
  );
}

function Kind({ kind }: { kind: RunTransition['kind'] }): ReactNode {
  if (kind === 'failed') return <Badge tone="bad" mark="✕">began to fail</Badge>;
  return kind === 'recovered' ? <Badge tone="good" mark="✓">recovered</Badge> : <Badge tone="info" mark="Δ">changed</Badge>;
}

function detailsOf({ kind, errorKind, message, failures, addedCount, removedCount }: RunTransition): string {
  if (kind === 'failed') return `${kindText(errorKind ?? 'failed')}${message === null ? '' : `: ${message}`}`;
  if (kind === 'recovered') return failures === null ? '' : `after ${plural(failures, 'failure')} in a row`;
  return `${plural(addedCount ?? 0, 'slot')} added, ${countText(removedCount ?? 0)} removed`;
}
