/** Why not? A workspace and a time: whether the time is offered, and if not why, with the run that knows. */
import type { Metadata } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { WorkspaceNotFoundError } from '@/lib/availability-cache';
import { consoleContext, hrefWith, paramOf, type SearchParams } from '@/lib/console';
import { env } from '@/lib/env';
import { explainTime, TimeInputError, type WhyNot, type WhyNotCode } from '@/lib/why-not';
import { findWorkspaces } from '@/lib/workspaces';
import { Badge } from '../_components/badges';
import { Empty } from '../_components/empty';
import { PageHead } from '../_components/page-head';
import { Panel } from '../_components/panel';
import { requireOperator } from '../_server/operator';
import styles from './why-not.module.css';

export const metadata: Metadata = { title: 'Why not?' };

export default async function WhyNotPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  await requireOperator();
  const params = await searchParams;
  const [workspace, at] = [paramOf(params, 'workspace'), paramOf(params, 'at')];
  return (
    <>
      <PageHead title="Why not?" />
      <section className="panel stack" aria-label="The time in question">
        <form action="/why-not" className="filters" role="search">
          <label className="field grow">Workspace
            <input name="workspace" required defaultValue={workspace ?? ''} placeholder="Its name, or its id or the beginning of it" autoComplete="off" spellCheck={false} />
          </label>
          <label className="field">Time, on its own clock
            <input type="datetime-local" name="at" required defaultValue={at ?? ''} step={60} />
          </label>
          <button type="submit" className="button primary">Ask</button>
        </form>
      </section>
      {workspace !== undefined && at !== undefined && (
        <Panel title="Answer" read={() => answerTo(workspace, at)}>
          {(answer) => <Answer answer={answer} params={params} />}
        </Panel>
      )}
      {(workspace === undefined || at === undefined) && (
        <section className="panel" aria-label="How to ask">
          <Empty title="Enter a workspace and a time.">
            <p>It says whether that time is offered, and if not why: it is past, booked, offered already, outside working hours, never returned by the provider, or not known well enough.</p>
            <p>From <Link href="/workspaces">a workspace&rsquo;s page</Link> it is filled in for you.</p>
          </Empty>
        </section>
      )}
    </>
  );
}

type Answered = { kind: 'verdict'; why: WhyNot } | { kind: 'several'; found: { id: string; name: string; userId: string | null }[] } | { kind: 'nobody'; asked: string } | { kind: 'no_time'; message: string };

async function answerTo(asked: string, at: string): Promise<Answered> {
  const { db, maxAgeMs } = consoleContext();
  const [one, ...others] = await findWorkspaces(db, asked);
  if (!one) return { kind: 'nobody', asked };
  if (others.length > 0) return { kind: 'several', found: [one, ...others] };
  try {
    return { kind: 'verdict', why: await explainTime(db, one.id, at, { maxAgeMs, lookaheadDays: env().AVAILABILITY_LOOKAHEAD_DAYS }) };
  } catch (error) {
    if (error instanceof TimeInputError) return { kind: 'no_time', message: error.message };
    if (error instanceof WorkspaceNotFoundError) return { kind: 'nobody', asked };
    throw error;
  }
}

function Answer({ answer, params }: { answer: Answered; params: SearchParams }): ReactNode {
  if (answer.kind === 'no_time') return <p className="bad-text">{answer.message}</p>;
  if (answer.kind === 'nobody') return <Empty title={`There is no workspace “${answer.asked}”.`}><p><Link href={`/workspaces?q=${encodeURIComponent(answer.asked)}`}>Search for it in the list</Link></p></Empty>;
  if (answer.kind === 'verdict') return <Verdict why={answer.why} params={params} />;
  return (
    <Empty title="Several workspaces are called so. Which one?">
      <ul className="stack">
        {answer.found.map((one) => <li key={one.id}><Link href={hrefWith('/why-not', params, { workspace: one.id })}>{one.name}</Link> <span className="faint">{one.userId ?? 'no agency'} · {one.id.slice(0, 8)}</span></li>)}
      </ul>
    </Empty>
  );
}

/** What each verdict is called; the sentence beside it says the rest. */
const WORDS: Record<WhyNotCode, string> = {
  past: 'past', outside_window: 'beyond the window', paused: 'paused', misconfigured: 'misconfigured', unavailable: 'not known well enough',
  booked: 'booked', disappeared: 'no longer open', not_on_grid: 'no start of a meeting', never_returned: 'not open at the provider',
  outside_working_hours: 'outside working hours', weekend: 'weekend', short_notice: 'too soon', already_offered: 'already offered', open: 'open',
};

function Verdict({ why, params }: { why: WhyNot; params: SearchParams }): ReactNode {
  const near = (iso: string): ReactNode => <Link href={hrefWith('/why-not', params, { workspace: why.workspaceId, at: localInput(iso, why.timezone) })}>{localText(iso, why.timezone)}</Link>;
  return (
    <div className="stack">
      <p className={styles.question}>
        <Link href={`/workspaces/${encodeURIComponent(why.workspaceId)}`}>{why.name}</Link>, {localText(why.at, why.timezone)} <span className="faint">{why.timezone}</span>
      </p>
      {why.note !== null && <p className="warn-text">{why.note}</p>}
      <p className={styles.verdict}><Badge tone={why.isOffered ? 'good' : why.isOpen ? 'info' : 'bad'} mark={why.isOffered ? '✓' : why.isOpen ? '–' : '✕'}>{WORDS[why.code]}</Badge> <span>{why.sentence}</span></p>
      <dl className={styles.facts}>
        <dt>Nearest open times</dt>
        <dd>{why.nearestBefore === null && why.nearestAfter === null ? 'There is none.' : <>{why.nearestBefore === null ? 'none before' : <>before: {near(why.nearestBefore)}</>}{' · '}{why.nearestAfter === null ? 'none after' : <>after: {near(why.nearestAfter)}</>}</>}</dd>
        <dt>The run that knows</dt>
        <dd>{why.runId === null ? <span className="faint">No sweep; it follows from what is stored.</span> : <Link href={`/runs/${why.runId}`}>{why.runId.slice(0, 8)}</Link>}</dd>
        <dt>The calendar</dt>
        <dd>{why.state}, {why.asOf === null ? 'never read' : `as of ${why.asOf.slice(0, 19).replace('T', ' ')} UTC`}</dd>
        <dt>In UTC</dt>
        <dd>{why.at.slice(0, 16).replace('T', ' ')}</dd>
      </dl>
    </div>
  );
}

function localText(iso: string, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** As a datetime-local input has it; sv-SE writes dates so. */
function localInput(iso: string, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(iso)).replace(' ', 'T');
}
