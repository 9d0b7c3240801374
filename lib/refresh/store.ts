/**
 * Writes the results of attempts, a batch a transaction.
 *
 * Every write carries its fence, the start of its attempt by the database's clock: a success applies only if
 * none that began later is stored, a failure only if nothing that began later is. The hot row is locked or
 * updated first and so serialises the writers of one workspace; the cold row follows it.
 *
 * Two writers that cross are told so by PostgreSQL (deadlock), and the batch is written again, its rows locked in
 * the order of their ids.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { boundedTransaction, Prisma, sqlState, type Db } from '../db';
import { instantOf } from './configured';
import { began, heardFrom, hourColumns, hourSql, isFirstFailure, isNewHour, keepFinishedHours, mayBeFirstFailure, transitionsOfFailure, transitionsOfSuccess } from './history';
import type { AbandonedResult, AttemptResult, FailureResult, SuccessResult } from './types';
import type { FailureDecision } from './backoff';

/** A row that is to be written; failures come with what was decided about their retry. */
export type Write =
  | { kind: 'success'; result: SuccessResult; sendSlots: boolean }
  | { kind: 'failure'; result: FailureResult; decision: FailureDecision }
  | { kind: 'abandoned'; result: AbandonedResult };

/**
 * `changed`: a slot appeared or disappeared. `unchanged`: none did. `gone`: the workspace was deleted.
 * `recorded`: a failure or an abandonment. `failed`: the database refused this row. `unknown`: it did not answer.
 */
export type WriteOutcome = 'changed' | 'unchanged' | 'gone' | 'recorded' | 'failed' | 'unknown';

export interface StoreSettings {
  ttlMs: number;
  lookaheadDays: number;
  /** The sweep that writes, for the history; undefined: a refresh of one workspace. */
  runId?: string;
}

export interface StoredWrite {
  write: Write;
  outcome: WriteOutcome;
  /** Why the database refused the row; no parameter values. */
  error?: string;
}

/**
 * Whether a success must be written with its slots: what it saw is not what is stored, or it is the first after a failure,
 * which the history tells with the rows locked. Otherwise a touch of the hot row is all, and that misses when this was wrong.
 */
export function mustSendSlots({ item: { status }, contentHash }: SuccessResult): boolean {
  return status.contentHash !== contentHash.toString() || status.errorKind !== null;
}

/**
 * Stores a batch; never throws. A failing batch is halved until the bad row is alone.
 * @param timeLeftMs asked before every transaction: what the run can still spend
 */
export async function storeBatch(db: Db, writes: readonly Write[], settings: StoreSettings, timeLeftMs: () => number): Promise<StoredWrite[]> {
  const sorted = [...writes].sort((a, b) => (a.result.item.workspaceId < b.result.item.workspaceId ? -1 : 1));
  const stored = await storeOrHalve(db, sorted, settings, timeLeftMs, 0);
  const resend = stored.filter((s) => s.outcome === 'resend').map((s) => s.write);
  const done = stored.filter((s): s is StoredWrite => s.outcome !== 'resend');
  if (resend.length === 0) return done;
  const again = resend.map((write) => (write.kind === 'success' ? { ...write, sendSlots: true } : write));
  const second = await storeOrHalve(db, again, settings, timeLeftMs, 0);
  return [...done, ...second.map((s) => ({ ...s, outcome: s.outcome === 'resend' ? ('unchanged' as const) : s.outcome }))];
}

type Attempt = Omit<StoredWrite, 'outcome'> & { outcome: WriteOutcome | 'resend' };

/** Lost, shut down, ended for being idle (a process that was frozen). */
const CONNECTION_STATES = /^(08|57P|25P03)/;
/** Deadlock, serialization failure: the same batch can succeed. */
const RETRYABLE_STATES = new Set(['40P01', '40001']);
const MAX_BATCH_RETRIES = 3;
const RECONNECT_PAUSE_MS = 500;
/** A row that somebody holds may cost this part of the time left: enough halvings to leave it alone. */
const LOCK_SHARE = 16;

