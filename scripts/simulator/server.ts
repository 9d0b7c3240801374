import { createControl } from './control';
import { Faults, type FaultRule } from './faults';
import { createLatency, type LatencySpec } from './latency';
import { type LimitOptions, Limits } from './limits';
import { listen, type Listener } from './listener';
import { providerNamed, providerOrigins, type OriginName } from './providers';
import { type Engine, type RequestEvent, serve } from './serve';
import type { CalendarSpec } from './spec';
import { type SimulatorStats, Stats } from './stats';
import { Timers } from './timers';
import { type CalendarState, World } from './world';

export type { FaultRule } from './faults';
export { FAULT_KINDS, type Fault, type FaultKind } from './faults';
export type { LatencySpec } from './latency';
export type { LimitOptions } from './limits';
export type { OriginName } from './providers';
export type { RequestEvent } from './serve';
export type { CalendarSpec, WorkingHours } from './spec';
export type { OriginStats, SimulatorStats } from './stats';

export interface SimulatorOptions {
  seed?: number;
  /** The control port; the others follow. Unset or 0: free ports. */
  basePort?: number;
  host?: '127.0.0.1';
  /** Epoch ms; default the real clock. */
  now?: () => number;
  latency?: LatencySpec | undefined;
  calendars?: readonly CalendarSpec[];
  faults?: readonly FaultRule[];
  limits?: LimitOptions;
  /** Called with a line for each request. */
  log?: (line: string) => void;
  bodyCacheBytes?: number;
}

export interface CalendarHandle {
  id: string;
  provider: CalendarSpec['provider'];
  /** The booking link as a user would paste it. */
  url: string;
  /** Every other form of it, by name. */
  links: Record<string, string>;
  /** The provider's ids, by name. */
  ids: Record<string, string>;
  /** For the official API. */
  token: string;
  durationsMinutes: readonly number[];
}

export interface Simulator {
  readonly origins: Record<OriginName, string>;
  /** What the app must be started with to use this simulator. */
  readonly env: Record<string, string>;
  addCalendar(spec: CalendarSpec): CalendarHandle;
  calendar(id: string): CalendarHandle;
  calendars(): CalendarHandle[];
  removeCalendar(id: string): boolean;
  updateCalendar(id: string, patch: Partial<CalendarSpec>): CalendarHandle;
  setNow(ms: number | null): void;
  now(): number;
  /** Every bookable start in [fromMs, toMs), sorted, as of `nowMs` (default: now), for the first duration or the given one. */
  truth(calendarId: string, fromMs: number, toMs: number, nowMs?: number, durationMinutes?: number): number[];
  addBooking(calendarId: string, startMs: number, endMs: number): void;
  removeBooking(calendarId: string, startMs: number, endMs: number): boolean;
  setFaults(rules: readonly FaultRule[]): void;
  addFault(rule: FaultRule): () => void;
  clearFaults(): void;
  faults(): { rule: FaultRule; happened: number }[];
  stats(): SimulatorStats;
  resetStats(): void;
  onRequest(listener: (event: RequestEvent) => void): () => void;
  close(): Promise<void>;
}

const DEFAULT_SEED = 1;

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { seed = DEFAULT_SEED, basePort = 0, host = '127.0.0.1' } = options;
  const world = new World(
    seed,
    options.now ?? Date.now,
    (spec) => providerNamed(spec.provider).identify(spec, seed),
    options.bodyCacheBytes,
  );
  const listeners = new Set<(event: RequestEvent) => void>();
  const engine: Engine = {
    world,
    limits: new Limits(options.limits ?? {}, () => world.now()),
    faults: new Faults(seed),
    stats: new Stats(),
    timers: new Timers(),
    latency: createLatency(options.latency, seed),
    notify: (event) => {
      for (const listener of listeners) listener(event);
    },
    log: options.log,
  };
  for (const spec of options.calendars ?? []) world.add(spec);
  engine.faults.set(options.faults ?? []);

  const open: Listener[] = [];
  const closeAll = async (): Promise<void> => {
    engine.timers.close();
    await Promise.all(open.map((listener) => listener.close()));
  };
  // Filled below, as the ports become known.
  const origins: Record<string, string> = {};
  const env: Record<string, string> = {};
  const hosts: string[] = [];
  const simulator: Simulator = {
    origins,
    env,
    addCalendar: (spec) => handleOf(world.add(spec)),
    calendar: (id) => handleOf(world.require(id)),
    calendars: () => [...world.all()].map(handleOf),
    removeCalendar: (id) => world.remove(id),
    updateCalendar: (id, patch) => handleOf(world.update(id, patch)),
    setNow: (ms) => world.setNow(ms),
    now: () => world.now(),
    truth: (id, fromMs, toMs, nowMs, durationMinutes) =>
      world.truth(id, fromMs, toMs, nowMs ?? world.now(), durationMinutes),
    addBooking: (id, startMs, endMs) => world.addBooking(id, startMs, endMs),
    removeBooking: (id, startMs, endMs) => world.removeBooking(id, startMs, endMs),
    setFaults: (rules) => engine.faults.set(rules),
    addFault: (rule) => engine.faults.add(rule),
    clearFaults: () => engine.faults.clear(),
    faults: () => engine.faults.list(),
    stats: () => engine.stats.read(),
    resetStats: () => engine.stats.reset(),
    onRequest: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: closeAll,
  };

  const control = createControl(simulator);
  try {
    let port = basePort;
    const nextPort = (): number => (basePort === 0 ? 0 : port++);
    const controlListener = await listen(host, nextPort(), control);
    open.push(controlListener);
    origins.control = controlListener.origin;
    for (const { name, env: variable, provider } of providerOrigins) {
      const listener = await listen(host, nextPort(), (request, response, body) =>
        serve(engine, provider, name, request, response, body),
      );
      open.push(listener);
      origins[name] = listener.origin;
      env[variable] = listener.origin;
      hosts.push(listener.host);
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  env.OUTBOUND_ALLOW_HOSTS = hosts.join(',');
  return simulator;
}

function handleOf({ spec, identity }: CalendarState): CalendarHandle {
  return {
    id: spec.id,
    provider: spec.provider,
    url: identity.url,
    links: identity.links,
    ids: identity.ids,
    token: identity.token,
    durationsMinutes: spec.durationsMinutes,
  };
}
