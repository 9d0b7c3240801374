/** Ours: the app's sweep in a process of its own, configured by its environment as a server is. */
import { randomUUID } from 'node:crypto';
import { refreshAvailabilityCachesDue, type SweepReport } from '../../lib/availability-cache';
import { db } from '../../lib/db';
import { env } from '../../lib/env';
import { createContext } from '../../lib/refresh/context';
import { measured, type Cost } from './measure';
import { recordedRequests, recordingTransport, type Recording, type RecordedRequest } from './recording';
import { serveCommands } from './rpc';

export interface SweepInput {
  /** Workspaces under way at once; undefined: the shipped default, which finds it by itself. */
  concurrency: number | undefined;
  profileFile?: string;
}

export interface SweepResult {
  cost: Cost;
  requests: number;
  bytes: number;
  report: Pick<SweepReport, 'checked' | 'refreshed' | 'changed' | 'unchanged' | 'errors' | 'byProvider' | 'durationMs'>;
  recorded: RecordedRequest[];
}

export interface SweepCommands {
  sweep: (input: SweepInput) => Promise<SweepResult>;
}

async function sweep({ concurrency, profileFile }: SweepInput): Promise<SweepResult> {
  const settings = env();
  const recording: Recording = { sent: [], exchanges: 0, bytes: 0 };
  // New connections for every run, as after the minute between two sweeps.
  const context = createContext(settings, db());
  const transport = recordingTransport(context.transport, recording);
  const { value: report, cost } = await measured(
    () =>
      refreshAvailabilityCachesDue(
        {
          runId: randomUUID(), mode: 'all', timeBudgetMs: settings.AVAILABILITY_CRON_TIME_BUDGET_MS, concurrency,
          workspaceLimit: undefined, startedAtMs: performance.now(),
        },
        { ...context, transport },
      ),
    profileFile,
  );
  await transport.close();
  const { checked, refreshed, changed, unchanged, errors, byProvider, durationMs } = report;
  return {
    cost,
    requests: recording.exchanges,
    bytes: recording.bytes,
    report: { checked, refreshed, changed, unchanged, errors, byProvider, durationMs },
    recorded: recordedRequests(recording),
  };
}

serveCommands<SweepCommands>({ sweep });
