import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from './fail';
import { spawnGuarded } from './guarded-process';
import type { Lifetime } from './lifetime';
import { PROJECT_ROOT } from './migration-files';

/** Where the simulated world is changed; not for the app. */
const CONTROL = 'SIMULATOR_CONTROL';
/** Printed last by the simulator: then every variable has been seen. */
const LAST_VARIABLE = 'OUTBOUND_ALLOW_HOSTS';

export interface SimulatorProcess {
  /** They point the app at it. */
  variables: Record<string, string>;
  controlOrigin: string;
}

/** Starts the provider simulator in a process of its own. */
export async function startSimulatorProcess(
  lifetime: Lifetime,
  population: { workspaces: number; agencies: number; seed: number; latency: string },
  logFile: string,
): Promise<SimulatorProcess> {
  const options = { ...population, population: 'demo', 'base-port': 0 };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const simulator = spawnGuarded({
    name: 'provider simulator',
    command: process.execPath,
    args: ['--import', 'tsx', join(PROJECT_ROOT, 'scripts', 'simulator', 'main.ts'), ...args],
    cwd: PROJECT_ROOT,
  });
  lifetime.onEnd(() => simulator.stop());
  const log = createWriteStream(logFile);
  simulator.child.stderr?.pipe(log);
  const variables: Record<string, string> = {};
  const isReady = new Promise<void>((resolve) => {
    if (!simulator.child.stdout) return;
    createInterface({ input: simulator.child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) return;
      variables[name] = value;
      if (name === LAST_VARIABLE) resolve();
    });
  });
  await Promise.race([isReady, simulator.exited]);
  lifetime.throwIfEnding();
  if (simulator.hasExited()) throw new UserError(`The provider simulator did not start; its output is in ${logFile}.`);
  lifetime.watch(simulator, `Its output is in ${logFile}.`);
  const { [CONTROL]: controlOrigin = '', ...forApp } = variables;
  return { variables: forApp, controlOrigin };
}
