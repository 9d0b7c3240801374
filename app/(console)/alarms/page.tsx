import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { consoleContext, hrefWith, pageOf, readAlarms, type SearchParams } from '@/lib/console';
import { AlarmList } from '../_components/alarm-list';
import { Empty } from '../_components/empty';
import { PageHead } from '../_components/page-head';
import { Pagination } from '../_components/pagination';
import { Panel } from '../_components/panel';
import { pageTime, requireOperator } from '../_server/operator';

export const metadata: Metadata = { title: 'Alarms' };

const PAGE_SIZE = 50;

export default async function AlarmsPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const params = await searchParams;
  const [openPage, page] = [pageOf(params, 'open'), pageOf(params)];
  const context = consoleContext();
  return (
    <>
      <PageHead title="Alarms" readAt={pageTime()} />
      <Panel title="Open" read={() => readAlarms(context, 'open', openPage, PAGE_SIZE)}>
        {({ alarms, now, total }) => (alarms.length === 0
          ? <Empty title="No alarm is open."><p>Causes are looked for by <code>/api/cron/watch</code>; it tells of each once a day, and when it is over.</p></Empty>
          : <><AlarmList alarms={alarms} now={now} /><Pagination page={openPage} pageSize={PAGE_SIZE} total={total} hrefOf={(to) => hrefWith('/alarms', params, { open: to === 1 ? null : to })} /></>)}
      </Panel>
      <Panel title="Over" read={() => readAlarms(context, 'closed', page, PAGE_SIZE)}>
        {({ alarms, now, total }) => (alarms.length === 0
          ? <Empty title="None yet." />
          : <><AlarmList alarms={alarms} now={now} closed /><Pagination page={page} pageSize={PAGE_SIZE} total={total} hrefOf={(to) => hrefWith('/alarms', params, { page: to === 1 ? null : to })} /></>)}
      </Panel>
    </>
  );
}
