/** What holds the whole app, or part of it, up: above everything else on the overview. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { plural, type Standings, type SweepHealth } from '@/lib/console';
import { Ago } from '../_components/time';
import { ProviderText } from '../_components/provider-text';

export function SweepBanner({ sweeps }: { sweeps: SweepHealth }): ReactNode {
  const { disabledBy, isLate, lastGoodAt, now, last } = sweeps;
  if (disabledBy !== null) {
    return (
      <div className="banner bad" role="alert">
        <strong>The sweep is off.</strong>
        <p><code>{disabledBy}</code> is 0, which turns it off. Unset it and start the app again: it limits the workspaces of a run, and no limit is needed.</p>
      </div>
    );
  }
  if (isLate) {
    return (
      <div className="banner bad" role="alert">
        <strong>No good sweep {lastGoodAt === null ? 'yet' : <>since <Ago at={lastGoodAt} now={now} /></>}.</strong>
        <p>{last === null || last.outcome === 'good' ? 'None has ended since: check that the cron calls the app, and that runs end.' : <>The last one was not good: <Link href={`/runs/${last.runId}`} prefetch={false}>see what it did</Link>.</>}</p>
      </div>
    );
  }
  return null;
}

export function PauseBanner({ standings }: { standings: Standings }): ReactNode {
  const { pausedAgencies, pausedProviders, workspaces, now } = standings;
  const paused = workspaces.filter(({ pausedBy }) => pausedBy === 'workspace').length;
  if (pausedAgencies.length + pausedProviders.length + paused === 0) return null;
  return (
    <div className="banner off" role="note">
      <strong>Paused: no sweep, no offers, no alarms.</strong>
      <ul>
        {pausedProviders.map(({ provider, pausedAt }) => <li key={provider}>All of <Link href={`/workspaces?provider=${provider}`} prefetch={false}><ProviderText provider={provider} /></Link>, <Ago at={pausedAt} now={now} /></li>)}
        {pausedAgencies.map(({ id, name, pausedAt }) => <li key={id}>Agency <Link href={`/workspaces?agency=${encodeURIComponent(id)}`} prefetch={false}>{name}</Link>, <Ago at={pausedAt} now={now} /></li>)}
        {paused > 0 && <li><Link href="/workspaces?state=paused" prefetch={false}>{plural(paused, 'workspace')}</Link> by itself</li>}
      </ul>
    </div>
  );
}
