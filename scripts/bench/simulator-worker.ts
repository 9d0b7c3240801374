/** The simulated providers in a process of their own, with a clock that the bench holds still. */
import type { FaultRule } from '../simulator/faults';
import { benchPopulation } from '../simulator/population';
import { startSimulator, type Simulator } from '../simulator/server';
import { serveCommands } from './rpc';

export interface SimulatorInput {
  workspaces: number;
  agencies: number;
  seed: number;
}

export interface Served {
  requests: number;
  /** Of bodies. */
  bytes: number;
  errors: number;
  maxInFlight: number;
}

export interface SimulatorCommands {
  /** The variables that point the app at it. */
  start: (input: SimulatorInput) => Promise<Record<string, string>>;
  /** Holds the clock at the real now, so that the same request has the same answer until the next call. */
  holdClock: (input: undefined) => void;
  /** Lets the clock run with the real one. */
  releaseClock: (input: undefined) => void;
  /** Median of the log-normal latency; 0: none. */
  setLatency: (p50Ms: number) => void;
  setFaults: (rules: FaultRule[]) => void;
  /** What was served since the last call. */
  takeServed: (input: undefined) => Served;
  /** Books one more slot of every calendar. */
  bookEach: (input: undefined) => void;
}

const DAY_MS = 86_400_000;
/** Spread that fits what booking pages show: p95 about 2.3 times the median. */
const SIGMA = 0.5;
/** All answers of the largest measure: rendering them is no part of what is measured. */
const BODY_CACHE_BYTES = 1024 ** 3;

let simulator: Simulator | undefined;
let bookings = 0;

function started(): Simulator {
  if (!simulator) throw new Error('start it first');
  return simulator;
}

serveCommands<SimulatorCommands>({
  async start({ seed, ...size }) {
    const { calendars } = benchPopulation({ ...size, seed });
    simulator = await startSimulator({ seed, calendars, bodyCacheBytes: BODY_CACHE_BYTES });
    return simulator.env;
  },
  holdClock() {
    started().setNow(Date.now());
  },
  releaseClock() {
    started().setNow(null);
  },
  setLatency(p50Ms) {
    started().setLatency(p50Ms === 0 ? undefined : { p50Ms, sigma: SIGMA });
  },
  setFaults(rules) {
    started().setFaults(rules);
  },
  takeServed() {
    const origins = Object.values(started().stats().byOrigin);
    started().resetStats();
    const sum = (count: (origin: (typeof origins)[number]) => number): number => origins.reduce((total, origin) => total + count(origin), 0);
    return { requests: sum((o) => o.requests), bytes: sum((o) => o.bytes), errors: sum((o) => o.errors), maxInFlight: sum((o) => o.maxInFlight) };
  },
  bookEach() {
    const sim = started();
    const from = sim.now() + 2 * DAY_MS;
    for (const { id } of sim.calendars()) {
      const start = sim.truth(id, from, from + 20 * DAY_MS)[bookings];
      if (start !== undefined) sim.addBooking(id, start, start + 30 * 60_000);
    }
    bookings++;
  },
});
