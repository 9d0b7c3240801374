import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { matchesCron } from './cron-schedule';
import { UserError } from './fail';
import { PROJECT_ROOT } from './migration-files';

export interface CronJob {
  path: string;
  schedule: string;
}

export interface CronCall extends CronJob {
  /** The minute it was due at. */
  dueAt: Date;
  durationMs: number;
  /** Undefined: no answer. */
  status: number | undefined;
  /** The parsed JSON answer, the text of another, or why there is none. */
  body: unknown;
}

export interface LocalCronOptions {
  baseUrl: string;
  secret: string;
  jobs: readonly CronJob[];
  /** Only the jobs due at the start, once. */
  once?: boolean;
  /** Run these at once, whatever their schedule says. */
  startWith?: (job: CronJob) => boolean;
  /** May return what to do when the call has its answer, or is given up. */
  onStart?: (job: CronJob) => (() => void) | undefined;
  onCall: (call: CronCall) => void;
}

export interface LocalCron {
  stop: () => void;
  /** Resolves when a `once` cron has had every answer. */
  done: Promise<void>;
}

const MINUTE_MS = 60_000;
/** Longer than the platform lets a function run. */
const CALL_TIMEOUT_MS = 310_000;

const vercelSchema = z.object({ crons: z.array(z.object({ path: z.string().regex(/^\//, 'must begin with /'), schedule: z.string() })) });

/** The crons of `vercel.json`, every schedule checked. */
export function readCronJobs(file = join(PROJECT_ROOT, 'vercel.json')): CronJob[] {
  const parsed = vercelSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new UserError(`${file}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`);
  for (const { schedule } of parsed.data.crons) matchesCron(schedule, new Date());
  return parsed.data.crons;
}

/**
 * Calls every job in its minute as the platform does: a GET with the secret, no redirect followed, and also
 * when the call of the minute before is still running.
 */
export function startLocalCron(options: LocalCronOptions): LocalCron {
  const controller = new AbortController();
  const running = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  const fire = (job: CronJob, dueAt: Date): void => {
    const onEnd = options.onStart?.(job);
    const call = callJob(job, dueAt, options, controller.signal).then((result) => {
      running.delete(call);
      onEnd?.();
      if (!controller.signal.aborted) options.onCall(result);
    });
    running.add(call);
  };
  const minuteOf = (ms: number): Date => new Date(Math.floor(ms / MINUTE_MS) * MINUTE_MS);
  const awaitMinute = (minute: Date): void => {
    timer = setTimeout(() => {
      // A timer may fire a little early; a machine that slept skips the minutes it missed.
      if (Date.now() < minute.getTime()) {
        awaitMinute(minute);
        return;
      }
      const now = minuteOf(Date.now());
      for (const job of options.jobs) if (matchesCron(job.schedule, now)) fire(job, now);
      awaitMinute(new Date(now.getTime() + MINUTE_MS));
    }, Math.max(0, minute.getTime() - Date.now()));
  };

  const thisMinute = minuteOf(Date.now());
  for (const job of options.jobs) {
    if (options.startWith?.(job) ?? (options.once && matchesCron(job.schedule, thisMinute))) fire(job, new Date());
  }
  if (!options.once) awaitMinute(new Date(thisMinute.getTime() + MINUTE_MS));
  return {
    stop: () => {
      clearTimeout(timer);
      controller.abort();
    },
    done: Promise.all(running).then(() => undefined),
  };
}

async function callJob(job: CronJob, dueAt: Date, { baseUrl, secret }: LocalCronOptions, signal: AbortSignal): Promise<CronCall> {
  const startedAt = performance.now();
  const finish = (status: number | undefined, body: unknown): CronCall => ({ ...job, dueAt, status, body, durationMs: Math.round(performance.now() - startedAt) });
  try {
    const response = await fetch(new URL(job.path, baseUrl), {
      headers: { authorization: `Bearer ${secret}`, 'user-agent': 'vercel-cron/1.0', 'x-vercel-cron-schedule': job.schedule },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    const text = await response.text();
    try {
      return finish(response.status, JSON.parse(text));
    } catch {
      return finish(response.status, text.slice(0, 200));
    }
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    return finish(undefined, cause?.code ?? cause?.message ?? (error as Error).message);
  }
}
