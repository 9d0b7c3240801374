import { boundedTransaction, type Db, type Prisma } from '../db';

/** How a run ended. `running`: it has not, or its process was killed. */
export type RunOutcome = 'running' | 'good' | 'not_good' | 'lock_lost' | 'locked' | 'disabled' | 'failed';

export interface RunRecord {
  id: string;
  job: string;
  startedAt: Date;
  outcome: RunOutcome;
  counts?: Prisma.InputJsonValue;
  error?: string;
}

/** Records a run that is under way, so that a killed one leaves a trace. */
export async function recordStart(db: Db, run: Pick<RunRecord, 'id' | 'job' | 'startedAt'>, timeoutMs: number): Promise<void> {
  await boundedTransaction(db, timeoutMs, [db.$executeRaw`
    INSERT INTO "CronRun" (id, job, "startedAt", outcome) VALUES (${run.id}, ${run.job}, ${run.startedAt}, 'running') ON CONFLICT DO NOTHING`]);
}

/** Records how a run ended, whether or not its start was recorded. @param timeoutMs what the run can still spend */
export async function recordEnd(db: Db, run: RunRecord, timeoutMs: number): Promise<void> {
  const counts = run.counts === undefined ? null : JSON.stringify(run.counts);
  await boundedTransaction(db, timeoutMs, [db.$executeRaw`
    INSERT INTO "CronRun" (id, job, "startedAt", "finishedAt", outcome, counts, error)
    VALUES (${run.id}, ${run.job}, ${run.startedAt}, now(), ${run.outcome}, ${counts}::jsonb, ${run.error ?? null})
    ON CONFLICT (id) DO UPDATE SET "finishedAt" = now(), outcome = EXCLUDED.outcome, counts = EXCLUDED.counts, error = EXCLUDED.error`]);
}