async function storeOrHalve(db: Db, writes: readonly Write[], settings: StoreSettings, timeLeftMs: () => number, tries: number): Promise<Attempt[]> {
  const left = timeLeftMs();
  if (left <= 0) return writes.map((write) => ({ write, outcome: 'unknown' }));
  try {
    return await storeOnce(db, writes, settings, { timeoutMs: left, lockAll: tries > 0 });
  } catch (error) {
    const state = sqlState(error);
    // No code, or a connection or shutdown code: whether the transaction was committed is not known.
    if (state === undefined || CONNECTION_STATES.test(state)) {
      // Its fence makes writing it again harmless, and a database that restarts is back in seconds.
      const pauseMs = RECONNECT_PAUSE_MS * (tries + 1);
      if (tries < MAX_BATCH_RETRIES && timeLeftMs() > 2 * pauseMs) {
        await sleep(pauseMs);
        return await storeOrHalve(db, writes, settings, timeLeftMs, tries + 1);
      }
      return writes.map((write) => ({ write, outcome: 'unknown' }));
    }
    if (RETRYABLE_STATES.has(state) && tries < MAX_BATCH_RETRIES) {
      return await storeOrHalve(db, writes, settings, timeLeftMs, tries + 1);
    }
    const [only] = writes;
    if (only && writes.length === 1) {
      // A foreign key that no longer holds: the workspace was deleted between plan and write.
      if (state === '23503') return [{ write: only, outcome: 'gone' }];
      return [{ write: only, outcome: 'failed', error: `the database refused the row (SQLSTATE ${state})` }];
    }
    const half = Math.ceil(writes.length / 2);
    const halves = [writes.filter((_, i) => i < half), writes.filter((_, i) => i >= half)];
    const stored: Attempt[] = [];
    for (const part of halves) stored.push(...(await storeOrHalve(db, part, settings, timeLeftMs, tries)));
    return stored;
  }
}

interface OutcomeRow {
  id: string;
  outcome: string;
}

/**
 * @param options.lockAll locks every row in order before anything else, so that two such writers wait for one
 *   another instead of crossing. Only for a second try: it costs a write of every row, and two writers are rare.
 */
async function storeOnce(db: Db, writes: readonly Write[], settings: StoreSettings, options: { timeoutMs: number; lockAll: boolean }): Promise<Attempt[]> {
  const touches = writes.filter((w) => w.kind === 'success' && !w.sendSlots).map((w) => w.result as SuccessResult);
  const contents = writes.filter((w) => w.kind === 'success' && w.sendSlots).map((w) => w.result as SuccessResult);
  const failures = writes.filter((w) => w.kind === 'failure');
  const abandoned = writes.filter((w) => w.kind === 'abandoned');
  const statements: Prisma.PrismaPromise<OutcomeRow[]>[] = [];
  const ofNewHour = writes.filter((w) => w.kind !== 'abandoned' && isNewHour(w.result)).map((w) => w.result);
  const toLock = options.lockAll ? writes.map((w) => w.result) : writes.filter(mustLock).map((w) => w.result);
  if (toLock.length > 0) statements.push(lockRows(db, toLock.map((r) => r.item.workspaceId)));
  if (ofNewHour.length > 0) statements.push(keepFinishedHours(db, ofNewHour));
  if (touches.length > 0) statements.push(touch(db, touches, settings));
  if (contents.length > 0) statements.push(writeContents(db, contents, settings));
  if (failures.length > 0) statements.push(recordFailures(db, failures, settings.runId));
  if (abandoned.length > 0) statements.push(recordAbandoned(db, abandoned.map((w) => w.result)));
  const results = await boundedTransaction(db, options.timeoutMs, statements, { lockTimeoutMs: options.timeoutMs / LOCK_SHARE });
  const outcomes = new Map(results.flat().map((row) => [row.id, row.outcome]));
  return writes.map((write) => {
    const outcome = outcomes.get(write.result.item.workspaceId);
    if (write.kind !== 'success') return { write, outcome: outcome === undefined ? 'gone' : 'recorded' };
    if (!write.sendSlots) return { write, outcome: outcome === undefined ? 'resend' : 'unchanged' };
    return { write, outcome: outcome === 'changed' ? 'changed' : outcome === undefined ? 'gone' : 'unchanged' };
  });
}

