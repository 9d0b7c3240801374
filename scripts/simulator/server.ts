import { createControl } from './control';
import { EmailBison } from './emailbison/api';
import { emailbison as emailbisonProvider } from './emailbison/index';
import type { SettingsSpec, WorkspaceSpec } from './emailbison/spec';
import { DEFAULT_INSTANCE, EmailBisonWorld } from './emailbison/world';
import { Faults, type FaultRule } from './faults';
import { createLatency, type LatencySpec } from './latency';
import { type LimitOptions, Limits } from './limits';
import { listen, type Listener } from './listener';
import { providerNamed, providerOrigins, type OriginName } from './providers';
import { type AnswerEvent, type Engine, type RequestEvent, serve } from './serve';
import type { CalendarSpec } from './spec';
import { type SimulatorStats, Stats } from './stats';
import { Timers } from './timers';
import { type CalendarState, World } from './world';

export type { CampaignHandle, EmailState, LeadState, WorkspaceHandle } from './emailbison/api';
export type { SentEmail } from './emailbison/clock';
export type { CampaignSpec, LeadsSpec, SettingsSpec, WorkspaceSpec } from './emailbison/spec';
export type { AcceptedReply, ReceivedWrite } from './emailbison/world';
export type { FaultRule } from './faults';
export { FAULT_KINDS, type Fault, type FaultKind } from './faults';
export type { LatencySpec } from './latency';
export type { LimitOptions } from './limits';
export type { OriginName } from './providers';
export type { AnswerEvent, RequestEvent } from './serve';
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
  /** More EmailBison instances than `default`, each with a port of its own; and workspaces to start with. */
  emailbison?: { instances?: Record<string, SettingsSpec>; workspaces?: readonly WorkspaceSpec[] };
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
  /** Of answers from now on; undefined: none. */
  setLatency(spec: LatencySpec | undefined): void;
  /** Stops the clock this much later than it is. */
  advance(ms: number): void;
  now(): number;
  /** Workspaces, campaigns and leads of EmailBison; what went out and what came in. */
  readonly emailbison: EmailBison;
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
  /** Told of every whole answer, when it is gone. */
  onAnswer(listener: (event: AnswerEvent) => void): () => void;
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
  const emailbisonWorld = new EmailBisonWorld(seed, () => world.now(), options.emailbison?.instances);
  const emailbison = new EmailBison(emailbisonWorld);
  const listeners = new Set<(event: RequestEvent) => void>();
  const answerListeners = new Set<(event: AnswerEvent) => void>();
  const engine: Engine = {
    world,
    emailbison: emailbisonWorld,
    limits: new Limits(options.limits ?? {}, () => world.now()),
    faults: new Faults(seed),
    stats: new Stats(),
    timers: new Timers(),
    latency: createLatency(options.latency, seed),
    notify: (event) => {
      for (const listener of listeners) listener(event);
    },
    notifyAnswer: (event) => {
      for (const listener of answerListeners) listener(event);
    },
    log: options.log,
  };
  for (const spec of options.calendars ?? []) world.add(spec);
  engine.faults.set(options.faults ?? []);

  const open: Listener[] = [];
  const closeAll = async (): Promise<void> => {
    engine.timers.close();
    emailbison.close();
    await Promise.all(open.map((listener) => listener.close()));
  };
  // Filled below, as the ports become known.
  const origins: Record<string, string> = {};
  const env: Record<string, string> = {};
  const hosts: string[] = [];
  const setNow = (ms: number | null): void => {
    world.setNow(ms);
    emailbisonWorld.settle();
  };
  const simulator: Simulator = {
    origins,
    env,
    addCalendar: (spec) => handleOf(world.add(spec)),
    calendar: (id) => handleOf(world.require(id)),
    calendars: () => [...world.all()].map(handleOf),
    removeCalendar: (id) => world.remove(id),
    updateCalendar: (id, patch) => handleOf(world.update(id, patch)),
    setNow,
    setLatency: (spec) => { engine.latency = createLatency(spec, seed); },
    advance: (ms) => setNow(world.now() + ms),
    emailbison,
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
    onAnswer: (listener) => {
      answerListeners.add(listener);
      return () => answerListeners.delete(listener);
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
      if (variable !== undefined) env[variable] = listener.origin;
      hosts.push(listener.host);
    }
    emailbisonWorld.listensAt(DEFAULT_INSTANCE, origins.emailbison ?? '');
    for (const name of emailbisonWorld.instances.keys()) {
      if (name === DEFAULT_INSTANCE) continue;
      const listener = await listen(host, nextPort(), (request, response, body) =>
        serve(engine, emailbisonProvider, 'emailbison', request, response, body),
      );
      open.push(listener);
      emailbisonWorld.listensAt(name, listener.origin);
      hosts.push(listener.host);
    }
    for (const spec of options.emailbison?.workspaces ?? []) emailbison.addWorkspace(spec);
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
