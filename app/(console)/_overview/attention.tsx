/** What only a person can end: links and tokens to repair, sends of unknown end, sentences that did not reach their email. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { adviceFor, countText, kindText, plural, type Attention, type Standing, type Standings, type Waiting } from '@/lib/console';
import { Empty } from '../_components/empty';
import { ProviderText } from '../_components/provider-text';
import { Ago } from '../_components/time';

const SHOWN = 6;

export function NeedsPerson({ standings, attention }: { standings: Standings; attention: Attention }): ReactNode {
  const broken = standings.workspaces.filter(({ state }) => state === 'misconfigured');
  const isToken = ({ errorKind, hasCredential }: Standing): boolean => errorKind === 'unauthorized' && hasCredential;
  const [tokens, others] = [broken.filter(isToken), broken.filter((standing) => !isToken(standing))];
  const { unknownSends, notRendered, firstTouchErrors } = attention;
  if (broken.length + unknownSends.length + notRendered.length + firstTouchErrors.length === 0) {
    return <Empty title="Nothing waits for a person."><p>Links, tokens and sends are all in order.</p></Empty>;
  }
  return (
    <div className="stack">
      <Repairs title="Tokens that are refused" standings={tokens} />
      <Repairs title="Calendars to repair" standings={others} />
      <Counted title="Sends that may have gone out" what="Look into the mailbox, then say which: sent, or not." waiting={unknownSends} now={standings.now} />
      <Counted title="Offers that their email does not carry" what="The campaign's text lacks the variable, or the email was scheduled before it was written." waiting={notRendered} now={standings.now} />
      {firstTouchErrors.length > 0 && (
        <section>
          <h3>First touch that cannot work</h3>
          <ul className="attention">
            {firstTouchErrors.map(({ workspaceId, name, visitedAt, message }) => <li key={workspaceId}><Link href={`/workspaces/${workspaceId}`} prefetch={false}>{name}</Link> <Ago at={visitedAt} now={standings.now} /><div className="small faint">{message}</div></li>)}
          </ul>
        </section>
      )}
    </div>
  );
}

function Repairs({ title, standings }: { title: string; standings: Standing[] }): ReactNode {
  if (standings.length === 0) return null;
  return (
    <section>
      <h3>{title} <span className="faint">{countText(standings.length)}</span></h3>
      <ul className="attention">
        {standings.slice(0, SHOWN).map(({ workspaceId, name, provider, errorKind }) => (
          <li key={workspaceId}>
            <Link href={`/workspaces/${workspaceId}`} prefetch={false}>{name}</Link> <span className="faint">{provider === null ? 'no link' : <><ProviderText provider={provider} />, {kindText(errorKind ?? 'misconfigured')}</>}</span>
            <div className="small faint">{adviceFor(errorKind ?? 'no_link')}</div>
          </li>
        ))}
      </ul>
      {standings.length > SHOWN && <p className="small"><Link href="/workspaces?state=misconfigured" prefetch={false}>All {countText(standings.length)}</Link></p>}
    </section>
  );
}

function Counted({ title, what, waiting, now }: { title: string; what: string; waiting: Waiting[]; now: number }): ReactNode {
  if (waiting.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <p className="small faint">{what}</p>
      <ul className="attention">
        {waiting.map(({ workspaceId, name, count, since }) => <li key={workspaceId}><Link href={`/workspaces/${workspaceId}`} prefetch={false}>{name}</Link> <span className="faint">{plural(count, 'message')}, the first <Ago at={since} now={now} /></span></li>)}
      </ul>
    </section>
  );
}
