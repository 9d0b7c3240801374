/** Every start date of two years, at several times of day and in zones at both ends of the world, for every provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchAvailability } from '@/lib/calendar-availability';
import { parseEnv } from '@/lib/env';
import { createHttpTransport } from '@/lib/providers/http';
import type { HttpTransport, ProviderMeta } from '@/lib/providers/types';
import { originsFrom } from '@/lib/refresh/context';
import { startSimulator, type CalendarHandle, type CalendarSpec, type Simulator } from '../../../scripts/simulator/server';

const DAY_MS = 86_400_000;
const FIRST_DATE = Date.UTC(2026, 10, 23);
const DATES = 731;
const ZONES = [
  'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'America/New_York', 'Europe/London', 'Asia/Kolkata', 'Australia/Lord_Howe',
  'America/Sao_Paulo', 'Africa/Casablanca', 'Pacific/Chatham',
];
/** Offsets into the UTC day: its edges, both turns of the day in the outermost zones, and working hours. */
const TIMES_OF_DAY = ['00:00:00', '00:04:59', '09:59:59', '10:00:00', '11:00:01', '14:30:00', '20:00:00', '23:59:59'].map((text) => Date.parse(`1970-01-01T${text}Z`));
const PER_DATE = 2;
const LOOKAHEAD_DAYS = 30;

let sim: Simulator;
let transport: HttpTransport;
beforeAll(async () => {
  sim = await startSimulator({ limits: { calendlyApi: { perMinute: 1e9 }, hubspotApi: { burst: 1e9, daily: 1e9 }, ghlApi: { burst: 1e9, daily: 1e9 } } });
  const origins = Object.values(sim.origins);
  transport = createHttpTransport({ allowHosts: (sim.env.OUTBOUND_ALLOW_HOSTS ?? '').split(','), trustedOrigins: origins });
});
afterAll(async () => {
  await transport.close();
  await sim.close();
});

async function fetchAt(handle: CalendarHandle, now: number, useToken: boolean, meta: ProviderMeta | undefined, zone: string) {
  return await fetchAvailability(handle.provider, handle.url, LOOKAHEAD_DAYS, {
    http: transport.client(), origins: originsFrom(parseEnv(sim.env)), durationMinutes: 30, timezone: zone,
    signal: AbortSignal.timeout(20_000), now,
    ...(useToken ? { credential: handle.token } : {}), ...(meta ? { meta } : {}),
  });
}

describe.each(['calendly', 'hubspot', 'ghl'] as const)('%s', (provider) => {
  it.each([['its booking page', false], ['its official API', true]])('yields exactly the open slots of 30 full days on every date, over %s', async (_name, useToken) => {
    const handles = ZONES.map((zone, i) => {
      const hours: [string, string][] = i % 3 === 0 ? [['00:00', '24:00']] : [['08:00', '12:00'], ['13:00', '18:30']];
      const spec: CalendarSpec = {
        id: `${provider}-${String(useToken)}-${zone}`, provider, zone, incrementMinutes: i % 2 === 0 ? 60 : 45, bookingRate: 0.1,
        workingHours: { sun: [], mon: hours, tue: hours, wed: hours, thu: hours, fri: hours, sat: i % 2 === 0 ? hours : [] },
      };
      return sim.addCalendar(spec);
    });
    const metas = new Map<string, ProviderMeta>();
    const wrong: string[] = [];
    for (let date = 0; date < DATES; date++) {
      for (let turn = 0; turn < PER_DATE; turn++) {
        const nth = date * PER_DATE + turn;
        // 9 zones and 8 times have no common divisor: every pair comes round.
        const handle = handles[nth % handles.length];
        const zone = ZONES[nth % ZONES.length] ?? 'UTC';
        if (!handle) throw new Error('no calendar');
        const now = FIRST_DATE + date * DAY_MS + (TIMES_OF_DAY[nth % TIMES_OF_DAY.length] ?? 0);
        sim.setNow(now);
        const { slots, meta } = await fetchAt(handle, now, useToken, metas.get(handle.id), zone);
        metas.set(handle.id, meta);
        // The official Calendly API refuses a start that is past, so it is asked from a moment later.
        const from = provider === 'calendly' && useToken ? now + 60_000 : now;
        const truth = sim.truth(handle.id, from, now + LOOKAHEAD_DAYS * DAY_MS);
        const got = slots.filter((slot) => slot >= from);
        if (truth.length < 50) wrong.push(`${handle.id} at ${new Date(now).toISOString()}: a calendar with only ${truth.length} slots proves little`);
        if (got.join() !== truth.join()) wrong.push(`${handle.id} at ${new Date(now).toISOString()}: ${got.length} slots instead of ${truth.length}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
