/**
 * What every cron route has in common: authorise, parse, lock, record, answer. A job says what is its own.
 */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { databaseUrl, env, EnvError, type Env } from '../env';
import { CLIENT_GRACE_MS, db, type Db, type Prisma } from '../db';
import { log } from '../log';
import { RunEnded } from '../refresh/attempt';
import { requestIdOf } from '../request-id';
import { authorise } from './authorise';
import type { LockKey } from './lock-keys';
import { tryLock } from './lock';
import { recordEnd, recordStart, type RunOutcome } from './run-record';

/** The answer comes by the end of the budget plus this. */
const ANSWER_GRACE_MS = 2_000;
/** Of that, what a busy process and the way to the caller may take. */
const ANSWER_RESERVE_MS = 700;
/** Longest for the lock and for one record, where the run's end does not come sooner. */
const LOCK_TIMEOUT_MS = 5_000;
const RECORD_TIMEOUT_MS = 5_000;

export interface JobRun<P> {
  params: P;
  runId: string;
  /** The caller's `x-request-id`, else one made here; in the log and in the answer's headers. */
  requestId: string;
  /** `performance.now()` when the request came. */
  startedAtMs: number;
  /** What the run may take; it answers at most 2 s later. */
  timeBudgetMs: number;
  /** Aborts with `RunEnded('lock_lost')`. */
  signal: AbortSignal;
  env: Env;
}

export interface JobAnswer {
  status: number;
  outcome: RunOutcome;
  body: Record<string, unknown>;
}

export interface CronJob<P> {
  name: string;
  params: z.ZodType<P>;
  timeBudgetMs: (params: P, env: Env) => number;
  /** False for a run that writes nothing, not even that it ran. Default: every run leaves its `CronRun` row. */
  isRecorded?: (params: P) => boolean;
  /** The lock that this run needs; null: none. */
  lockOf: (params: P) => LockKey | null;
  /** An answer that needs neither lock nor work, e.g. `disabled`. */
  before?: (run: JobRun<P>) => JobAnswer | null;
  run: (run: JobRun<P>) => Promise<JobAnswer>;
  /** Errors that are the caller's, as an answer; null: it is ours. */
  answerTo?: (error: unknown) => JobAnswer | null;
  /** What is done once the answer is given, and cannot change it. Must not throw. */
  afterwards?: (run: JobRun<P>, result: JobAnswer) => Promise<void>;
}

/** What a route stands on: the process's own, or a test's. */
export interface CronRouteDeps {
  /** @throws EnvError */
  env: () => Env;
  db: (from: Env) => Db;
  /** Runs what comes after the answer: on a serverless host the platform must be told of it. Default: it just runs. */
  afterAnswer?: (work: () => Promise<void>) => void;
}

/**
 * The GET handler of a cron job. 401 wrong or missing secret · 400 bad parameter · 503 no secret, bad
 * environment, no database · otherwise the job's own answer. Every run leaves a `CronRun` row, a skipped and a
 * failed one too.
 */
export function cronRoute<P>(job: CronJob<P>, deps: CronRouteDeps = { env, db }): (request: Request) => Promise<Response> {
  return async (request) => {
    const startedAtMs = performance.now();
    const requestId = requestIdOf(request.headers);
    const answer = (status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): Response =>
      Response.json(body, { status, headers: { 'cache-control': 'no-store', 'x-request-id': requestId, ...headers } });
    let environment: Env;
    try {
      environment = deps.env();
      databaseUrl(environment);
    } catch (error) {
      if (error instanceof EnvError) return answer(503, { success: false, error: 'environment', message: error.message });
      throw error;
    }
    const authorisation = authorise(request.headers, environment);
    if (authorisation.kind === 'unconfigured') return answer(503, { success: false, error: 'cron_secret', message: authorisation.message });
    if (authorisation.kind === 'denied') {
      return answer(401, { success: false, error: 'unauthorized', message: 'Send the header Authorization: Bearer $CRON_SECRET.' }, { 'www-authenticate': 'Bearer' });
    }
    const parsed = parseParams(job, new URL(request.url).searchParams);
    if (parsed.kind === 'bad') return answer(400, { success: false, error: 'bad_parameter', parameter: parsed.parameter, message: parsed.message });

    const lockLost = new AbortController();
    const run: JobRun<P> = {
      params: parsed.params, runId: randomUUID(), requestId, startedAtMs, signal: lockLost.signal, env: environment,
      timeBudgetMs: job.timeBudgetMs(parsed.params, environment),
    };
    const result = await runJob(job, run, deps, () => { lockLost.abort(new RunEnded('lock_lost')); });
    if (job.afterwards) (deps.afterAnswer ?? runDetached)(async () => { await job.afterwards?.(run, result); });
    return answer(result.status, result.body);
  };
}

