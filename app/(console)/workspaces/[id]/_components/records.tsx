import { DateTime } from 'luxon';
import type { ReactNode } from 'react';
import { z } from 'zod';
import { kindText, refreshOutcomeText } from '@/lib/console';
import type { ListedFollowUp } from '@/lib/followups';
import type { AuditLine } from '@/lib/operator';
import type { ListedOffer } from '@/lib/slots/offers';
import { Badge } from '../../../_components/badges';
import { Empty } from '../../../_components/empty';
import { Table } from '../../../_components/table';
import { Ago } from '../../../_components/time';
import styles from '../workspace.module.css';

const OFFER_TONES = { prepared: 'info', sent: 'good', failed: 'bad', expired: 'off' } as const;
const OFFER_MARKS = { prepared: '◌', sent: '✓', failed: '✕', expired: '–' } as const;

export function Offers({ offers, followUps, zone, now }: { offers: ListedOffer[]; followUps: ListedFollowUp[]; zone: string; now: number }): ReactNode {
  const localText = (at: Date): string => DateTime.fromJSDate(at, { zone }).setLocale('en-GB').toFormat('ccc d LLL HH:mm');
  if (offers.length === 0 && followUps.length === 0) {
    return <Empty title="Nothing was offered yet."><p>First touch and follow-ups put times in front of leads when they are switched on in the configuration.</p></Empty>;
  }
  return (
    <div className="stack">
      {offers.length > 0 && (
        <Table caption="Times put in front of leads, newest first" head={<><th scope="col">Time</th><th scope="col">Lead</th><th scope="col">State</th><th scope="col">Offered</th></>}>
          {offers.map((one) => (
            <tr key={`${one.lead.id} ${one.channel} ${one.sendKey} ${String(one.slotUtc.getTime())}`}>
              <th scope="row" className="nowrap">{localText(one.slotUtc)}</th>
              <td className={styles.lead}>{one.lead.email}</td>
              <td><Badge tone={OFFER_TONES[one.state]} mark={OFFER_MARKS[one.state]} {...(one.reason !== null && { title: one.reason })}>{one.state}</Badge></td>
              <td><Ago at={one.offeredAt.getTime()} now={now} /> <span className="faint small">{kindText(one.channel)}</span></td>
            </tr>
          ))}
        </Table>
      )}
      {followUps.length > 0 && (
        <Table caption="Follow-ups" shown head={<><th scope="col">Due</th><th scope="col">Lead</th><th scope="col">State</th></>}>
          {followUps.map((one) => (
            <tr key={one.id}>
              <th scope="row" className="nowrap">{localText(one.dueAt)}</th>
              <td className={styles.lead}>{one.lead.email}</td>
              <td>{one.state}{(one.lastError ?? one.reason) !== null && <span className="faint small"> {one.lastError ?? one.reason}</span>}</td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}

const DEED_NAMES: Record<string, string> = {
  'workspace.add': 'Added', 'workspace.refresh': 'Refreshed', 'workspace.change': 'Changed', 'workspace.choose': 'Chose a calendar', 'workspace.pause': 'Paused', 'workspace.resume': 'Resumed',
  'credential.store': 'Stored a credential', 'credential.remove': 'Removed a credential',
  'first_touch.on': 'First touch on', 'first_touch.off': 'First touch off', 'follow_ups.on': 'Follow-ups on', 'follow_ups.off': 'Follow-ups off',
  'follow_up.add': 'Added a follow-up', 'follow_up.cancel': 'Cancelled a follow-up', 'follow_up.resolve': 'Said what became of a follow-up',
  'offer_rules.change': 'Changed how times are chosen', 'webhook.set': 'Set where follow-ups go', 'webhook.token': 'Made a new address for EmailBison',
  'alarm_route.set': 'Set where alarms go', 'alarm_route.remove': 'Alarms go where they went before', 'lead.erase': 'Erased a lead',
};

/** What a refresh that was read left in the record. */
const outcomeSchema = z.object({ kind: z.literal('refreshed'), changed: z.boolean(), slotCount: z.number(), durationMs: z.number() });

export function Deeds({ entries, now }: { entries: AuditLine[]; now: number }): ReactNode {
  if (entries.length === 0) return <Empty title="Nobody has changed anything yet." />;
  return (
    <ol className={styles.events}>
      {entries.map((one) => (
        <li key={one.id}><Ago at={one.at.getTime()} now={now} /><span className="break">{DEED_NAMES[one.action] ?? one.action} <span className="faint small">{detailsText(one.details)}{one.actor === 'cli' && ' by command line'}</span></span></li>
      ))}
    </ol>
  );
}

function detailsText(details: AuditLine['details']): string {
  const refreshed = outcomeSchema.safeParse(details);
  if (refreshed.success) return refreshOutcomeText(refreshed.data);
  if (details === null || typeof details !== 'object' || Array.isArray(details)) return '';
  return Object.entries(details).filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ');
}
