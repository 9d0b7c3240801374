/** Every cron job's runs, newest first. */
import Link from 'next/link';
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { choiceOf, consoleContext, countText, hrefWith, kindText, lengthText, pageOf, readRuns, RUN_JOBS, RUN_OUTCOMES, type RunFilter, type RunRow, type SearchParams } from '@/lib/console';
import { OutcomeBadge } from '../_components/badges';
import { Empty } from '../_components/empty';
import { PageHead } from '../_components/page-head';
import { Pagination } from '../_components/pagination';
import { Panel } from '../_components/panel';
import { Table } from '../_components/table';
import { Ago } from '../_components/time';
import { pageTime, requireOperator } from '../_server/operator';

export const metadata: Metadata = { title: 'Runs' };

const PAGE_SIZE = 50;
const SPANS = { '1h': 'the last hour', '24h': 'the last 24 hours', '7d': 'the last 7 days' } as const;
const SPAN_MS: Record<keyof typeof SPANS, number> = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 };

export default async function RunsPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const params = await searchParams;
  const [job, outcome, since] = [choiceOf(params, 'job', RUN_JOBS, undefined), choiceOf(params, 'outcome', RUN_OUTCOMES, undefined), choiceOf(params, 'since', Object.keys(SPANS) as (keyof typeof SPANS)[], undefined)];
  const page = pageOf(params);
  const now = pageTime();
  const filter: RunFilter = { job, outcome, after: since && now - SPAN_MS[since] };
  return (
    <>
      <PageHead title="Runs" readAt={now} />
      <form className="filters panel" action="/runs">
        <label className="field"><span>Job</span><select name="job" defaultValue={job ?? ''}><option value="">all</option>{RUN_JOBS.map((name) => <option key={name}>{name}</option>)}</select></label>
        <label className="field"><span>Outcome</span><select name="outcome" defaultValue={outcome ?? ''}><option value="">all</option>{RUN_OUTCOMES.map((name) => <option key={name} value={name}>{kindText(name)}</option>)}</select></label>
        <label className="field"><span>Began in</span><select name="since" defaultValue={since ?? ''}><option value="">any time</option>{Object.entries(SPANS).map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select></label>
        <button type="submit" className="button primary">Show</button>
        {(job ?? outcome ?? since) !== undefined && <Link className="button quiet" href="/runs">Show all</Link>}
      </form>
      <Panel title="Newest first" read={() => readRuns(consoleContext(), filter, page, PAGE_SIZE)}>
        {(data) => (data.runs.length === 0 ? <NoRuns isFiltered={(job ?? outcome ?? since) !== undefined || page > 1} /> : (
          <>
            <Table caption="Runs of the cron jobs, newest first" head={<><th scope="col">Began</th><th scope="col">Job</th><th scope="col">Outcome</th><th scope="col" className="number">Took</th><th scope="col">What it did</th></>}>
              {data.runs.map((run) => (
                <tr key={run.id}>
                  <th scope="row" className="nowrap"><Link href={`/runs/${run.id}`} prefetch={false}><Ago at={run.startedAt} now={data.now} /></Link></th>
                  <td className="nowrap">{run.job}</td>
                  <td><OutcomeBadge outcome={run.outcome} /></td>
                  <td className="number">{run.finishedAt === null ? '–' : lengthText(durationOf(run))}</td>
                  <td>{didOf(run)}</td>
                </tr>
              ))}
            </Table>
            <Pagination page={page} pageSize={PAGE_SIZE} total={null} hasMore={data.hasMore} hrefOf={(to) => hrefWith('/runs', params, { page: to === 1 ? null : to })} />
          </>
        ))}
      </Panel>
    </>
  );
}

function NoRuns({ isFiltered }: { isFiltered: boolean }): ReactNode {
  if (isFiltered) return <Empty title="No run is like that."><p><Link href="/runs">Show all runs</Link></p></Empty>;
  return <Empty title="Nothing has run yet."><p>The schedules of <code>vercel.json</code> call the cron routes. Elsewhere than on Vercel: <code>npm run cron</code>.</p></Empty>;
}

function durationOf({ startedAt, finishedAt, counts }: RunRow): number {
  return typeof counts?.durationMs === 'number' ? counts.durationMs : (finishedAt ?? startedAt) - startedAt;
}

/** A run in a few words: its most telling counters, whatever the job. */
function didOf({ counts, error, job }: RunRow): string {
  if (counts === null) return error ?? '';
  if (typeof counts.reason === 'string' && counts.skipped === true) return `skipped: ${kindText(counts.reason)}`;
  if (typeof counts.message === 'string') return counts.message;
  const total = (counts.errors as { total?: number } | undefined)?.total;
  if (job === 'availability' && typeof counts.refreshed === 'number') {
    const parts = [`${countText(counts.refreshed)} refreshed`, `${countText(Number(counts.changed ?? 0))} changed`];
    if (total !== undefined && total > 0) parts.push(`${countText(total)} failed`);
    if (Number(counts.notReached ?? 0) > 0) parts.push(`${countText(Number(counts.notReached))} not reached`);
    return parts.join(', ');
  }
  const numbers = Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0 && !/Ms$|Seconds$/.test(entry[0]));
  return numbers.slice(0, 4).map(([name, count]) => `${countText(count)} ${wordsOf(name)}`).join(', ') || 'nothing to do';
}

/** `sentWithout` → `sent without` */
function wordsOf(name: string): string {
  return name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
}