async function runJob<P>(job: CronJob<P>, run: JobRun<P>, deps: CronRouteDeps, onLost: () => void): Promise<JobAnswer> {
  const startedAt = new Date();
  const record = { id: run.runId, job: job.name, startedAt };
  let client: Db | undefined;
  let result: JobAnswer;
  let errorName: string | undefined;
  try {
    client = deps.db(run.env);
    result = job.before?.(run) ?? (await runLocked(job, run, client, record, onLost));
  } catch (error) {
    const known = job.answerTo?.(error);
    errorName = error instanceof Error ? error.name : 'unknown';
    result = known ?? {
      status: 503,
      outcome: 'failed',
      body: { success: false, runId: run.runId, error: 'database', message: 'The database cannot be reached or did not answer in time; nothing that was stored is lost. See the log of this run.' },
    };
    // The message of a driver may hold a URL; the code alone tells what is needed.
    if (!known) log().error({ runId: run.runId, requestId: run.requestId, job: job.name, error: errorName, code: codeOf(error) }, 'cron_run_failed');
  }
  const durationMs = Math.round(performance.now() - run.startedAtMs);
  log().info({ runId: run.runId, requestId: run.requestId, job: job.name, outcome: result.outcome, status: result.status, ...countsOf(result.body), durationMs }, 'cron_run');
  if (client && (job.isRecorded?.(run.params) ?? true)) {
    await recordEnd(client, { ...record, outcome: result.outcome, counts: result.body as Prisma.InputJsonObject, ...(errorName === undefined ? {} : { error: errorName }) }, recordTimeLeftMs(run)).catch((error: unknown) => { warnUnrecorded(job, run, error); });
  }
  return result;
}

async function runLocked<P>(job: CronJob<P>, run: JobRun<P>, client: Db, record: { id: string; job: string; startedAt: Date }, onLost: () => void): Promise<JobAnswer> {
  const key = job.lockOf(run.params);
  if (!key) return await job.run(run);
  const budgetLeftMs = run.startedAtMs + run.timeBudgetMs - performance.now();
  const lock = await tryLock(run.env.DIRECT_DATABASE_URL ?? databaseUrl(run.env), key, { timeoutMs: Math.min(LOCK_TIMEOUT_MS, budgetLeftMs), onLost });
  if (lock.kind === 'locked') {
    return { status: 200, outcome: 'locked', body: { success: true, skipped: true, reason: 'locked', runId: run.runId, lockedForMs: lock.heldForMs } };
  }
  // Beside the work: a run that cannot be recorded still keeps calendars fresh.
  const recording = recordStart(client, record, recordTimeLeftMs(run)).catch((error: unknown) => { warnUnrecorded(job, run, error); });
  try {
    return await job.run(run);
  } finally {
    await recording;
    await lock.release();
  }
}

function warnUnrecorded<P>(job: CronJob<P>, run: JobRun<P>, error: unknown): void {
  log().warn({ runId: run.runId, job: job.name, error: error instanceof Error ? error.name : 'unknown' }, 'cron_run_not_recorded');
}

/** A database that hangs must not hold the answer up. */
function recordTimeLeftMs(run: Pick<JobRun<unknown>, 'startedAtMs' | 'timeBudgetMs'>): number {
  const answerBy = run.startedAtMs + run.timeBudgetMs + ANSWER_GRACE_MS - ANSWER_RESERVE_MS;
  return Math.min(RECORD_TIMEOUT_MS, answerBy - CLIENT_GRACE_MS - performance.now());
}

type ParsedParams<P> = { kind: 'ok'; params: P } | { kind: 'bad'; parameter: string; message: string };

function parseParams<P>(job: CronJob<P>, search: URLSearchParams): ParsedParams<P> {
  const given = new Map<string, string>();
  for (const [name, value] of search) {
    if (given.has(name)) return { kind: 'bad', parameter: name, message: `${name} is given twice` };
    given.set(name, value.trim());
  }
  const parsed = job.params.safeParse(Object.fromEntries(given));
  if (parsed.success) return { kind: 'ok', params: parsed.data };
  const [issue] = parsed.error.issues;
  const parameter = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('.') ?? '');
  const what = issue?.code === 'unrecognized_keys' ? 'is not a parameter of this route' : (issue?.message ?? 'is not valid');
  return { kind: 'bad', parameter, message: `${parameter} ${what}` };
}

const runDetached = (work: () => Promise<void>): void => { void work(); };

/** The counters of an answer, for the log line. */
function countsOf(body: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(body).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

function codeOf(error: unknown): string | undefined {
  return error && typeof error === 'object' && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
