import type { ReactNode } from 'react';
import type { WorkspaceDetails } from '@/lib/console';
import type { FirstTouchPreview } from '@/lib/emailbison-first-touch-availability';
import { Empty } from '../../../_components/empty';
import { Ago } from '../../../_components/time';
import styles from '../workspace.module.css';

/** What a lead would be sent now. */
export function FirstTouchText({ preview, isOn }: { preview: FirstTouchPreview; isOn: boolean }): ReactNode {
  return (
    <div className="stack">
      {preview.sentence === null ? <p className="bad-text">{preview.reason ?? 'Nothing could be sent.'}</p> : <blockquote className={styles.quote}>{preview.sentence}</blockquote>}
      {preview.content === 'fallback' && <p className="warn-text">Without times: {preview.reason}</p>}
      <p className="faint small">{isOn ? 'To a lead that nothing is known of, if the email went out now.' : 'First touch is off: this is what it would say.'} Times in {preview.zone}.</p>
    </div>
  );
}

/** What the provider told besides slots. */
export function Meta({ one }: { one: WorkspaceDetails }): ReactNode {
  const { meta, now } = one;
  if (meta === null) return <Empty title="Nothing yet."><p>It is learned with the first reading.</p></Empty>;
  const facts: [string, ReactNode][] = [
    ['Calendar', meta.resolvedId === undefined ? null : <code>{meta.resolvedId}</code>],
    ['Read through', meta.via === 'official' ? 'the official API' : 'the public booking page'],
    ['Zone of the page', meta.zone],
    ['Meeting length', lengthsOf(meta)],
    ['Resolved', meta.resolvedAt === undefined ? null : <Ago at={meta.resolvedAt} now={now} />],
    ['From', meta.resolvedFrom],
  ];
  return (
    <dl className={styles.facts}>
      {facts.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} is`}>{value}</dd>])}
    </dl>
  );
}

function lengthsOf({ durationMinutes, durationsMinutes }: NonNullable<WorkspaceDetails['meta']>): string | undefined {
  if (durationsMinutes !== undefined && durationsMinutes.length > 0) return `${durationsMinutes.join(', ')} min on offer`;
  return durationMinutes === undefined ? undefined : `${String(durationMinutes)} min`;
}
