/** Every workspace: found, filtered, sorted; whose calendar is not fresh and why, the worst first. */
import type { Metadata } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import {
  consoleContext, CONSOLE_STATEMENT_TIMEOUT_MS, countText, isNarrowed, listConsoleWorkspaces, listQuery, PAGE_SIZE, parseListFilter, plural, sortedBy,
  type ListFilter, type SearchParams, type Sort, type WorkspacePage,
} from '@/lib/console';
import { Empty } from '../_components/empty';
import { PageHead } from '../_components/page-head';
import { Pagination } from '../_components/pagination';
import { Panel } from '../_components/panel';
import { SortHead } from '../_components/table';
import { pageTime, requireOperator } from '../_server/operator';
import { Filters } from './_components/filters';
import { Selection } from './_components/selection';
import styles from './workspaces.module.css';

export const metadata: Metadata = { title: 'Workspaces' };

const STATES = ['misconfigured', 'unavailable', 'empty', 'stale', 'fresh', 'paused'] as const;

export default async function WorkspacesPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const filter = parseListFilter(await searchParams);
  const context = consoleContext();
  return (
    <>
      <PageHead title="Workspaces" readAt={pageTime()} />
      <Panel title="Calendars" read={() => listConsoleWorkspaces(context.db, filter, { maxAgeMs: context.maxAgeMs, timeoutMs: CONSOLE_STATEMENT_TIMEOUT_MS })}>
        {(page) => (page.workspaces === 0 ? <NoWorkspaces /> : <List page={page} filter={filter} />)}
      </Panel>
    </>
  );
}

function List({ page, filter }: { page: WorkspacePage; filter: ListFilter }): ReactNode {
  const from = (filter.page - 1) * PAGE_SIZE;
  return (
    <div className="stack">
      <Filters filter={filter} agencies={page.agencies} />
      <States page={page} filter={filter} />
      {page.rows.length === 0 ? <NoMatch filter={filter} /> : (
        <>
          <p className="faint small" role="status">
            {page.total > page.rows.length ? `${countText(from + 1)}–${countText(from + page.rows.length)} of ${countText(page.total)}` : plural(page.total, 'workspace')}
            <span className={styles.keys}> · <kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open <kbd>x</kbd> select</span>
          </p>
          <Selection key={listQuery(filter, { page: filter.page })} rows={page.rows} now={page.now} total={page.total} query={listQuery(filter)} head={<Heads filter={filter} />} />
          <Pagination page={filter.page} pageSize={PAGE_SIZE} total={page.total} hrefOf={(number) => `/workspaces${listQuery(filter, { page: number })}`} />
        </>
      )}
    </div>
  );
}

const COLUMNS: { sort: Sort; name: string; numeric?: true }[] = [
  { sort: 'name', name: 'Workspace' }, { sort: 'attention', name: 'State' }, { sort: 'age', name: 'Age', numeric: true },
  { sort: 'slots', name: 'Slots', numeric: true }, { sort: 'due', name: 'Next due', numeric: true },
];

function Heads({ filter }: { filter: ListFilter }): ReactNode {
  return (
    <>
      {COLUMNS.map(({ sort, name, numeric }) => (
        <SortHead
          key={sort} name={name} numeric={numeric ?? false} href={`/workspaces${listQuery(filter, sortedBy(filter, sort))}`}
          direction={filter.sort !== sort ? null : filter.dir === 'asc' ? 'ascending' : 'descending'}
        />
      ))}
      <th scope="col">Last error</th>
    </>
  );
}

/** How many are in each state: what a state's link would show. */
function States({ page, filter }: { page: WorkspacePage; filter: ListFilter }): ReactNode {
  const all = Object.values(page.byState).reduce((sum, count) => sum + count, 0);
  const chip = (state: ListFilter['state'], name: string, count: number): ReactNode => (
    <li key={name}>
      <Link className={styles.chip} href={`/workspaces${listQuery(filter, { state })}`} prefetch={false} scroll={false} aria-current={filter.state === state ? 'true' : undefined}>
        {name} <strong>{countText(count)}</strong>
      </Link>
    </li>
  );
  return (
    <nav aria-label="By state">
      <ul className={styles.chips}>
        {chip(null, 'all', all)}
        {STATES.map((state) => chip(state, state, page.byState[state]))}
      </ul>
    </nav>
  );
}

function NoMatch({ filter }: { filter: ListFilter }): ReactNode {
  return (
    <Empty title={filter.page > 1 ? 'There are fewer pages now.' : 'No workspace matches.'}>
      <p>{isNarrowed(filter) ? <Link href="/workspaces">Show all workspaces</Link> : <Link href="/workspaces">Go to the first page</Link>}</p>
    </Empty>
  );
}

function NoWorkspaces(): ReactNode {
  return (
    <Empty title="There are no workspaces yet.">
      <p>Add the first one, or a whole file of them, where the app is installed:</p>
      <pre>{`npm run workspaces -- add --agency acme --name "Acme, sales" --url https://calendly.com/acme/intro --zone America/New_York
npm run workspaces -- import workspaces.csv`}</pre>
      <p>The next sweep, within a minute, reads their calendars.</p>
    </Empty>
  );
}
