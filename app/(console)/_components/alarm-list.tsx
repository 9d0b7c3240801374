import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText, kindText, lengthText, type AlarmEntry } from '@/lib/console';
import { Badge } from './badges';
import { Table } from './table';
import { Ago } from './time';

/** @param closed also says when each was over */
export function AlarmList({ alarms, now, closed = false }: { alarms: AlarmEntry[]; now: number; closed?: boolean }): ReactNode {
  return (
    <Table cards caption={closed ? 'Alarms that are over' : 'Open alarms'} head={<><th scope="col">Alarm</th><th scope="col">Of</th><th scope="col">What</th><th scope="col">{closed ? 'Was over' : 'Since'}</th><th scope="col" className="number">Notices</th></>}>
      {alarms.map((alarm) => (
        <tr key={alarm.id}>
          <th scope="row" className="nowrap"><Badge tone={closed ? 'off' : 'bad'} mark={closed ? '✓' : '✕'}>{kindText(alarm.kind)}</Badge></th>
          <td><Subject alarm={alarm} /></td>
          <td className="advice">{alarm.message}</td>
          <td>{closed && alarm.closedAt !== null ? <><Ago at={alarm.closedAt} now={now} /><div className="small faint">after {lengthText(alarm.closedAt - alarm.openedAt)}</div></> : <><Ago at={alarm.openedAt} now={now} /><div className="small faint">seen <Ago at={alarm.lastSeenAt} now={now} /></div></>}</td>
          <td className="number">{countText(alarm.notices)}{alarm.undelivered > 0 && <div className="small bad-text">{countText(alarm.undelivered)} not delivered</div>}</td>
        </tr>
      ))}
    </Table>
  );
}

function Subject({ alarm: { subject, subjectName, isWorkspace } }: { alarm: AlarmEntry }): ReactNode {
  if (subject === '') return <span className="faint">the whole app</span>;
  if (isWorkspace) return <Link href={`/workspaces/${subject}`} prefetch={false}>{subjectName}</Link>;
  if (subjectName !== null) return <Link href={`/workspaces?agency=${encodeURIComponent(subject)}`} prefetch={false}>{subjectName}</Link>;
  return <code className="break">{subject}</code>;
}
