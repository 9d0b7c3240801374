/** What operators did, by console or command line. */
import Link from 'next/link';
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { consoleContext, hrefWith, pageOf, paramOf, readAudit, type AuditRow, type SearchParams } from '@/lib/console';
import { Empty } from '../_components/empty';
import { PageHead } from '../_components/page-head';
import { Pagination } from '../_components/pagination';
import { Panel } from '../_components/panel';
import { Table } from '../_components/table';
import { Ago } from '../_components/time';
import { pageTime, requireOperator } from '../_server/operator';

export const metadata: Metadata = { title: 'Audit' };

const PAGE_SIZE = 50;

export default async function AuditPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const params = await searchParams;
  const filter = { action: paramOf(params, 'action'), subject: paramOf(params, 'subject') };
  const page = pageOf(params);
  const isFiltered = filter.action !== undefined || filter.subject !== undefined;
  return (
    <>
      <PageHead title="Audit" readAt={pageTime()} />
      <Panel title="What was done, newest first" aside={isFiltered && <Link href="/audit">Show all</Link>} read={() => readAudit(consoleContext(), filter, page, PAGE_SIZE)}>
        {({ entries, now, total }) => (entries.length === 0
          ? <Empty title={isFiltered ? 'Nothing is like that.' : 'Nothing was changed yet.'}><p>Each action in the console, and each change by <code>npm run workspaces</code>, leaves a row here.</p></Empty>
          : (
            <>
              <Table caption="Actions of operators, newest first" head={<><th scope="col">When</th><th scope="col">Action</th><th scope="col">To</th><th scope="col">Details</th><th scope="col">By</th></>}>
                {entries.map((entry) => (
                  <tr key={entry.id}>
                    <th scope="row"><Ago at={entry.at} now={now} /></th>
                    <td className="nowrap"><Link href={hrefWith('/audit', params, { action: entry.action, page: null })} prefetch={false}>{entry.action}</Link></td>
                    <td><Subject entry={entry} /></td>
                    <td className="advice">{detailsOf(entry.details)}</td>
                    <td>{entry.actor}</td>
                  </tr>
                ))}
              </Table>
              <Pagination page={page} pageSize={PAGE_SIZE} total={total} hrefOf={(to) => hrefWith('/audit', params, { page: to === 1 ? null : to })} />
            </>
          ))}
      </Panel>
    </>
  );
}

function Subject({ entry: { subject, subjectName, isWorkspace } }: { entry: AuditRow }): ReactNode {
  if (subject === null) return null;
  if (isWorkspace) return <Link href={`/workspaces/${subject}`} prefetch={false}>{subjectName}</Link>;
  return subjectName ?? <code className="break">{subject}</code>;
}

/** Details are small objects of plain values, without secrets. */
function detailsOf(details: unknown): string {
  if (details === null || typeof details !== 'object') return '';
  return Object.entries(details).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
}
