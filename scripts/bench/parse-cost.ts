/**
 * What reading an answer costs beyond `JSON.parse` of it: URLs, checks of every field, instants, window, hashes. In one
 * process, without network or database, so that it says something on a busy machine too.
 */
import { fetchAvailability } from '../../lib/calendar-availability';
import type { CalendarProvider } from '../../lib/providers/errors';
import { createHttpTransport } from '../../lib/providers/http';
import type { FetchOptions, HttpClient, ProviderMeta, ProviderOrigins } from '../../lib/providers/types';
import { contentHashOf, slotsHashOf } from '../../lib/refresh/hashes';
import { benchPopulation, PROVIDERS } from '../simulator/population';
import { startSimulator } from '../simulator/server';

export interface ParseCost {
  provider: CalendarProvider;
  /** Microseconds of CPU for one refresh, the least of all rounds. */
  parseUs: number;
  readUs: number;
  bytes: number;
}

const REFRESHES = 600;
const ROUNDS = 15;

interface Warm {
  url: string;
  meta: ProviderMeta;
  bodies: Map<string, string>;
}

export async function measureParsing(): Promise<ParseCost[]> {
  const { agencies, calendars } = benchPopulation({ agencies: 1, workspaces: 30, seed: 1 });
  const simulator = await startSimulator({ calendars });
  const now = simulator.now();
  simulator.setNow(now);
  const origins = {
    calendlyBooking: simulator.origins.calendlyBooking, calendlyApi: simulator.origins.calendlyApi, hubspotMeetings: simulator.origins.hubspotMeetings,
    hubspotApi: simulator.origins.hubspotApi, ghlBackend: simulator.origins.ghlBackend, ghlApi: simulator.origins.ghlApi,
  } satisfies ProviderOrigins;
  const transport = createHttpTransport({ allowHosts: [], trustedOrigins: Object.values(origins) });
  const { signal } = new AbortController();
  const options = (http: HttpClient): FetchOptions => ({ http, origins, durationMinutes: 30, timezone: 'UTC', signal, now });

  const costs: ParseCost[] = [];
  for (const provider of PROVIDERS) {
    const warm: Warm[] = [];
    for (const workspace of agencies.flatMap((agency) => agency.workspaces).filter((w) => w.provider === provider)) {
      const { meta } = await fetchAvailability(provider, workspace.url, 30, options(transport.client()));
      const bodies = new Map<string, string>();
      await fetchAvailability(provider, workspace.url, 30, { ...options(keeping(transport.client(), bodies)), meta });
      warm.push({ url: workspace.url, meta, bodies });
    }
    const parse = leastCpu(() => {
      for (let index = 0; index < REFRESHES; index++) {
        for (const body of warm[index % warm.length]?.bodies.values() ?? []) JSON.parse(body);
      }
    });
    const read = leastCpu(async () => {
      for (let index = 0; index < REFRESHES; index++) {
        const one = warm[index % warm.length];
        if (!one) continue;
        const { slots, durationMinutes, meta } = await fetchAvailability(provider, one.url, 30, { ...options(serving(one.bodies)), meta: one.meta });
        contentHashOf({ slotsHash: slotsHashOf(new Float64Array(slots)), fingerprint: 'f', durationMinutes, meta });
      }
    });
    costs.push({ provider, parseUs: await parse, readUs: await read, bytes: warm.reduce((sum, w) => sum + [...w.bodies.values()].join('').length, 0) / warm.length });
  }
  await transport.close();
  await simulator.close();
  return costs;
}

/** Notes each answer as text, by its URL. */
function keeping(inner: HttpClient, bodies: Map<string, string>): HttpClient {
  return {
    getHtml: (request) => inner.getHtml(request),
    getJson: async (request) => {
      const anything = { safeParse: (data: unknown) => ({ success: true as const, data }) };
      const body = await inner.getJson({ ...request, schema: anything });
      bodies.set(request.url.href, JSON.stringify(body));
      return read(request.schema, body);
    },
  };
}

function serving(bodies: ReadonlyMap<string, string>): HttpClient {
  return {
    getHtml: () => Promise.reject(new Error('no page')),
    getJson: (request) => Promise.resolve(read(request.schema, JSON.parse(bodies.get(request.url.href) ?? 'null'))),
  };
}

function read<T>(schema: { safeParse: (value: unknown) => { success: true; data: T } | { success: false } }, body: unknown): T {
  const checked = schema.safeParse(body);
  if (!checked.success) throw new Error('the recorded answer is refused');
  return checked.data;
}

async function leastCpu(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / REFRESHES);
  }
  return least;
}
