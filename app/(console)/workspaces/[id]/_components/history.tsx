import { DateTime } from 'luxon';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText, kindText, lengthText, plural, shareText } from '@/lib/console';
import type { HourSummary, Transition } from '@/lib/history';
import { Badge } from '../../../_components/badges';
import { Empty } from '../../../_components/empty';
import { Figure, Figures } from '../../../_components/figures';
import { Ago } from '../../../_components/time';
import styles from '../workspace.module.css';

const HOUR_MS = 3_600_000;
/** Times that a change's line names. */
const SHOWN_TIMES = 6;

interface HistoryProps {
  /** Newest first. */
  transitions: Transition[];
  /** Oldest first; hours without a refresh are left out. */
  hours: HourSummary[];
  now: number;
  zone: string;
  /** How many hours the strip shows. */
  span: number;
}

export function History({ transitions, hours, now, zone, span }: HistoryProps): ReactNode {
  if (transitions.length === 0 && hours.length === 0) {
    return <Empty title="Nothing has happened yet."><p>Every hour of refreshes and every change appears here: times that came and went, failures and recoveries.</p></Empty>;
  }
  return (
    <div className="stack">
      <Hours hours={hours} now={now} span={span} />
      <h3>What changed</h3>
      {transitions.length === 0 ? <p className="faint">No change and no failure so far.</p> : (
        <ol className={styles.events} tabIndex={0} aria-label="Changes, newest first">
          {transitions.map((one) => <li key={one.id}><Ago at={Date.parse(one.at)} now={now} /><Event one={one} zone={zone} /></li>)}
        </ol>
      )}
    </div>
  );
}

function Hours({ hours, now, span }: { hours: HourSummary[]; now: number; span: number }): ReactNode {
  const refreshes = sumOf(hours, 'refreshes');
  const failures = sumOf(hours, 'failures');
  const latency = hours.reduce((sum, one) => sum + (one.meanLatencyMs ?? 0) * one.refreshes, 0) / Math.max(1, refreshes);
  const byHour = new Map(hours.map((one) => [Math.floor(Date.parse(one.hour) / HOUR_MS), one]));
  const last = Math.floor(now / HOUR_MS);
  const slowest = Math.max(1, ...hours.map((one) => one.meanLatencyMs ?? 0));
  return (
    <>
      <Figures>
        <Figure name={`Refreshes in ${String(span)} h`}>{countText(refreshes)}</Figure>
        <Figure name="Failed" tone={failures > 0 ? 'warn' : 'plain'} note={shareText(failures, refreshes)}>{countText(failures)}</Figure>
        <Figure name="With a change">{countText(sumOf(hours, 'changes'))}</Figure>
        <Figure name="Mean answer time">{refreshes === 0 ? '–' : lengthText(latency)}</Figure>
      </Figures>
      <div>
        <div className={styles.strip} role="img" aria-label={`Each hour's mean answer time over ${String(span)} hours; ${plural(hours.filter((one) => one.failures > 0).length, 'hour')} with failures`}>
          {Array.from({ length: span }, (_, i) => {
            const one = byHour.get(last - span + 1 + i);
            if (!one) return <span key={i} style={{ height: '4%' }} />;
            const tone = one.failures === 0 ? styles.good : one.failures < one.refreshes ? styles.some : styles.all;
            const height = Math.max(8, Math.round(((one.meanLatencyMs ?? 0) / slowest) * 100));
            return <span key={i} className={tone} style={{ height: `${String(height)}%` }} title={`${one.hour.slice(0, 16).replace('T', ' ')} UTC: ${plural(one.refreshes, 'refresh', 'refreshes')}, ${countText(one.failures)} failed, ${countText(one.changes)} changed, ${lengthText(one.meanLatencyMs ?? 0)}`} />;
          })}
        </div>
        <p className={styles.axis}><span>{String(span)} h ago</span><span>height: answer time · green: all good · amber: some failed · red: all failed</span><span>now</span></p>
      </div>
    </>
  );
}

function Event({ one, zone }: { one: Transition; zone: string }): ReactNode {
  const run = one.runId === null ? null : <> <Link className="small" href={`/runs/${one.runId}`} prefetch={false}>run</Link></>;
  if (one.kind === 'failed') return <div><Badge tone="bad" mark="✕">{kindText(one.errorKind ?? 'failed')}</Badge>{run}{one.message !== null && <p className="break">{one.message}</p>}</div>;
  if (one.kind === 'recovered') return <div><Badge tone="good" mark="✓">recovered</Badge> <span className="faint">after {plural(one.failures ?? 1, 'failure')}{one.errorKind !== null && ` (${kindText(one.errorKind)})`}</span>{run}</div>;
  const [added, removed] = [one.addedCount ?? 0, one.removedCount ?? 0];
  return (
    <div>
      <Badge tone="info" mark="±">changed</Badge> {added > 0 && <strong className={styles.plus}>+{countText(added)}</strong>} {removed > 0 && <strong className={styles.minus}>−{countText(removed)}</strong>}
      {one.slotCount !== null && <span className="faint"> → {plural(one.slotCount, 'slot')}</span>}{run}
      {one.slotsAdded.length > 0 && <p className="small faint">came: {timesText(one.slotsAdded, added, zone)}</p>}
      {one.slotsRemoved.length > 0 && <p className="small faint">went: {timesText(one.slotsRemoved, removed, zone)}</p>}
    </div>
  );
}

function timesText(slots: string[], count: number, zone: string): string {
  const shown = slots.slice(0, SHOWN_TIMES).map((slot) => DateTime.fromISO(slot, { zone }).setLocale('en-GB').toFormat('ccc d LLL HH:mm'));
  return `${shown.join(', ')}${count > shown.length ? ` and ${countText(count - shown.length)} more` : ''}`;
}

const sumOf = (hours: HourSummary[], name: 'refreshes' | 'failures' | 'changes'): number => hours.reduce((sum, one) => sum + one[name], 0);
