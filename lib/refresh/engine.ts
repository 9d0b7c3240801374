/**
 * The seam between plan and work: takes work items, hands every outcome to the sink. This engine is the pool
 * of one process; one over a queue would spread the same items over machines.
 */
import type { Pause } from '../abort';
import type { Clock } from '../clock';
import { AccountAnswers } from '../providers/account-answers';
import { ERROR_KINDS } from '../providers/errors';
import type { HttpClient, HttpObservation } from '../providers/types';
import { attempt, RunEnded } from './attempt';
import { decideFailure } from './backoff';
import type { Breakers } from './breaker';
import type { HostLimits } from './concurrency';
import type { CacheContext } from './context';
import { runPool } from './pool';
import { asksAccount, quotaLesson, requestsOf, reserveQuota, saveQuotaLessons, settlementOf, type Grant, type QuotaLesson } from './quota';
import { SendPace } from './send-pace';
import type { Sink } from './sink';
import { mustSendSlots } from './store';
import type { AttemptResult, FailureResult, WorkItem } from './types';

export interface EngineOptions {
  items: readonly WorkItem[];
  /** What the items' places have taken from the buckets, by quota key. */
  grants: ReadonlyMap<string, Grant>;
  context: CacheContext;
  /** Told of every HTTP exchange. */
  observe: (observation: HttpObservation) => void;
  clock: Clock;
  /** Epoch milliseconds by `clock` at which `signal` aborts. */
  endsAt: number;
  /** After it no request that has a place is begun: it would be cut off. */
  placesEndAt: number;
  signal: AbortSignal;
  breakers: Breakers;
  limits: HostLimits;
  sink: Sink;
  concurrency: number | undefined;
  parkAfterMs: number;
}

export interface EngineReport {
  closedOut: WorkItem[];
  tooLate: WorkItem[];
  notReached: WorkItem[];
  /** Cut off by a lost lock: not the calendar's fault, so nothing is written of it. */
  abandonedUnwritten: number;
  quotaLessons: QuotaLesson[];
}

/** A retry is worth no longer wait than this for its credential's next place. */
const RETRY_QUOTA_WAIT_MS = 1_000;
const LESSON_TIMEOUT_MS = 2_000;
/** How often one looks whether the account's answers are there. */
const ACCOUNT_WAIT_MS = 100;

