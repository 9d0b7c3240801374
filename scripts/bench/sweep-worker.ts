/** Ours: the app's sweep in a process of its own, configured by its environment as a server is. */
import { randomUUID } from 'node:crypto';
import { refreshAvailabilityCachesDue, type SweepReport } from '../../lib/availability-cache';
import { db } from '../../lib/db';
import { env } from '../../lib/env';
import { forgetReadings } from '../../lib/providers/http-answers';
import { createContext } from '../../lib/refresh/context';
import { boundHeapGrowth } from '../../lib/startup';
import { measured, type Cost } from './measure';
import { readOften, type ReadingInput, type ReadingTimes } from './read-work';
import { recordedRequests, recordingTransport, type Recording, type RecordedRequest } from './recording';
import { serveCommands } from './rpc';
import { storeOften, type StoringInput } from './store-work';

export interface SweepInput {
  /** Workspaces under way at once; undefined: the shipped default, which finds it by itself. */
  concurrency: number | undefined;
  /** Default: the app's own. */
  timeBudgetMs?: number | undefined;
  /** Note the requests, for the other programs. */
  isRecorded?: boolean;
  /** Read every answer, also those whose text was read before. */
  isReadAnew?: boolean;
  profileFile?: string;
}

export interface SweepResult {
  cost: Cost;
  requests: number;
  bytes: number;
  report: Pick<SweepReport, 'checked' | 'refreshed' | 'changed' | 'unchanged' | 'notReached' | 'abandoned' | 'errors' | 'byProvider' | 'durationMs'>;
  recorded: RecordedRequest[];
}

export interface SweepCommands {
  sweep: (input: SweepInput) => Promise<SweepResult>;
  /** Reads one workspace's slots again and again. */
  read: (input: ReadingInput) => Promise<ReadingTimes>;
  /** Writes sweeps of made-up results, without a request. */
  store: (input: StoringInput) => Promise<void>;
}

async function sweep({ concurrency, timeBudgetMs, isRecorded = false, isReadAnew = false, profileFile }: SweepInput): Promise<SweepResult> {
  const settings = env();
  if (isReadAnew) forgetReadings();
  const recording: Recording = { sent: isRecorded ? [] : null, exchanges: 0, bytes: 0 };
  // New connections for every run, as after the minute between two sweeps.
  const context = createContext(settings, db());
  const transport = recordingTransport(context.transport, recording);
  const { value, cost } = await measured(
    () =>
      refreshAvailabilityCachesDue(
        {
          runId: randomUUID(), mode: 'all', timeBudgetMs: timeBudgetMs ?? settings.AVAILABILITY_CRON_TIME_BUDGET_MS, concurrency,
          workspaceLimit: undefined, startedAtMs: performance.now(),
        },
        { ...context, transport },
      ),
    profileFile,
  );
  await transport.close();
  const { checked, refreshed, changed, unchanged, notReached, abandoned, errors, byProvider, durationMs } = value;
  return {
    cost,
    requests: recording.exchanges,
    bytes: recording.bytes,
    report: { checked, refreshed, changed, unchanged, notReached, abandoned, errors, byProvider, durationMs },
    recorded: recordedRequests(recording),
  };
}

boundHeapGrowth();
serveCommands<SweepCommands>({
  sweep,
  read: (input) => readOften(createContext(env(), db()), input),
  store: (input) => storeOften(createContext(env(), db()), input),
});
