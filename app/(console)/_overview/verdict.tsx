/** The answer, before anything else: is every calendar fresh, and if not, what is the matter? */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { ageText, countText, plural, shareText, type Freshness, type SweepHealth } from '@/lib/console';
import { Distribution, Figure, Figures } from '../_components/figures';
import { Empty } from '../_components/empty';

export function Verdict({ freshness, sweeps, maxAgeMs }: { freshness: Freshness; sweeps: SweepHealth | null; maxAgeMs: number }): ReactNode {
  const { counted, within1Min, within5Min, withinLimit, overLimit, neverRead, byState, oldest, medianAgeMs, workspaces } = freshness;
  if (workspaces === 0) {
    return (
      <Empty title="There are no workspaces yet.">
        <p>Add the first one, with its booking link; the next sweep reads its calendar:</p>
        <pre><code>npm run workspaces -- add --agency acme --name &quot;Acme, sales&quot; --url https://calendly.com/acme/intro --zone America/New_York</code></pre>
        <p>or a whole list: <code>npm run workspaces -- import workspaces.csv</code></p>
      </Empty>
    );
  }
  const limit = ageText(maxAgeMs);
  const behind = counted - within5Min;
  const { tone, text } = answerOf(freshness, sweeps);
  return (
    <div className="verdict">
      <p className={`verdict-text ${tone}-text`}><span aria-hidden="true">{tone === 'good' ? '●' : tone === 'warn' ? '▲' : '✕'}</span> {text}</p>
      <div className="verdict-body">
        <Figures>
          <Figure big name="read within 5 min" tone={behind === 0 ? 'good' : overLimit + neverRead > 0 ? 'bad' : 'warn'} note={`${countText(within5Min)} of ${countText(counted)}`}>{shareText(within5Min, counted)}</Figure>
        </Figures>
        <Figures>
          <Figure name="within 60 s" note={`${countText(within1Min)} of ${countText(counted)}`}>{shareText(within1Min, counted)}</Figure>
          <Figure name={`within the limit of ${limit}`} note={`${countText(withinLimit)} of ${countText(counted)}`}>{shareText(withinLimit, counted)}</Figure>
          <Figure name="oldest" tone={oldest !== null && oldest.ageMs > maxAgeMs ? 'bad' : 'plain'} note={oldest === null ? undefined : <Link href={`/workspaces/${oldest.workspaceId}`} prefetch={false}>{oldest.name}</Link>}>{oldest === null ? '–' : ageText(oldest.ageMs)}</Figure>
          <Figure name="in the middle" note="half are younger">{medianAgeMs === null ? '–' : ageText(medianAgeMs)}</Figure>
        </Figures>
      </div>
      <Distribution
        label="Workspaces by the age of their last good reading"
        parts={[
          { name: '60 s', count: within1Min, tone: 'good' },
          { name: '5 min', count: within5Min - within1Min, tone: 'soft' },
          { name: `up to ${limit}`, count: Math.max(0, withinLimit - within5Min), tone: 'warn' },
          { name: 'older, not offered', count: overLimit, tone: 'bad' },
          { name: 'never read', count: neverRead, tone: 'bad', href: '/workspaces?state=unavailable' },
          { name: 'need a person', count: byState.misconfigured, tone: 'info', href: '/workspaces?state=misconfigured' },
          { name: 'paused', count: byState.paused, tone: 'off', href: '/workspaces?state=paused' },
        ]}
      />
    </div>
  );
}

function answerOf(freshness: Freshness, sweeps: SweepHealth | null): { tone: 'good' | 'warn' | 'bad'; text: string } {
  const { counted, within5Min, overLimit, neverRead, byState } = freshness;
  const [behind, gone, needPerson] = [counted - within5Min, overLimit + neverRead, byState.misconfigured];
  if (sweeps?.disabledBy != null) return { tone: 'bad', text: 'No: the sweep is off, and every calendar gets older.' };
  const repair = needPerson === 0 ? '' : needPerson === 1 ? ' 1 needs a person.' : ` ${countText(needPerson)} need a person.`;
  if (gone > 0) return { tone: 'bad', text: `No: ${plural(gone, 'calendar is', 'calendars are')} too old to offer, or never read.${repair}` };
  if (behind > 0) return { tone: 'warn', text: `Nearly: ${plural(behind, 'calendar is', 'calendars are')} more than 5 minutes old, and still offered.${repair}` };
  if (needPerson > 0) return { tone: 'warn', text: `All that can be read are fresh; ${plural(needPerson, 'workspace needs', 'workspaces need')} a person.` };
  if (counted === 0) return { tone: 'warn', text: 'Every workspace is paused: nothing is read.' };
  return { tone: 'good', text: 'Yes: every calendar is fresh.' };
}
