import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from './fail';
import { spawnGuarded, type GuardedProcess } from './guarded-process';
import type { Lifetime } from './lifetime';
import { PROJECT_ROOT } from './migration-files';

/** Where the simulated world is changed; not for the app. */
const CONTROL = 'SIMULATOR_CONTROL';
/** Printed last by the simulator: then every variable has been seen. */
const LAST_VARIABLE = 'OUTBOUND_ALLOW_HOSTS';

export interface SimulatorProcess {
  process: GuardedProcess;
  /** What points the app at it. */
  variables: Record<string, string>;
  /** Origin of the control port, where the simulated world is changed. */
  control: string;
}

/**
 * Starts the provider simulator in a process of its own, on free ports.
 * @param options of its command line, by name
 * @param logFile where its output goes; undefined: nowhere
 */
export async function spawnSimulator(options: Record<string, string | number>, logFile?: string): Promise<SimulatorProcess> {
  const args = Object.entries({ ...options, 'base-port': 0 }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const simulator = spawnGuarded({
    name: 'provider simulator',
    command: process.execPath,
    args: ['--import', 'tsx', join(PROJECT_ROOT, 'scripts', 'simulator', 'main.ts'), ...args],
    cwd: PROJECT_ROOT,
  });
  const log = logFile === undefined ? undefined : createWriteStream(logFile);
  if (log) simulator.child.stderr?.pipe(log);
  else simulator.child.stderr?.resume();
  const variables: Record<string, string> = {};
  const isReady = new Promise<void>((resolve) => {
    if (!simulator.child.stdout) return;
    createInterface({ input: simulator.child.stdout }).on('line', (line) => {
      log?.write(`${line}\n`);
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) return;
      variables[name] = value;
      if (name === LAST_VARIABLE) resolve();
    });
  });
  await Promise.race([isReady, simulator.exited]);
  const { [CONTROL]: control = '', ...forApp } = variables;
  return { process: simulator, variables: forApp, control };
}

/** The demo's simulator, which ends with the demo. */
export async function startSimulatorProcess(
  lifetime: Lifetime,
  population: { workspaces: number; agencies: number; seed: number; latency: string },
  logFile: string,
): Promise<SimulatorProcess> {
  const started = await spawnSimulator({ ...population, population: 'demo' }, logFile);
  const { process: simulator } = started;
  lifetime.onEnd(() => simulator.stop());
  lifetime.throwIfEnding();
  if (simulator.hasExited()) throw new UserError(`The provider simulator did not start; its output is in ${logFile}.`);
  lifetime.watch(simulator, `Its output is in ${logFile}.`);
  return started;
}
