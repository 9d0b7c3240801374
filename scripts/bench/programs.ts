/** The programs that are compared, each started and measured in the same way. */
import type { Lifetime } from '../local/lifetime';
import type { BareCommands } from './bare-worker';
import { bundlePrograms } from './bundle';
import type { DatabaseUse } from './database-meter';
import type { Cost } from './measure';
import type { NaiveCommands } from './naive-worker';
import { startWorker, type Commands, type Worker } from './rpc';
import type { Served } from './simulator-worker';
import { query, type Stage } from './stage';
import type { SweepCommands, SweepInput, SweepResult } from './sweep-worker';

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
  sweep: (input?: Partial<SweepInput>) => Promise<Run>;
  /** The requests of the newest recorded sweep. */
  bare: (concurrency: number, profileFile?: string) => Promise<Run>;
  naive: (concurrency: number) => Promise<Run>;
  /** The process of ours, for what is not a sweep. */
  ours: () => Promise<Worker<SweepCommands>>;
}

export async function startPrograms(lifetime: Lifetime, stage: Stage): Promise<Programs> {
  const { simulator, meter, naiveMeter, appEnv, logOf } = stage;
  const fileOf = await bundlePrograms(['sweep-worker.ts', 'bare-worker.ts', 'naive-worker.ts'], stage.programDir);
  const startOne = <C extends Commands<C>>(name: string): Promise<Worker<C>> =>
    startWorker<C>(lifetime, { name: `${name} process`, file: fileOf(`${name}-worker.ts`), env: appEnv, logFile: logOf(name) });
  const once = <T>(start: () => Promise<T>): (() => Promise<T>) => {
    let started: Promise<T> | undefined;
    return () => (started ??= start());
  };
  const ours = once(() => startOne<SweepCommands>('sweep'));
  const bareWorker = once(() => startOne<BareCommands>('bare'));
  const naiveWorker = once(() => startOne<NaiveCommands>('naive'));
  let newest: Pick<SweepResult, 'recorded' | 'requests' | 'bytes'> = { recorded: [], requests: 0, bytes: 0 };

  const sweepWith = async (worker: Worker<SweepCommands>, input: Partial<SweepInput> = {}): Promise<Run> => {
    await simulator.call('holdClock', undefined);
    await simulator.call('takeServed', undefined);
    const { value, use } = await meter.during(() => worker.call('sweep', { concurrency: undefined, ...input }));
    const served = await simulator.call('takeServed', undefined);
    const { cost, requests, bytes, recorded, report } = value;
    if (input.isRecorded) newest = { recorded, requests, bytes };
    return { cost, requests, bytes, served, database: use, sweep: report, mismatches: differences('sweep', { requests, bytes }, 'providers', served) };
  };

  return {
    ours,
    async cold() {
      await query(stage.databaseUrl, 'TRUNCATE "WorkspaceAvailabilityStatus", "WorkspaceAvailabilityCache", "ProviderHost", "WorkspaceTransition", "WorkspaceHour"');
      const worker = await startOne<SweepCommands>('sweep');
      try {
        return await sweepWith(worker);
      } finally {
        await worker.stop();
      }
    },
    sweep: async (input) => sweepWith(await ours(), input),
    async bare(concurrency, profileFile) {
      const worker = await bareWorker();
      const { recorded, requests, bytes } = newest;
      await simulator.call('takeServed', undefined);
      const result = await worker.call('replay', { requests: recorded, concurrency, ...(profileFile === undefined ? {} : { profileFile }) });
      const served = await simulator.call('takeServed', undefined);
      return { ...result, served, mismatches: [...differences('bare', result, 'sweep', { requests, bytes }), ...differences('bare', result, 'providers', served)] };
    },
    async naive(concurrency) {
      const worker = await naiveWorker();
      const { recorded, requests, bytes } = newest;
      await simulator.call('takeServed', undefined);
      const { value, use } = await naiveMeter.during(() => worker.call('refreshAll', { requests: recorded, concurrency, databaseUrl: stage.naiveUrl }));
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
