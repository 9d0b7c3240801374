/** One workspace: how it stands and what to do, its window, its history, what is configured, and what was offered. */
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import type { ReactNode } from 'react';
import { WorkspaceNotFoundError } from '@/lib/availability-cache';
import { consoleContext, CONSOLE_STATEMENT_TIMEOUT_MS, readWindow, readWorkspaceDetails, slotMapOf, type WorkspaceDetails } from '@/lib/console';
import { previewFirstTouch, processFirstTouchContext } from '@/lib/emailbison-first-touch-availability';
import { env } from '@/lib/env';
import { listFollowUps } from '@/lib/followups';
import { readHours, readTransitions } from '@/lib/history';
import { listAudit } from '@/lib/operator';
import { listOffers } from '@/lib/slots/offers';
import { StateBadge } from '../../_components/badges';
import { ConfirmButton } from '../../_components/confirm-button';
import { Empty } from '../../_components/empty';
import { PageHead } from '../../_components/page-head';
import { Panel } from '../../_components/panel';
import { Problem } from '../../_components/problem';
import { pageTime, requireOperator } from '../../_server/operator';
import { readOrLog } from '../../_server/read-or-log';
import { PROVIDER_NAMES } from '../_components/names';
import { pauseAction, resumeAction } from '../_server/actions';
import { Configuration } from './_components/configuration';
import { HeatMap } from './_components/heat-map';
import { History } from './_components/history';
import { FirstTouchText, Meta } from './_components/texts';
import { Deeds, Offers } from './_components/records';
import { RefreshNow } from './_components/refresh-now';
import { Standing } from './_components/standing';
import styles from './workspace.module.css';

export const metadata: Metadata = { title: 'Workspace' };

const SHOWN = { transitions: 25, offers: 25, followUps: 10, audit: 15 };
/** Three days of hours fit a phone. */
const HISTORY_HOURS = 72;

export default async function WorkspacePage({ params }: { params: Promise<{ id: string }> }): Promise<ReactNode> {
  await requireOperator();
  const id = decodeURIComponent((await params).id);
  const { db, maxAgeMs } = consoleContext();
  const timeoutMs = CONSOLE_STATEMENT_TIMEOUT_MS;
  // Not in a panel of its own: whether the workspace exists decides what page this is.
  const read = await readOrLog('The workspace', readWorkspaceDetails(db, id, { maxAgeMs, timeoutMs }));
  if (read === null) return <><PageHead title="A workspace" /><Problem what="The workspace" /></>;
  const one = read.data;
  if (!one) notFound();
  const { configuration } = one;
  return (
    <>
      <PageHead title={one.name} readAt={pageTime()}>
        <StateBadge state={one.state} />
        <span className="faint">
          {one.agencyId === null ? 'no agency' : <Link href={`/workspaces?agency=${encodeURIComponent(one.agencyId)}`}>{one.agencyName ?? one.agencyId}</Link>}
          {' · '}{one.provider === null ? 'no link' : PROVIDER_NAMES[one.provider]}
        </span>
      </PageHead>
      <Standing one={one} />
      <div className={styles.actions}>
        <RefreshNow workspaceId={id} />
        <PauseButton one={one} />
        <Link className="button" href={`/why-not?workspace=${encodeURIComponent(id)}`}>Why not?</Link>
        {configuration.url !== null && <a className="button" href={configuration.url} target="_blank" rel="noreferrer noopener">Booking page ↗</a>}
      </div>
      <div className={styles.columns}>
        <div className="stack">
          <Panel title="Next 30 days" aside={<span>{configuration.timezone}</span>} read={() => readWindow(db, id, { lookaheadDays: env().AVAILABILITY_LOOKAHEAD_DAYS, timeoutMs })}>
            {(window) => (window === null ? null : <HeatMap map={slotMapOf(window)} workspaceId={id} isGivenOut={one.state === 'fresh' || one.state === 'stale'} />)}
          </Panel>
          <Panel title="Offers and follow-ups" read={async () => await Promise.all([listOffers(db, id, { limit: SHOWN.offers }), listFollowUps(db, id, { limit: SHOWN.followUps })])}>
            {([offers, followUps]) => <Offers offers={offers} followUps={followUps} zone={configuration.timezone} now={one.now} />}
          </Panel>
        </div>
        <div className="stack">
          <Panel title="History" read={async () => await Promise.all([readTransitions(db, id, { limit: SHOWN.transitions }), readHours(db, id, HISTORY_HOURS)])}>
            {([transitions, hours]) => <History transitions={transitions} hours={hours} now={one.now} zone={configuration.timezone} span={HISTORY_HOURS} />}
          </Panel>
          <section className="panel" aria-label="Configuration" id="configuration">
            <div className="panel-head"><h2>Configuration</h2></div>
            <Configuration workspaceId={id} provider={one.provider} configuration={configuration} needsChoice={one.errorKind === 'ambiguous_link'} />
          </section>
          <Panel title="First touch, now" read={() => previewOf(id)}>
            {(preview) => (preview === null ? <Empty title="The workspace was just removed." /> : <FirstTouchText preview={preview} isOn={configuration.firstTouch.isOn} />)}
          </Panel>
          <section className="panel" aria-label="What the provider says">
            <div className="panel-head"><h2>What the provider says</h2></div>
            <Meta one={one} />
          </section>
          <Panel title="Done by operators" aside={<Link href={`/audit?subject=${encodeURIComponent(id)}`}>All of it</Link>} read={() => listAudit(db, { subject: id }, SHOWN.audit)}>
            {(entries) => <Deeds entries={entries} now={one.now} />}
          </Panel>
        </div>
      </div>
    </>
  );
}

function PauseButton({ one }: { one: WorkspaceDetails }): ReactNode {
  const ids = <input type="hidden" name="ids" value={JSON.stringify([one.id])} />;
  if (one.configuration.pausedAt !== null) {
    return <ConfirmButton title={`Resume ${one.name}?`} confirm="Resume" fields={ids} action={resumeAction} what="The next sweep reads its calendar.">Resume</ConfirmButton>;
  }
  return (
    <ConfirmButton title={`Pause ${one.name}?`} confirm="Pause" fields={ids} action={pauseAction} what="No sweep, no offers and no alarms until it is resumed. Readers are told that it is paused and get no times.">
      Pause
    </ConfirmButton>
  );
}

/** Null: it was removed while the page was made. */
async function previewOf(id: string) {
  try {
    return await previewFirstTouch(processFirstTouchContext(), id);
  } catch (error) {
    if (error instanceof WorkspaceNotFoundError) return null;
    throw error;
  }
}