export async function runEngine(options: EngineOptions): Promise<EngineReport> {
  const { context, observe, clock, endsAt, signal, breakers, limits, sink, concurrency } = options;
  const { settings } = context;
  const firstFailures = new Map<WorkItem, FailureResult>();
  const lessons = new Map<string, QuotaLesson>();
  const accounts = new Map<string, AccountAnswers>();
  const grants = new Map(options.grants);
  const answers = new Map<string, number>();
  const startedAt = clock.now();
  const endedKeys = new Set<string>();
  const pace = new SendPace(clock);
  let abandonedUnwritten = 0;
  const http = context.transport.client({ observe });

  const commitFailure = (result: FailureResult): void => {
    const { item } = result;
    const decision = decideFailure(
      {
        errorKind: result.errorKind,
        retryAfterMs: result.retryAfterMs,
        status: item.status,
        fingerprint: item.fingerprint,
        hasSucceeded: item.status.succeededAt !== null && item.stored?.slotsFingerprint === item.fingerprint,
        breakerOpen: breakers.isOpen(item.host),
      },
      settings, clock.now(), context.random(),
    );
    sink.add({ kind: 'failure', result, decision });
  };

  const commit = (result: AttemptResult): void => {
    const { item } = result;
    if (result.kind === 'success') {
      sink.add({ kind: 'success', result, sendSlots: mustSendSlots(result) });
    } else if (result.kind === 'failure') {
      commitFailure(result);
    } else if (signal.reason instanceof RunEnded && signal.reason.why === 'lock_lost') {
      abandonedUnwritten++;
    } else if (item.status.abandonedRuns > 0) {
      // Twice in a row: a calendar that hangs must not fill every run.
      commitFailure({ ...result, kind: 'failure', errorKind: 'timeout', retryAfterMs: undefined, message: 'No complete answer before the end of two runs in a row.' });
    } else {
      sink.add({ kind: 'abandoned', result });
    }
  };

  const learn = (result: AttemptResult): void => {
    const { item } = result;
    if (result.kind === 'abandoned') return;
    const hasCredential = item.credential !== null;
    breakers.record(item.host, result.kind === 'success' ? { kind: 'success' } : { ...result, kind: 'failure', hasCredential });
    if (item.credential && result.kind === 'failure' && result.errorKind === 'rate_limited') {
      const { quotaKey } = item.credential;
      const blockedUntil = clock.now() + (result.retryAfterMs ?? settings.ttlMs);
      pace.block(quotaKey, blockedUntil);
      note(quotaKey, { blockedUntil });
      // At once, for readers and persons who refresh beside this run; its end saves it again.
      void saveQuotaLessons(context.db, [quotaLesson(quotaKey, { blockedUntil })], LESSON_TIMEOUT_MS).catch(() => undefined);
    }
  };

  const note = (quotaKey: string, lesson: Partial<QuotaLesson>): void => {
    lessons.set(quotaKey, quotaLesson(quotaKey, { ...lessons.get(quotaKey), ...lesson }));
  };

  const accountOf = (quotaKey: string): AccountAnswers => {
    let account = accounts.get(quotaKey);
    if (!account) accounts.set(quotaKey, (account = new AccountAnswers()));
    return account;
  };

  /** A credential's answers tell its own limit, so its requests are observed apart. */
  const clientOf = (item: WorkItem, pause: Pause): HttpClient => {
    const { credential } = item;
    if (!credential) return http;
    return context.transport.client({
      accountAnswers: { once: (url, ask) => accountOf(credential.quotaKey).once(url, ask, pause) },
      beforeRequest: ({ signal: requestSignal }) => pause(() => pace.turn(item, requestSignal)),
      observe: (observation) => {
        observe(observation);
        if (!observation.failed) answers.set(credential.quotaKey, smoothed(answers.get(credential.quotaKey), observation.durationMs));
        if (observation.quotaLimit !== undefined) note(credential.quotaKey, { learnedLimit: observation.quotaLimit });
      },
    });
  };

  const retryHasPlace = async (item: WorkItem): Promise<boolean> => {
    if (!item.credential) return true;
    const now = clock.now();
    // A database that does not answer gives no place: the first failure then stands, and is recorded.
    const again = await reserveQuota(context.db, [item], {
      now, endsAt: Math.min(endsAt, now + RETRY_QUOTA_WAIT_MS), sharePercent: settings.quotaSharePercent, timeoutMs: RETRY_QUOTA_WAIT_MS,
      isAccountAsked: accountOf(item.credential.quotaKey).isKnown,
    }).catch(() => null);
    for (const [key, grant] of again?.grants ?? []) grants.set(key, together(grants.get(key), grant));
    return again !== null && again.admitted.length > 0;
  };

  /**
   * Its turn, or the run's end: what would be cut off there has used the quota for nothing and asks for it all again. While
   * another asks about the account, what this one would ask first, it waits.
   */
  const heldUntil = (item: WorkItem): number | null => {
    const dueAt = pace.heldUntil(item);
    if (dueAt === null || !item.credential || item.requestIntervalMs === null) return null;
    const { quotaKey } = item.credential;
    if (endedKeys.has(quotaKey)) return endsAt;
    const now = clock.now();
    const account = accountOf(quotaKey);
    const startsAt = Math.max(dueAt, account.isAsking && asksAccount(item, now) ? now + ACCOUNT_WAIT_MS : now);
    const answerMs = answers.get(quotaKey) ?? 0;
    const untilLastMs = (requestsOf(item, now, { isAccountAsked: account.isKnown }) - 1) * Math.max(item.requestIntervalMs, answerMs);
    const lastAt = Math.min(options.placesEndAt, endsAt - 2 * answerMs);
    if (startsAt + untilLastMs <= lastAt) return startsAt;
    // Nor does one that needs less overtake it; but what no run is long enough for stands in nobody's way.
    if (startedAt + untilLastMs <= lastAt) endedKeys.add(quotaKey);
    return endsAt;
  };

  const pool = await runPool<WorkItem>({
    items: options.items,
    laneOf: (item) => item.host,
    limitOf: (host) => (breakers.isProbing(host) ? 1 : limits.limitOf(host)),
    maxInFlight: concurrency,
    closedUntil: (host) => breakers.opensAgainAt(host),
    heldUntil,
    now: () => clock.now(),
    endsAt,
    signal,
    parkAfterMs: options.parkAfterMs,
    maxParked: 2 * (concurrency ?? settings.maxConcurrencyPerHost),
    giveUp: (item) => {
      const first = firstFailures.get(item);
      if (first) commit(first);
    },
    work: async (item, { isRetry }) => {
      const first = firstFailures.get(item);
      if (isRetry && first && !(await retryHasPlace(item))) {
        commit(first);
        return 'done';
      }
      pace.begin(item);
      const result = await attempt(item, context, (pause) => clientOf(item, pause), clock, signal);
      pace.end(item);
      learn(result);
      if (isRetry && first && result.kind === 'abandoned') {
        commit(first);
      } else if (!isRetry && result.kind === 'failure' && ERROR_KINDS[result.errorKind].sameRun) {
        firstFailures.set(item, result);
        return 'again';
      } else {
        commit(result);
      }
      return 'done';
    },
  });
  for (const [quotaKey, grant] of grants) {
    const settlement = settlementOf(grant, pace.sentWith(quotaKey));
    if (settlement) note(quotaKey, { settlement });
  }
  return { ...pool, abandonedUnwritten, quotaLessons: [...lessons.values()] };
}

/** Somebody else may have taken something between the two, so where the bucket stands is not known. */
function together(first: Grant | undefined, then: Grant): Grant {
  if (!first || then.requests === 0) return first ?? then;
  return { ...first, requests: first.requests + then.requests, until: null };
}

/** Mean that forgets: a slow hour of a vendor is over sometime. */
function smoothed(mean: number | undefined, latest: number): number {
  return mean === undefined ? latest : mean + (latest - mean) / 5;
}
