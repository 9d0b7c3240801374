/** The programs that are compared, each started and measured in the same way. */
import pg from 'pg';
import type { Lifetime } from '../local/lifetime';
import type { BareCommands } from './bare-worker';
import { bundlePrograms } from './bundle';
import type { DatabaseUse } from './database-meter';
import type { Cost } from './measure';
import type { NaiveCommands } from './naive-worker';
import { startWorker, type Commands, type Worker } from './rpc';
import type { Served } from './simulator-worker';
import type { Stage } from './stage';
import type { SweepCommands, SweepResult } from './sweep-worker';

/** One run of a program. */
export interface Run {
  cost: Cost;
  /** As the program counted them. */
  requests: number;
  bytes: number;
  /** As the providers did. */
  served: Served;
  database?: DatabaseUse;
  sweep?: SweepResult['report'];
  /** What must be equal and is not. */
  mismatches: string[];
}

export interface Programs {
  /** First sweep ever: empty tables, a fresh process, nothing learned of any host. */
  cold: () => Promise<Run>;
  /** A sweep; without a concurrency by the shipped defaults. */
  sweep: (concurrency?: number, profileFile?: string) => Promise<Run>;
  /** The requests of the newest sweep. */
  bare: (concurrency: number, profileFile?: string) => Promise<Run>;
  naive: (concurrency: number) => Promise<Run>;
}

export async function startPrograms(lifetime: Lifetime, stage: Stage): Promise<Programs> {
  const { simulator, meter, naiveMeter, appEnv, logOf } = stage;
  const fileOf = await bundlePrograms(['sweep-worker.ts', 'bare-worker.ts', 'naive-worker.ts'], stage.programDir);
  const startOne = <C extends Commands<C>>(name: string): Promise<Worker<C>> =>
    startWorker<C>(lifetime, { name: `${name} process`, file: fileOf(`${name}-worker.ts`), env: appEnv, logFile: logOf(name) });
  const workers = {
    sweep: await startOne<SweepCommands>('sweep'),
    bare: await startOne<BareCommands>('bare'),
    naive: await startOne<NaiveCommands>('naive'),
  };
  let newest: { recorded: SweepResult['recorded']; requests: number; bytes: number } = { recorded: [], requests: 0, bytes: 0 };

  const sweepWith = async (worker: Worker<SweepCommands>, concurrency?: number, profileFile?: string): Promise<Run> => {
    await simulator.call('holdClock', undefined);
    await simulator.call('takeServed', undefined);
    const { value, use } = await meter.during(() => worker.call('sweep', { concurrency, ...(profileFile === undefined ? {} : { profileFile }) }));
    const served = await simulator.call('takeServed', undefined);
    const { cost, requests, bytes, recorded, report } = value;
    newest = { recorded, requests, bytes };
    return { cost, requests, bytes, served, database: use, sweep: report, mismatches: differences('sweep', { requests, bytes }, 'providers', served) };
  };

  return {
    async cold() {
      await forgetEverything(stage.databaseUrl);
      const worker = await startOne<SweepCommands>('sweep');
      try {
        return await sweepWith(worker);
      } finally {
        await worker.stop();
      }
    },
    sweep: (concurrency, profileFile) => sweepWith(workers.sweep, concurrency, profileFile),
    async bare(concurrency, profileFile) {
      const { recorded, requests, bytes } = newest;
      await simulator.call('takeServed', undefined);
      const result = await workers.bare.call('replay', { requests: recorded, concurrency, ...(profileFile === undefined ? {} : { profileFile }) });
      const served = await simulator.call('takeServed', undefined);
      return { ...result, served, mismatches: [...differences('bare', result, 'sweep', { requests, bytes }), ...differences('bare', result, 'providers', served)] };
    },
    async naive(concurrency) {
      const { recorded, requests, bytes } = newest;
      await simulator.call('takeServed', undefined);
      const { value, use } = await naiveMeter.during(() =>
        workers.naive.call('refreshAll', { requests: recorded, concurrency, databaseUrl: stage.naiveUrl }),
      );
      const served = await simulator.call('takeServed', undefined);
      return { ...value, served, database: use, mismatches: differences('naive', value, 'sweep', { requests, bytes }) };
    },
  };
}

interface Traffic {
  requests: number;
  bytes: number;
}

export function differences(name: string, one: Traffic, otherName: string, other: Traffic): string[] {
  return (['requests', 'bytes'] as const).flatMap((what) =>
    one[what] === other[what]
      ? []
      : [`${what}: ${name} ${String(one[what])}, ${otherName} ${String(other[what])}, difference ${String(one[what] - other[what])}`],
  );
}

async function forgetEverything(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('TRUNCATE "WorkspaceAvailabilityStatus", "WorkspaceAvailabilityCache", "ProviderHost"');
  } finally {
    await client.end();
  }
}
