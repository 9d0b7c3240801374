/** The simulator in a process of its own, asked through its control port. */
import { request } from 'undici';
import { spawnSimulator } from '../../scripts/local/simulator-process';
import type { CalendarHandle, CalendarSpec, FaultRule, SimulatorStats } from '../../scripts/simulator/server';

export interface SimulatorClient {
  control: string;
  /** What points the app at it. */
  env: Record<string, string>;
  addCalendars: (specs: readonly CalendarSpec[]) => Promise<CalendarHandle[]>;
  /** Every bookable start in [fromMs, toMs) as it was at `nowMs`. */
  truth: (calendar: string, fromMs: number, toMs: number, nowMs: number) => Promise<number[]>;
  book: (calendar: string, startMs: number, endMs: number) => Promise<void>;
  unbook: (calendar: string, startMs: number, endMs: number) => Promise<void>;
  setFaults: (rules: readonly FaultRule[]) => Promise<void>;
  stats: () => Promise<SimulatorStats>;
  resetStats: () => Promise<void>;
  stop: () => Promise<void>;
}

/** @param options of the simulator's command line, by name */
export async function startSimulatorClient(options: Record<string, string | number> = {}): Promise<SimulatorClient> {
  const { process: simulator, variables, control } = await spawnSimulator({ population: 'none', ...options });
  if (simulator.hasExited()) throw new Error('The provider simulator did not start.');
  return { ...simulatorAt(control), env: variables, stop: () => simulator.stop() };
}

/** Another process's view of it. */
export function simulatorAt(control: string): Omit<SimulatorClient, 'env' | 'stop'> {
  const call = async <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> => {
    const answer = await request(new URL(path, control), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`the simulator's ${method} ${path} answered ${String(answer.statusCode)}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    control,
    addCalendars: async (specs) => (await call<{ calendars: CalendarHandle[] }>('POST', '/calendars', specs)).calendars,
    truth: async (calendar, from, to, now) => {
      const query = new URLSearchParams({ calendar, from: String(Math.round(from)), to: String(Math.round(to)), now: String(Math.round(now)) });
      return (await call<{ starts: number[] }>('GET', `/truth?${query.toString()}`)).starts;
    },
    book: async (calendar, start, end) => { await call('POST', '/bookings', { calendar, start, end }); },
    unbook: async (calendar, start, end) => { await call('DELETE', '/bookings', { calendar, start, end }); },
    setFaults: async (rules) => {
      await call('DELETE', '/faults');
      if (rules.length > 0) await call('POST', '/faults', rules);
    },
    stats: () => call<SimulatorStats>('GET', '/stats'),
    resetStats: async () => { await call('POST', '/stats/reset'); },
  };
}