/** Writes that compare with the row as it is: with its slots, its hour, its last failure. */
function mustLock(write: Write): boolean {
  if (write.kind === 'abandoned') return false;
  if (isNewHour(write.result)) return true;
  return write.kind === 'success' ? write.sendSlots : mayBeFirstFailure(write.result.item.status, write.result.errorKind);
}

/** A statement of its own, before those that compare: they then see what the last holder of each lock committed. */
function lockRows(db: Db, workspaceIds: string[]): Prisma.PrismaPromise<OutcomeRow[]> {
  return db.$queryRaw`
    WITH locked AS MATERIALIZED (
      SELECT FROM "WorkspaceAvailabilityStatus" WHERE "clientId" = ANY(${workspaceIds}::text[]) ORDER BY "clientId" FOR NO KEY UPDATE
    )
    SELECT '' AS id, count(*)::text AS outcome FROM locked`;
}

/**
 * Columns that a success sets on the hot row. `i.began` is the start of the attempt. What a failure that began
 * later said stays: its slots are the newest there are, but it is not the newest attempt.
 */
function successColumns(settings: StoreSettings): Prisma.Sql {
  const unlessNewer = Prisma.sql`CASE WHEN s."fetchedAt" > i.began THEN`;
  return Prisma.sql`
    "fetchedAt" = GREATEST(s."fetchedAt", i.began), "succeededAt" = i.began,
    "staleAt" = i.began + ${settings.ttlMs} * interval '1 millisecond', "contentHash" = i.content_hash, "abandonedRuns" = 0,
    "retryAt" = ${unlessNewer} s."retryAt" END, "consecutiveFailures" = ${unlessNewer} s."consecutiveFailures" ELSE 0 END,
    "actionRequired" = ${unlessNewer} s."actionRequired" ELSE false END,
    "attemptFingerprint" = ${unlessNewer} s."attemptFingerprint" ELSE i.fingerprint END,
    "errorKind" = ${unlessNewer} s."errorKind" END, "lastError" = ${unlessNewer} s."lastError" END`;
}

/** What every attempt says of itself: id, start, hour, latency, and the configuration it was for. */
function attempts(results: readonly Exclude<AttemptResult, AbandonedResult>[]): Prisma.Sql {
  return Prisma.sql`${results.map((r) => r.item.workspaceId)}::text[], ${results.map((r) => r.beganAt)}::float8[],
    ${results.map((r) => r.latencyMs)}::int[], ${results.map((r) => r.item.fingerprint)}::text[]`;
}

/** The fence of what is not a success. */
const isNewest = Prisma.sql`(s."fetchedAt" IS NULL OR s."fetchedAt" < i.began) AND (s."succeededAt" IS NULL OR s."succeededAt" < i.began)`;

/** Success after a success that saw what is stored: the hot row alone. Returns the rows where that is so. */
function touch(db: Db, results: SuccessResult[], settings: StoreSettings): Prisma.PrismaPromise<OutcomeRow[]> {
  return db.$queryRaw`
    UPDATE "WorkspaceAvailabilityStatus" s SET ${successColumns(settings)}, ${hourColumns({ failures: 0, changes: Prisma.sql`0` })}
    FROM (SELECT t.id, ${began} AS began, ${hourSql} AS hour, t.latency_ms, t.fingerprint, t.content_hash
            FROM unnest(${attempts(results)}, ${results.map((r) => r.contentHash.toString())}::bigint[])
              AS t(id, began_ms, latency_ms, fingerprint, content_hash)) i
    WHERE s."clientId" = i.id AND s."contentHash" = i.content_hash AND s."succeededAt" <= i.began AND s."errorKind" IS NULL
    RETURNING s."clientId" AS id, 'unchanged' AS outcome`;
}

/**
 * Success with its slots. The cold row is rewritten when anything but already-past slots differs, or when no
 * slot is left (readers tell `empty` by it, and an empty answer is confirmed only while slots are stored); the
 * generation grows when a slot inside both the old and the new window appeared or disappeared, or the
 * duration changed. Its hot rows must be locked by an earlier statement of the transaction: a statement that
 * waited for a lock itself would still compare with the cold row as it was before the wait.
 */
