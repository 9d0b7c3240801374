/** The overview: is every calendar fresh, and if not, whose and why? */
import Link from 'next/link';
import type { Metadata } from 'next';
import { Suspense, type ReactNode } from 'react';
import { choiceOf, consoleContext, freshnessOf, hrefWith, readAlarms, readAttention, readHosts, readStandings, readSweeps, type SearchParams, type SweepHealth } from '@/lib/console';
import { AlarmList } from './_components/alarm-list';
import { Empty } from './_components/empty';
import { PageHead } from './_components/page-head';
import { Panel } from './_components/panel';
import { Agencies } from './_overview/agencies';
import { PauseBanner, SweepBanner } from './_overview/banners';
import { Causes } from './_overview/causes';
import { NeedsPerson } from './_overview/attention';
import { Providers } from './_overview/providers';
import { LastSweep, SweepHistory } from './_overview/sweeps';
import { Verdict } from './_overview/verdict';
import { pageTime, requireOperator } from './_server/operator';

export const metadata: Metadata = { title: 'Overview' };

const HOURS = ['1', '3', '6'] as const;
const ALARMS_SHOWN = 6;

export default async function OverviewPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const params = await searchParams;
  const hours = choiceOf(params, 'hours', HOURS, '3');
  const context = consoleContext();
  // Each is read once, by the first part of the page that wants it; a part whose reading fails says so in its place.
  const standings = once(() => readStandings(context));
  const sweeps = once(() => readSweeps(context, Number(hours)));
  const freshness = once(async () => freshnessOf(await standings(), context.maxAgeMs));
  return (
    <>
      <PageHead title="Overview" readAt={pageTime()} />
      <Suspense><Banner read={async () => <SweepBanner sweeps={await sweeps()} />} /></Suspense>
      <Suspense><Banner read={async () => <PauseBanner standings={await standings()} />} /></Suspense>
      <Panel wide title="Is every calendar fresh?" read={async () => ({ freshness: await freshness(), sweeps: await orNull(sweeps) })}>
        {(data) => <Verdict {...data} maxAgeMs={context.maxAgeMs} />}
      </Panel>
      <Panel title="If not, whose and why?" read={async () => ({ freshness: await freshness(), agencyNames: (await standings()).agencyNames })}>
        {(data) => <Causes {...data} />}
      </Panel>
      <Panel title="Open alarms" aside={<Link href="/alarms" prefetch={false}>All</Link>} read={() => readAlarms(context, 'open', 1, ALARMS_SHOWN)}>
        {({ alarms, now, total }) => (total === 0
          ? <Empty title="No alarm is open."><p>They are looked for by <code>/api/cron/watch</code>.</p></Empty>
          : <><AlarmList alarms={alarms} now={now} />{total > ALARMS_SHOWN && <p className="small"><Link href="/alarms" prefetch={false}>All {total}</Link></p>}</>)}
      </Panel>
      <Panel title="Last sweep" read={sweeps}>{(data) => <LastSweep sweeps={data} />}</Panel>
      <Panel
        title="Sweeps"
        aside={<nav aria-label="Hours shown" className="row">{HOURS.map((choice) => <Link key={choice} href={hrefWith('/', params, { hours: choice === '3' ? null : choice })} scroll={false} prefetch={false} aria-current={choice === hours ? 'true' : undefined}>{choice} h</Link>)}</nav>}
        read={sweeps}
      >
        {(data) => <SweepHistory sweeps={data} budgetMs={context.timeBudgetMs} />}
      </Panel>
      <div className="grid">
        <Panel title="Agencies, the most behind first" read={async () => ({ freshness: await freshness(), agencyNames: (await standings()).agencyNames })}>
          {(data) => <Agencies {...data} />}
        </Panel>
        <div className="stack">
          <Panel title="Providers" read={async () => ({ standings: await standings(), sweeps: await sweeps(), hosts: await readHosts(context) })}>
            {(data) => <Providers {...data} />}
          </Panel>
          <Panel title="What needs a person" read={async () => ({ standings: await standings(), attention: await readAttention(context) })}>
            {(data) => <NeedsPerson {...data} />}
          </Panel>
        </div>
      </div>
    </>
  );
}

/** A banner that cannot be read is left out: the panel of the same reading says what failed. */
async function Banner({ read }: { read: () => Promise<ReactNode> }): Promise<ReactNode> {
  return await read().catch(() => null);
}

function orNull(read: () => Promise<SweepHealth>): Promise<SweepHealth | null> {
  return read().catch(() => null);
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => (promise ??= read());
}
