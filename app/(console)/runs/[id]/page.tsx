/** One run: what it counted, by agency and provider, what failed, and the answer that it gave. */
import Link from 'next/link';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import type { ReactNode } from 'react';
import { consoleContext, exactText, readRun, type RunDetail } from '@/lib/console';
import { OutcomeBadge } from '../../_components/badges';
import { PageHead } from '../../_components/page-head';
import { Problem } from '../../_components/problem';
import { Ago } from '../../_components/time';
import { requireOperator } from '../../_server/operator';
import { readOrLog } from '../../_server/read-or-log';
import { RunByAgency, RunByProvider } from './breakdown';
import { RunFigures } from './run-figures';
import { RunTransitions } from './transitions';

export const metadata: Metadata = { title: 'A run' };

export default async function RunPage({ params }: { params: Promise<{ id: string }> }): Promise<ReactNode> {
  await requireOperator();
  const { id } = await params;
  // Not in a panel of its own: whether the run exists decides what page this is.
  const read = await readOrLog('The run', readRun(consoleContext(), id));
  if (read === null) return <><PageHead title="A run" /><Problem what="The run" /></>;
  if (read.data === null) notFound();
  return <Run detail={read.data} />;
}

function Run({ detail }: { detail: RunDetail }): ReactNode {
  const { run, now } = detail;
  return (
    <>
      <p className="small"><Link href="/runs">Runs</Link> / <Link href={`/runs?job=${run.job}`}>{run.job}</Link></p>
      <PageHead title={`${run.job}, ${exactText(run.startedAt)}`}>
        <OutcomeBadge outcome={run.outcome} />
        <span className="faint">{run.finishedAt === null ? <>began <Ago at={run.startedAt} now={now} /></> : <>ended <Ago at={run.finishedAt} now={now} /></>}</span>
      </PageHead>
      {run.counts === null && (
        <div className="banner info" role="note">
          <strong>{run.outcome === 'running' ? 'It has not ended' : 'It left no counts'}{run.error !== null && `: ${run.error}`}.</strong>
          <p>{run.outcome === 'running' ? 'It is under way, or its process was killed. What it had stored by then is kept.' : 'The log has a line of it under its id.'}</p>
        </div>
      )}
      {run.counts !== null && <RunFigures counts={run.counts} />}
      <RunTransitions detail={detail} />
      {run.counts !== null && (
        <div className="grid">
          <RunByProvider counts={run.counts} />
          <RunByAgency counts={run.counts} agencyNames={detail.agencyNames} />
        </div>
      )}
      {run.counts !== null && (
        <section className="panel" aria-label="Its answer">
          <details>
            <summary>The answer it gave, as JSON (run <code>{run.id}</code>)</summary>
            <pre tabIndex={0}><code>{JSON.stringify(run.counts, null, 2)}</code></pre>
          </details>
        </section>
      )}
    </>
  );
}