function writeContents(db: Db, results: SuccessResult[], settings: StoreSettings): Prisma.PrismaPromise<OutcomeRow[]> {
  const lookahead = Prisma.sql`${settings.lookaheadDays} * interval '24 hours'`;
  const units = results.map(({ slots }) => (slots.every((ms) => ms % MINUTE_MS === 0) ? MINUTE_MS : 1));
  return db.$queryRaw`
    WITH input AS MATERIALIZED (
      SELECT t.id, ${began} AS began, ${hourSql} AS hour, t.latency_ms, t.fingerprint, t.content_hash, t.slots_hash, t.link_id,
        t.type::"CalendarType" AS type, t.url, t.duration, t.meta::jsonb AS meta,
        ARRAY(SELECT ${instantOf(Prisma.sql`(sum(step) OVER (ORDER BY n)) * t.unit_ms`)} FROM unnest(t.steps::float8[]) WITH ORDINALITY s(step, n) ORDER BY n) AS slots
      FROM unnest(${attempts(results)}, ${results.map((r) => r.contentHash.toString())}::bigint[],
          ${results.map((r) => r.slotsHash.toString())}::bigint[], ${results.map((r) => r.item.link.id)}::text[],
          ${results.map((r) => r.item.link.provider)}::text[], ${results.map((r) => r.item.link.url)}::text[],
          ${results.map((r) => r.durationMinutes)}::int[], ${results.map((r) => JSON.stringify(r.meta))}::text[],
          ${units}::float8[], ${results.map((r, index) => stepsOf(r.slots, units[index] ?? 1))}::text[])
        AS t(id, began_ms, latency_ms, fingerprint, content_hash, slots_hash, link_id, type, url, duration, meta, unit_ms, steps)
    ), prev AS MATERIALIZED (
      SELECT i.id, s."succeededAt" AS succeeded, CASE WHEN s."fetchedAt" > i.began THEN NULL ELSE s."errorKind" END AS error_kind,
        s."consecutiveFailures" AS failures, k."clientId" IS NULL AS is_first, k."clientId" IS NULL OR ${slotsChanged(lookahead)} AS changed
      FROM input i JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = i.id
        LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = i.id
    ), hot AS (
      UPDATE "WorkspaceAvailabilityStatus" s SET ${successColumns(settings)}, ${hourColumns({ failures: 0, changes: Prisma.sql`p.changed::int` })}
      FROM input i JOIN prev p ON p.id = i.id
      WHERE s."clientId" = i.id AND (p.succeeded IS NULL OR p.succeeded <= i.began)
      RETURNING p.*
    ), updated AS (
      UPDATE "WorkspaceAvailabilityCache" k SET
        "calendarLinkId" = i.link_id, "calendarType" = i.type, "calendarUrl" = i.url, "slotDurationMinutes" = i.duration,
        "slotsUtc" = i.slots, "slotCount" = cardinality(i.slots), "slotsHash" = i.slots_hash,
        "slotsFingerprint" = i.fingerprint, "providerMeta" = i.meta, generation = k.generation + h.changed::int,
        "changedAt" = CASE WHEN h.changed THEN i.began ELSE k."changedAt" END,
        "changedXid" = CASE WHEN h.changed THEN pg_current_xact_id() ELSE k."changedXid" END
      FROM input i JOIN hot h ON h.id = i.id
      WHERE k."clientId" = i.id AND (
        (k."calendarLinkId", k."calendarType", k."calendarUrl", k."slotDurationMinutes", k."slotsFingerprint", k."providerMeta")
          IS DISTINCT FROM (i.link_id, i.type, i.url, i.duration, i.fingerprint, i.meta)
        OR (k."slotCount" > 0 AND cardinality(i.slots) = 0)
        OR ARRAY(SELECT x FROM unnest(k."slotsUtc") x WHERE x >= i.began) <> i.slots)
    ), inserted AS (
      INSERT INTO "WorkspaceAvailabilityCache" ("clientId", "calendarLinkId", "calendarType", "calendarUrl",
        "slotDurationMinutes", "slotsUtc", "slotCount", "slotsHash", "slotsFingerprint", "providerMeta", "changedAt")
      SELECT i.id, i.link_id, i.type, i.url, i.duration, i.slots, cardinality(i.slots), i.slots_hash, i.fingerprint, i.meta, i.began
      FROM input i JOIN hot h ON h.id = i.id WHERE h.is_first
    ), ${transitionsOfSuccess(settings.runId, lookahead)}
    SELECT p.id, CASE WHEN h.changed THEN 'changed' ELSE 'unchanged' END AS outcome FROM prev p LEFT JOIN hot h ON h.id = p.id`;
}

