/** A workspace's window by local day and hour: what the page's heat map shows. Pure. */
import { DateTime } from 'luxon';
import { DAY_MS } from '../slots/zone';

export interface WindowFacts {
  /** Epoch milliseconds. */
  now: number;
  /** Of the window, epoch milliseconds. */
  endsAt: number;
  zone: string;
  /** Of a meeting. */
  durationMinutes: number;
  /** Stored starts that are not past. */
  slots: number[];
  /** Live offers by start: it, and to how many. */
  offers: [number, number][];
  /** Not cancelled, not over. */
  bookings: [startsAt: number, endsAt: number, source: string][];
}

/** `open`: may be offered; `offered`: open, and in front of a lead; `booked`: taken by a booking of ours. */
export type SlotKind = 'open' | 'offered' | 'booked';

export interface MapSlot {
  startMs: number;
  /** 24 hours, in the zone: `09:30`. */
  time: string;
  hour: number;
  kind: SlotKind;
  /** Live offers of it. */
  offers: number;
  /** `booked`: where the booking came from. */
  source?: string;
}

export interface MapDay {
  /** In the zone: `2027-03-01`. */
  date: string;
  /** `Mon 1 Mar` */
  label: string;
  isWeekend: boolean;
  slots: MapSlot[];
  counts: Record<SlotKind, number>;
}

export interface SlotMap {
  zone: string;
  days: MapDay[];
  /** The local hours that any slot is in, without a gap between the first and the last. */
  hours: number[];
  counts: Record<SlotKind, number>;
  /** The most slots in an hour of a day. */
  busiest: number;
}

export function slotMapOf(facts: WindowFacts): SlotMap {
  const days = new Map(daysOf(facts).map((day) => [day.date, day]));
  const perHour = new Map<string, number>();
  for (const slot of slotsOf(facts)) {
    const at = DateTime.fromMillis(slot.startMs, { zone: facts.zone });
    const day = days.get(at.toISODate() ?? '');
    if (!day) continue;
    day.slots.push({ ...slot, time: at.toFormat('HH:mm'), hour: at.hour });
    day.counts[slot.kind]++;
    const key = `${day.date} ${String(at.hour)}`;
    perHour.set(key, (perHour.get(key) ?? 0) + 1);
  }
  const all = [...days.values()];
  const used = all.flatMap(({ slots }) => slots.map(({ hour }) => hour));
  const [first, last] = [Math.min(...used), Math.max(...used)];
  return {
    zone: facts.zone, days: all,
    hours: used.length === 0 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i),
    counts: { open: sum(all, 'open'), offered: sum(all, 'offered'), booked: sum(all, 'booked') },
    busiest: Math.max(0, ...perHour.values()),
  };
}

/** Every start that is known of, once: stored, offered or booked. */
function slotsOf({ now, endsAt, durationMinutes, slots, offers, bookings }: WindowFacts): Omit<MapSlot, 'time' | 'hour'>[] {
  const live = new Map(offers);
  const endOf = (startMs: number): number => startMs + durationMinutes * 60_000;
  const found = new Map<number, Omit<MapSlot, 'time' | 'hour'>>();
  for (const startMs of [...slots, ...live.keys()]) {
    const booking = bookings.find(([from, to]) => from < endOf(startMs) && startMs < to);
    const count = live.get(startMs) ?? 0;
    if (booking) found.set(startMs, { startMs, kind: 'booked', offers: count, source: booking[2] });
    else found.set(startMs, { startMs, kind: count > 0 ? 'offered' : 'open', offers: count });
  }
  // A provider stops naming a time that it booked itself.
  for (const [from, to, source] of bookings) {
    const isShown = [...found.values()].some(({ startMs }) => from < endOf(startMs) && startMs < to);
    if (!isShown) found.set(from, { startMs: from, kind: 'booked', offers: live.get(from) ?? 0, source });
  }
  return [...found.values()].filter(({ startMs }) => startMs >= now && startMs < endsAt).sort((a, b) => a.startMs - b.startMs);
}

/** Every local day that the window touches, also an empty one: a day without a time is what one looks for. */
function daysOf({ now, endsAt, zone }: WindowFacts): MapDay[] {
  const days: MapDay[] = [];
  // Half a day at a time: a day of 23 hours is not missed.
  for (let ms = now; ; ms += DAY_MS / 2) {
    const at = DateTime.fromMillis(Math.min(ms, endsAt - 1), { zone });
    const date = at.toISODate() ?? '';
    if (days.at(-1)?.date !== date) {
      days.push({ date, label: at.setLocale('en-GB').toFormat('ccc d LLL'), isWeekend: at.weekday > 5, slots: [], counts: { open: 0, offered: 0, booked: 0 } });
    }
    if (ms >= endsAt - 1) return days;
  }
}

const sum = (days: readonly MapDay[], kind: SlotKind): number => days.reduce((total, { counts }) => total + counts[kind], 0);
