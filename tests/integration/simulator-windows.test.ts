import { env } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../scripts/simulator/random';
import { type CalendarSpec, type Simulator, startSimulator } from '../../scripts/simulator/server';
import { DAY_MS, dayText, localDayOf } from '../../scripts/simulator/zones';

/** Whatever the zones and the date, the pages that a client puts together are the truth. */
const SEED = Number(env.TEST_SEED ?? 20261123);
const ROUNDS = 15;
const ZONES = [
  'America/New_York', 'America/Los_Angeles', 'America/St_Johns', 'America/Santiago', 'Europe/London', 'Europe/Paris',
  'Asia/Beirut', 'Asia/Kathmandu', 'Asia/Tokyo', 'Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Kiritimati', 'UTC',
];

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ seed: SEED, limits: { ghlApi: { burst: 1e6 }, hubspotApi: { burst: 1e6 } } });
});
afterAll(() => simulator.close());

async function get<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, { headers });
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

function eachRound(
  provider: CalendarSpec['provider'],
  check: (round: { id: string; now: number; timezone: string }) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const random = createRandom(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const now = Date.parse('2026-01-01T00:00:00Z') + Math.floor(random.next() * 800 * DAY_MS);
      simulator.setNow(now);
      const id = `${provider}-${round}`;
      const allDay: [string, string][] = [['00:00', '24:00']];
      simulator.addCalendar({
        id,
        provider,
        zone: random.pick(ZONES),
        workingHours: { sun: allDay, mon: allDay, tue: allDay, wed: allDay, thu: allDay, fri: allDay, sat: allDay },
        incrementMinutes: random.pick([15, 30, 60]),
        durationsMinutes: [random.pick([15, 30, 60])],
        bufferMinutes: random.pick([0, 10]),
        minimumNoticeMinutes: random.pick([0, 60, 3000]),
        bookingRate: 0.3,
        seats: provider === 'hubspot' ? 1 : random.pick([1, 1, 4]),
        horizonDays: 65,
        ghlShape: random.pick(['strings', 'objects', 'seats', 'array']),
      });
      await check({ id, now, timezone: random.pick(ZONES) });
    }
  };
}

describe(`pages put together are the truth (seed ${SEED})`, () => {
  it(
    'Calendly ranges of 28 dates',
    eachRound('calendly', async ({ id, now, timezone }) => {
      const { ids } = simulator.calendar(id);
      const today = localDayOf(timezone, now);
      const starts: number[] = [];
      const dates: string[] = [];
      for (let first = today - 1; first <= today + 70; first += 28) {
        const query = new URLSearchParams({ timezone, range_start: dayText(first), range_end: dayText(first + 27) });
        const body = await get<{
          days: { date: string; status: string; spots: { status: string; start_time: string; invitees_remaining: number }[] }[];
        }>(`${simulator.origins.calendlyBooking}/api/booking/event_types/${ids.eventTypeId ?? ''}/calendar/range?${query.toString()}`);
        for (const day of body.days) {
          dates.push(day.date);
          for (const spot of day.spots) {
            if (timezone !== 'UTC') expect(spot.start_time.slice(0, 10)).toBe(day.date);
            if (spot.status === 'available' && spot.invitees_remaining > 0) starts.push(Date.parse(spot.start_time));
          }
        }
      }
      expect(dates).toEqual(Array.from({ length: 84 }, (_, index) => dayText(today - 1 + index)));
      expect(starts).toEqual(simulator.truth(id, 0, Infinity));
      expect(starts.length).toBeGreaterThan(0);
    }),
  );

  it(
    'HubSpot months',
    eachRound('hubspot', async ({ id, timezone }) => {
      const { ids, durationsMinutes } = simulator.calendar(id);
      const starts: number[] = [];
      let hasMore = true;
      for (let monthOffset = 0; hasMore; monthOffset += 1) {
        const query = new URLSearchParams({ slug: ids.slug ?? '', timezone, monthOffset: String(monthOffset) });
        const body = await get<{
          linkAvailability: {
            hasMore: boolean;
            linkAvailabilityByDuration: Record<string, { availabilities: { startMillisUtc: number }[] }>;
          };
        }>(`${simulator.origins.hubspotMeetings}/meetings-public/v3/book/availability-page?${query.toString()}`);
        const durationMs = (durationsMinutes[0] ?? 0) * 60_000;
        const page = body.linkAvailability.linkAvailabilityByDuration[String(durationMs)];
        starts.push(...(page?.availabilities ?? []).map((slot) => slot.startMillisUtc));
        hasMore = body.linkAvailability.hasMore;
      }
      expect(starts).toEqual(simulator.truth(id, 0, Infinity));
    }),
  );

  it(
    'GHL windows of 30 days, official and public',
    eachRound('ghl', async ({ id, now, timezone }) => {
      const { ids, token } = simulator.calendar(id);
      for (const [origin, headers] of [
        [simulator.origins.ghlBackend, {}],
        [simulator.origins.ghlApi, { authorization: `Bearer ${token}`, version: '2021-04-15' }],
      ] as const) {
        const starts: number[] = [];
        for (let from = now; from < now + 90 * DAY_MS; from += 30 * DAY_MS) {
          const query = new URLSearchParams({ startDate: String(from), endDate: String(from + 30 * DAY_MS), timezone });
          const body = await get<Record<string, unknown>>(
            `${origin}/calendars/${ids.calendarId ?? ''}/free-slots?${query.toString()}`,
            headers,
          );
          for (const [day, value] of Object.entries(body)) {
            if (day === 'traceId') continue;
            for (const text of slotTexts(value)) {
              expect(text.slice(0, 10)).toBe(day);
              starts.push(Date.parse(text));
            }
          }
        }
        expect(starts).toEqual(simulator.truth(id, 0, Infinity));
      }
    }),
  );
});

function slotTexts(value: unknown): string[] {
  const slots = Array.isArray(value) ? value : (value as { slots: unknown }).slots;
  if (!Array.isArray(slots)) {
    return Object.entries(slots as Record<string, number>).filter(([, seats]) => seats > 0).map(([text]) => text);
  }
  return (slots as (string | { startTime: string })[]).map((slot) => (typeof slot === 'string' ? slot : slot.startTime));
}
