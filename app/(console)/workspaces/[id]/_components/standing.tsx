import type { ReactNode } from 'react';
import { adviceFor, ageText, countText, relativeText, type WorkspaceDetails } from '@/lib/console';
import { Figure, Figures } from '../../../_components/figures';
import { Ago } from '../../../_components/time';
import { ConfirmButton } from '../../../_components/confirm-button';
import { switchAction } from '../../_server/actions';

const TONES = { misconfigured: 'warn', unavailable: 'bad', empty: 'info', paused: 'off' } as const;

/** How it stands, why, and what to do; then the figures. */
export function Standing({ one }: { one: WorkspaceDetails }): ReactNode {
  const { now } = one;
  return (
    <>
      {(one.state === 'fresh' || one.state === 'stale') ? (one.lastError !== null && <Trouble tone="info" what={`Its last reading failed; the times before it are still good. ${one.lastError}`} advice={adviceOf(one)} />)
        : <Trouble tone={TONES[one.state]} what={one.reason ?? ''} advice={adviceOf(one)}>{one.state === 'paused' && one.pausedBy !== 'workspace' && <Resume one={one} />}</Trouble>}
      <section className="panel" aria-label="Freshness">
        <Figures>
          <Figure name="Age" tone={one.state === 'unavailable' ? 'bad' : 'plain'} note={<Ago at={one.succeededAt} now={now} never="never read" />}>{one.ageMs === null ? '–' : ageText(one.ageMs)}</Figure>
          <Figure name="Slots" note={one.changedAt === null ? 'none read yet' : <>changed <Ago at={one.changedAt} now={now} /></>}>{countText(one.slotCount)}</Figure>
          <Figure name="Next due" note={one.retryAt !== null && one.retryAt > now ? 'waits after a failure' : 'read by every sweep'}>{one.dueAt === null ? '–' : one.dueAt <= now ? 'next sweep' : relativeText(one.dueAt, now)}</Figure>
          <Figure name="Last attempt" tone={one.lastError === null ? 'plain' : 'warn'} note={one.isClaimed ? 'being read now' : one.lastAttemptAt === null ? 'not tried yet' : one.lastError === null ? 'it succeeded' : 'it failed'}><Ago at={one.lastAttemptAt} now={now} /></Figure>
          <Figure name="Failures in a row" tone={one.consecutiveFailures > 0 ? 'warn' : 'plain'}>{countText(one.consecutiveFailures)}</Figure>
        </Figures>
      </section>
    </>
  );
}

function Trouble({ tone, what, advice, children }: { tone: 'warn' | 'bad' | 'info' | 'off'; what: string; advice: string | null; children?: ReactNode }): ReactNode {
  return (
    <section className={`banner ${tone}`} aria-label="What is the matter">
      <p className="break"><strong>{what}</strong></p>
      {advice !== null && <p>{advice}{tone === 'warn' && <> <a href="#configuration">Go to the configuration</a></>}</p>}
      {children}
    </section>
  );
}

/** What a person can do about it; null: nothing needs doing. */
function adviceOf(one: WorkspaceDetails): string | null {
  if (one.state === 'paused') return null;
  if (one.configuration.url === null) return adviceFor('no_link') ?? null;
  if (one.errorKind !== null && one.lastError !== null) return adviceFor(one.errorKind) ?? null;
  if (one.state === 'unavailable') return adviceFor(one.ageMs === null || one.reason?.includes('configuration changed') === true ? 'not_read_yet' : 'behind') ?? null;
  return one.state === 'empty' ? 'If the calendar should have open times, look at its booking page: its hours, its notice and its limits a day are set there.' : null;
}

function Resume({ one }: { one: WorkspaceDetails }): ReactNode {
  const isAgency = one.pausedBy === 'agency';
  const name = isAgency ? (one.agencyName ?? one.agencyId ?? '') : (one.provider ?? '');
  const fields = (
    <>
      <input type="hidden" name="scope" value={isAgency ? 'agency' : 'provider'} />
      <input type="hidden" name="id" value={(isAgency ? one.agencyId : one.provider) ?? ''} />
      <input type="hidden" name="isPaused" value="false" />
    </>
  );
  return <ConfirmButton title={`Resume ${name}?`} confirm="Resume" fields={fields} action={switchAction} what={isAgency ? 'All workspaces of this agency are read again by the next sweep.' : "All this provider's calendars, of every agency, are read again by the next sweep."}>Resume {name}</ConfirmButton>;
}
