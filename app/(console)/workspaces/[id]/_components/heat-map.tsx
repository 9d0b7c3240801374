'use client';

import Link from 'next/link';
import { useState, type ReactNode } from 'react';
import type { MapDay, MapSlot, SlotKind, SlotMap } from '@/lib/console/slot-map';
import { countText, plural } from '@/lib/console/words';
import { Empty } from '../../../_components/empty';
import styles from './heat-map.module.css';

/** A day a row and an hour a column, in the workspace's zone; a day's times stand beside it when it is chosen. */
export function HeatMap({ map, workspaceId, isGivenOut }: { map: SlotMap; workspaceId: string; isGivenOut: boolean }): ReactNode {
  const [chosen, setChosen] = useState<string | null>(null);
  const day = map.days.find(({ date }) => date === chosen) ?? map.days.find(({ slots }) => slots.length > 0);
  if (map.hours.length === 0) {
    return <Empty title="No time is known in the next 30 days."><p>Times appear here when the calendar has been read and has some open, or when a booking is stored.</p></Empty>;
  }
  return (
    <div className={styles.layout}>
      <div className={styles.side}>
        <ul className={styles.legend}>
          <li><span className={`${styles.cell} ${styles.open3}`} aria-hidden="true">2</span> {countText(map.counts.open)} open</li>
          <li><span className={`${styles.cell} ${styles.offered}`} aria-hidden="true">2</span> {countText(map.counts.offered)} offered to a lead</li>
          <li><span className={`${styles.cell} ${styles.booked}`} aria-hidden="true">2</span> {countText(map.counts.booked)} booked</li>
        </ul>
        {!isGivenOut && <p className="warn-text small">These were read earlier. None is given out while the workspace is not usable.</p>}
        {day && <DayTimes day={day} workspaceId={workspaceId} />}
      </div>
      <div className={styles.box} role="region" aria-label="Times by day and hour" tabIndex={0}>
        <table className={styles.map} data-given-out={isGivenOut}>
          <caption className="unseen">Times by day and hour in {map.zone}: open, offered and booked</caption>
          <thead>
            <tr>
              <th scope="col"><span className="unseen">Day</span></th>
              {map.hours.map((hour) => <th key={hour} scope="col">{String(hour).padStart(2, '0')}<span className="unseen">:00</span></th>)}
              <th scope="col" className={styles.sum}>Open</th>
            </tr>
          </thead>
          <tbody>
            {map.days.map((one) => <Day key={one.date} day={one} map={map} isChosen={one.date === day?.date} onChoose={() => { setChosen(one.date); }} />)}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Day({ day, map, isChosen, onChoose }: { day: MapDay; map: SlotMap; isChosen: boolean; onChoose: () => void }): ReactNode {
  return (
    <tr className={day.isWeekend ? styles.weekend : undefined} data-chosen={isChosen}>
      <th scope="row"><button type="button" onClick={onChoose} aria-pressed={isChosen} aria-label={`${day.label}: show its times`}>{day.label}</button></th>
      {map.hours.map((hour) => <Hour key={hour} slots={day.slots.filter((slot) => slot.hour === hour)} busiest={map.busiest} onChoose={onChoose} />)}
      <td className={styles.sum}>{day.counts.open + day.counts.offered || <span className="faint">–</span>}</td>
    </tr>
  );
}

function Hour({ slots, busiest, onChoose }: { slots: MapSlot[]; busiest: number; onChoose: () => void }): ReactNode {
  if (slots.length === 0) return <td className={styles.none}><span className="unseen">none</span></td>;
  const count = (kind: SlotKind): number => slots.filter((slot) => slot.kind === kind).length;
  const [open, offered, booked] = [count('open'), count('offered'), count('booked')];
  const words = [open > 0 ? `${String(open)} open` : '', offered > 0 ? `${String(offered)} offered` : '', booked > 0 ? `${String(booked)} booked` : ''].filter(Boolean).join(', ');
  const usable = open + offered;
  const shade = usable === 0 ? styles.booked : styles[`open${String(Math.max(1, Math.ceil((usable / busiest) * 4)))}`];
  // The mouse's shortcut to the day; the day's own button is the keyboard's.
  return (
    <td className={`${shade ?? ''} ${offered > 0 ? styles.hasOffered ?? '' : ''} ${booked > 0 && usable > 0 ? styles.hasBooked ?? '' : ''}`} title={`${slots.map((slot) => slot.time).join(' ')} – ${words}`} onClick={onChoose}>
      <span aria-hidden="true">{usable === 0 ? '×' : usable}</span><span className="unseen">{words}</span>
    </td>
  );
}

function DayTimes({ day, workspaceId }: { day: MapDay; workspaceId: string }): ReactNode {
  return (
    <section aria-label={`Times of ${day.label}`} className={styles.day} aria-live="polite">
      <h3>{day.label}</h3>
      {day.slots.length === 0 ? <p className="faint">No open time on this day. <Link href={`/why-not?workspace=${encodeURIComponent(workspaceId)}&at=${day.date}T10:00`}>Why not?</Link></p> : (
        <>
          <ul className={styles.times}>
            {day.slots.map((slot) => (
              <li key={slot.startMs} className={styles[slot.kind]} title={titleOf(slot)}>{slot.time}{slot.kind !== 'open' && <span className={styles.mark}> {slot.kind}</span>}</li>
            ))}
          </ul>
          <p className="faint small">{plural(day.counts.open, 'open time')}. Is one missing? <Link href={`/why-not?workspace=${encodeURIComponent(workspaceId)}&at=${day.date}T${day.slots[0]?.time ?? '10:00'}`}>Ask why</Link></p>
        </>
      )}
    </section>
  );
}

function titleOf({ kind, offers, source }: MapSlot): string {
  if (kind === 'booked') return `Booked, by ${source ?? 'a booking'}${offers > 0 ? `; offered to ${plural(offers, 'lead')} before` : ''}`;
  return kind === 'offered' ? `Offered to ${plural(offers, 'lead')}` : 'Open';
}
