/**
 * Removes what is older than it is kept for, in bounded batches, so that no statement holds much or runs long. Doing it twice, or
 * in two processes at once, is harmless; what a run does not come to, the next does.
 */
import { millisecondsInDay as DAY_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { boundedTransaction, Prisma, type Db } from './db';
import type { Env } from './env';

type DaysVariable = Extract<keyof Env, `PRUNE_${string}_DAYS`>;

interface PruneRule {
  name: 'runs' | 'transitions' | 'hours' | 'offers' | 'followUps' | 'webhookEvents' | 'audit' | 'alarms';
  days: DaysVariable;
  /** Which rows of the table are older than `before`. */
  table: string;
  where: (before: Date) => Prisma.Sql;
}

const RULES: readonly PruneRule[] = [
  { name: 'runs', days: 'PRUNE_RUNS_DAYS', table: 'CronRun', where: (before) => Prisma.sql`"startedAt" < ${before}` },
  { name: 'transitions', days: 'PRUNE_TRANSITIONS_DAYS', table: 'WorkspaceTransition', where: (before) => Prisma.sql`at < ${before}` },
  { name: 'hours', days: 'PRUNE_HOURS_DAYS', table: 'WorkspaceHour', where: (before) => Prisma.sql`hour < ${before}` },
  // An offer counts for choosing until its time: only what is long past goes.
  { name: 'offers', days: 'PRUNE_OFFERS_DAYS', table: 'SlotOffer', where: (before) => Prisma.sql`"slotUtc" < ${before}` },
  { name: 'followUps', days: 'PRUNE_OFFERS_DAYS', table: 'FollowUp', where: (before) => Prisma.sql`"finishedAt" < ${before}` },
  { name: 'webhookEvents', days: 'PRUNE_WEBHOOK_EVENTS_DAYS', table: 'WebhookEvent', where: (before) => Prisma.sql`"receivedAt" < ${before}` },
  { name: 'audit', days: 'PRUNE_AUDIT_DAYS', table: 'AuditEntry', where: (before) => Prisma.sql`at < ${before}` },
  { name: 'alarms', days: 'PRUNE_ALARMS_DAYS', table: 'Alarm', where: (before) => Prisma.sql`"closedAt" < ${before}` },
];

export type Pruned = Partial<Record<PruneRule['name'], number>>;

const BATCH_ROWS = 1_000;
const STATEMENT_TIMEOUT_MS = 5_000;
/** A table has one minute of each hour, spread over it, so that a run of every minute pays nothing in most. */
const MINUTES_APART = 7;

/** The tables whose turn is the minute of `now`. */
export function pruneTurnOf(now: number): Pruned {
  const minute = Math.floor(now / MINUTE_MS) % 60;
  return Object.fromEntries(RULES.filter((_, index) => index * MINUTES_APART === minute).map(({ name }) => [name, 0]));
}

/**
 * @param only the tables to look at; default all
 * @param timeLeftMs asked before every batch
 * @returns rows removed of each table that was looked at
 */
export async function prune(db: Db, env: Pick<Env, DaysVariable>, now: number, timeLeftMs: () => number, only?: Pruned): Promise<Pruned> {
  const pruned: Pruned = {};
  for (const { name, days, table, where } of RULES) {
    if (only && !(name in only)) continue;
    const before = new Date(now - env[days] * DAY_MS);
    const from = Prisma.raw(`"${table}"`);
    for (let removed = BATCH_ROWS; removed === BATCH_ROWS && timeLeftMs() > 0; ) {
      [removed] = await boundedTransaction<[number]>(db, Math.min(STATEMENT_TIMEOUT_MS, timeLeftMs()), [
        db.$executeRaw`DELETE FROM ${from} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${from} WHERE ${where(before)} LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED))`,
      ]);
      pruned[name] = (pruned[name] ?? 0) + removed;
    }
  }
  return pruned;
}