/**
 * Slots as PostgreSQL's array of their distances, the first from 1970: a fifth of the text of the instants themselves, which
 * Prisma serialises, and keeps for a while.
 */
function stepsOf(slots: Float64Array, unitMs: number): string {
  return `{${slots.map((ms, index) => (ms - (slots[index - 1] ?? 0)) / unitMs).join(',')}}`;
}

/** A slot in both windows appeared or disappeared; the old window is the last success's. Time that passes is no change. */
function slotsChanged(lookahead: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(k."slotDurationMinutes" <> i.duration OR
    ARRAY(SELECT x FROM unnest(k."slotsUtc") x WHERE x > ${heardFrom} AND x < s."succeededAt" + ${lookahead})
      <> ARRAY(SELECT x FROM unnest(i.slots) x WHERE x > ${heardFrom} AND x < s."succeededAt" + ${lookahead}))`;
}

/** A failure keeps slots, `succeededAt` and metadata. Returns the rows that exist, also where a newer one stands. */
function recordFailures(db: Db, writes: { result: FailureResult; decision: FailureDecision }[], runId: string | undefined): Prisma.PrismaPromise<OutcomeRow[]> {
  return db.$queryRaw`
    WITH i AS MATERIALIZED (
      SELECT t.id, ${began} AS began, ${hourSql} AS hour, t.latency_ms, t.fingerprint, t.kind, t.message,
        ${instantOf(Prisma.sql`t.retry_ms`)} AS retry_at, t.action, t.up, ${isFirstFailure} AS is_first
      FROM unnest(${attempts(writes.map((w) => w.result))}, ${writes.map((w) => w.result.errorKind)}::text[],
          ${writes.map((w) => w.result.message)}::text[], ${writes.map((w) => w.decision.retryAt)}::float8[],
          ${writes.map((w) => w.decision.actionRequired)}::boolean[], ${writes.map((w) => (w.decision.countsUp ? 1 : 0))}::int[])
        AS t(id, began_ms, latency_ms, fingerprint, kind, message, retry_ms, action, up)
        JOIN "WorkspaceAvailabilityStatus" o ON o."clientId" = t.id
    ), updated AS (
      UPDATE "WorkspaceAvailabilityStatus" s SET
        "fetchedAt" = i.began, "attemptFingerprint" = i.fingerprint, "errorKind" = i.kind, "lastError" = i.message,
        "retryAt" = i.retry_at, "actionRequired" = i.action, "abandonedRuns" = 0,
        "consecutiveFailures" = i.up + CASE WHEN s."attemptFingerprint" = i.fingerprint THEN s."consecutiveFailures" ELSE 0 END,
        ${hourColumns({ failures: 1, changes: Prisma.sql`0` })}
      FROM i WHERE s."clientId" = i.id AND ${isNewest}
      RETURNING s."clientId" AS id
    ), ${transitionsOfFailure(runId)}
    SELECT s."clientId" AS id, 'recorded' AS outcome FROM "WorkspaceAvailabilityStatus" s JOIN i ON i.id = s."clientId"`;
}

/** Cut off by the run's end: keeps its place in the order. */
function recordAbandoned(db: Db, results: AbandonedResult[]): Prisma.PrismaPromise<OutcomeRow[]> {
  return db.$queryRaw`
    WITH i AS MATERIALIZED (
      SELECT t.id, ${began} AS began
      FROM unnest(${results.map((r) => r.item.workspaceId)}::text[], ${results.map((r) => r.beganAt)}::float8[]) AS t(id, began_ms)
    ), updated AS (
      UPDATE "WorkspaceAvailabilityStatus" s SET "abandonedRuns" = s."abandonedRuns" + 1
      FROM i WHERE s."clientId" = i.id AND ${isNewest}
    )
    SELECT s."clientId" AS id, 'recorded' AS outcome FROM "WorkspaceAvailabilityStatus" s JOIN i ON i.id = s."clientId"`;
}
