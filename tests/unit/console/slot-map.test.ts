import { describe, expect, it } from 'vitest';
import { slotMapOf, type WindowFacts } from '@/lib/console/slot-map';

const HOUR = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

function factsOf(given: Partial<WindowFacts>): WindowFacts {
  const now = given.now ?? at('2027-03-26T08:00:00Z');
  return { now, endsAt: now + 30 * 24 * HOUR, zone: 'Europe/Paris', durationMinutes: 30, slots: [], offers: [], bookings: [], ...given };
}

describe('the map of a window', () => {
  it('has every local day that the window touches, across a clock change, in order and once', () => {
    for (const zone of ['Europe/Paris', 'Pacific/Apia', 'America/St_Johns', 'UTC']) {
      const { days } = slotMapOf(factsOf({ zone }));
      const dates = days.map(({ date }) => date);
      expect(dates).toEqual([...new Set(dates)].sort());
      const inDays = (Date.parse(dates.at(-1) ?? '') - Date.parse(dates[0] ?? '')) / (24 * HOUR);
      expect(dates).toHaveLength(inDays + 1);
      expect(dates.length).toBeGreaterThanOrEqual(30);
      expect(dates.length).toBeLessThanOrEqual(32);
    }
  });

  it('puts a time on its local day and hour', () => {
    const map = slotMapOf(factsOf({ slots: [at('2027-03-26T23:30:00Z'), at('2027-03-27T13:00:00Z')] }));
    expect(map.days.find(({ date }) => date === '2027-03-27')).toMatchObject({ label: 'Sat 27 Mar', isWeekend: true, slots: [{ time: '00:30', hour: 0 }, { time: '14:00', hour: 14 }] });
    expect(map.hours).toEqual(Array.from({ length: 15 }, (_, i) => i));
  });

  it('tells open from offered from booked, and counts each time once', () => {
    const [a, b, c] = [at('2027-03-29T07:00:00Z'), at('2027-03-29T07:30:00Z'), at('2027-03-29T08:00:00Z')];
    const map = slotMapOf(factsOf({ slots: [a, b, c], offers: [[b, 2], [c, 1]], bookings: [[c + 15 * 60_000, c + HOUR, 'crm']] }));
    expect(map.days.flatMap(({ slots }) => slots)).toMatchObject([
      { startMs: a, kind: 'open', offers: 0, time: '09:00' }, { startMs: b, kind: 'offered', offers: 2 }, { startMs: c, kind: 'booked', offers: 1, source: 'crm' },
    ]);
    expect(map.counts).toEqual({ open: 1, offered: 1, booked: 1 });
    expect(map.busiest).toBe(2);
  });

  it('shows a booking whose time the provider no longer names, and an offer of such a time', () => {
    const [booked, offered] = [at('2027-03-29T07:00:00Z'), at('2027-03-30T07:00:00Z')];
    const map = slotMapOf(factsOf({ bookings: [[booked, booked + HOUR, 'operator']], offers: [[offered, 1]] }));
    expect(map.days.flatMap(({ slots }) => slots.map(({ kind }) => kind))).toEqual(['booked', 'offered']);
  });

  it('shows nothing that is past or beyond the window', () => {
    const now = at('2027-03-26T08:00:00Z');
    const map = slotMapOf(factsOf({ now, slots: [now - 1, now + 31 * 24 * HOUR], bookings: [[now - HOUR, now + HOUR, 'crm']] }));
    expect(map).toMatchObject({ hours: [], counts: { open: 0, offered: 0, booked: 0 }, busiest: 0 });
  });
});
