import { createNames, type NameSource, slugOf } from './names';
import { troubleAt } from './population-troubles';
import { providerNamed } from './providers';
import { createRandom, type Random } from './random';
import type { FaultRule } from './faults';
import { type CalendarSpec, calendarSpecSchema } from './spec';

/** Made-up agencies with their workspaces, for the demo and for the benchmark. */

export interface PopulationWorkspace {
  /** `agency/number`; also the id of its calendar. */
  calendarId: string;
  name: string;
  /** The booking link that the agency typed in. */
  url: string;
  /** The workspace's own time zone. */
  zone: string;
  durationMinutes: number;
  provider: CalendarSpec['provider'];
  /** A token for the provider's official API. */
  credential?: { provider: CalendarSpec['provider']; token: string };
  /** What is peculiar about it; empty for most. */
  note: string;
}

export interface PopulationAgency {
  id: string;
  name: string;
  workspaces: PopulationWorkspace[];
}

export interface Population {
  agencies: PopulationAgency[];
  calendars: CalendarSpec[];
  faults: FaultRule[];
}

export interface PopulationOptions {
  agencies?: number;
  workspaces?: number;
  seed?: number;
}

export const PROVIDERS: readonly CalendarSpec['provider'][] = ['calendly', 'hubspot', 'ghl'];
const ZONES = [
  'America/New_York', 'America/Chicago', 'America/Los_Angeles', 'America/Sao_Paulo', 'Europe/London', 'Europe/Paris',
  'Africa/Johannesburg', 'Asia/Kolkata', 'Asia/Tokyo', 'Australia/Sydney', 'Pacific/Auckland', 'America/St_Johns',
];
/** Weights of the agencies: a few large ones hold most of the workspaces. */
const AGENCY_WEIGHTS = [90, 60, 45, 30, 24, 18, 14, 10, 6, 3, 2, 1];

export function seedPopulation({ agencies = 12, workspaces = 303, seed = 1 }: PopulationOptions = {}): Population {
  const random = createRandom(seed);
  const names = createNames(random);
  const population: Population = { agencies: [], calendars: [], faults: [] };
  let number = 0;
  for (const size of agencySizes(agencies, workspaces)) {
    const agency = addAgency(population, names);
    for (let index = 0; index < size; index += 1) {
      const spec = demoCalendar(`${agency.id}/${index + 1}`, random, names, number);
      const trouble = troubleAt(number, spec, seed);
      const calendar = { ...spec, ...trouble.patch };
      population.calendars.push(calendar, ...(trouble.moreCalendars ?? []));
      population.faults.push(...(trouble.faults ?? []));
      agency.workspaces.push({ ...workspaceOf(calendar, names.business(), seed), ...trouble.workspace });
      number += 1;
    }
  }
  return population;
}

/** A third each provider; 16 slots on each of 20 working days; nothing booked, nothing broken. */
export function benchPopulation({ agencies = 40, workspaces = 1000, seed = 1 }: PopulationOptions = {}): Population {
  const random = createRandom(seed);
  const names = createNames(random);
  const population: Population = { agencies: [], calendars: [], faults: [] };
  let number = 0;
  for (const size of agencySizes(agencies, workspaces)) {
    const agency = addAgency(population, names);
    for (let index = 0; index < size; index += 1) {
      const provider = PROVIDERS[number % PROVIDERS.length] ?? 'calendly';
      const spec: CalendarSpec = {
        id: `${agency.id}/${index + 1}`,
        provider,
        zone: random.pick(ZONES),
        profileSlug: `${agency.id}-${index + 1}`,
        incrementMinutes: 30,
        // 28 dates are exactly four weeks, and so 20 working days, whatever today is.
        horizonDays: 27,
      };
      population.calendars.push(spec);
      agency.workspaces.push(workspaceOf(spec, names.business(), seed));
      number += 1;
    }
  }
  return population;
}

function addAgency(population: Population, names: NameSource): PopulationAgency {
  const id = `agency-${population.agencies.length + 1}`;
  const agency: PopulationAgency = { id, name: names.agency(), workspaces: [] };
  population.agencies.push(agency);
  return agency;
}

/** Splits the workspaces by the weights; every agency has one at least. */
function agencySizes(agencies: number, workspaces: number): number[] {
  const weights = Array.from({ length: agencies }, (_, index) => AGENCY_WEIGHTS[index % AGENCY_WEIGHTS.length] ?? 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sizes = weights.map((weight) => Math.max(1, Math.floor((weight / total) * workspaces)));
  let missing = workspaces - sizes.reduce((sum, size) => sum + size, 0);
  for (let index = 0; missing > 0; index = (index + 1) % sizes.length, missing -= 1) {
    sizes[index] = (sizes[index] ?? 0) + 1;
  }
  return sizes;
}

function demoCalendar(id: string, random: Random, names: NameSource, number: number): CalendarSpec {
  const opens = 7 + random.below(4);
  const closes = 15 + random.below(5);
  const hours: [number, number][] = [[opens * 60, 12 * 60], [13 * 60, closes * 60]];
  const duration = random.pick([30, 30, 30, 15, 45, 60]);
  const provider = PROVIDERS[number % PROVIDERS.length] ?? 'calendly';
  return {
    id,
    provider,
    zone: random.pick(ZONES),
    name: random.pick(['Intro', 'Discovery call', 'Demo', 'Consultation']),
    hostName: names.host(),
    profileSlug: slugOf(`${names.business()} ${id}`),
    slug: slugOf(`${random.pick(['intro', 'demo', 'call', 'meet'])} ${id}`),
    workingHours: { mon: hours, tue: hours, wed: hours, thu: hours, fri: random.next() < 0.8 ? hours : [] },
    incrementMinutes: random.pick([15, 30, 30, 60]),
    durationsMinutes: provider === 'hubspot' ? [...new Set([duration, 30, 60])] : [duration],
    bufferMinutes: random.pick([0, 0, 10, 15]),
    minimumNoticeMinutes: random.pick([0, 60, 240, 1440]),
    horizonDays: random.pick([30, 45, 60, 90]),
    bookingRate: random.next() * 0.5,
    seats: provider !== 'hubspot' && random.next() < 0.05 ? 8 : 1,
    hubspotSlugSegments: random.next() < 0.3 ? 1 : 2,
    ghlShape: random.next() < 0.8 ? 'strings' : 'objects',
    ghlPage: random.next() < 0.6 ? 'booking' : 'bookings',
    calendlyIdForm: random.next() < 0.1 ? 'legacy' : 'uuid',
    calendlyShareOnly: random.next() < 0.1,
  };
}

function workspaceOf(spec: CalendarSpec, name: string, seed: number): PopulationWorkspace {
  const { url } = providerNamed(spec.provider).identify(calendarSpecSchema.parse(spec), seed);
  return {
    calendarId: spec.id,
    name,
    url,
    zone: spec.zone,
    durationMinutes: spec.durationsMinutes?.[0] ?? 30,
    provider: spec.provider,
    note: '',
  };
}
