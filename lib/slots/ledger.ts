/** SQL of the offer ledger: the workspace's lock, what choosing needs to know, and the writes. */
import { OFFERS_LOCK_CLASS } from '../cron/lock-keys';
import { bounded, Prisma, sqlState, type Db } from '../db';
import { epochMs, instantOf, timezoneSql } from '../refresh/configured';
import type { StoredOfferRules } from './offer-rules';

type Tx = Prisma.TransactionClient;

export const OFFER_STATES = ['prepared', 'sent', 'failed', 'expired'] as const;
export type OfferState = (typeof OFFER_STATES)[number];

/** What an offer is made for: one email. Asked for again, it is the same offer. */
export interface Send {
  leadId: string;
  channel: string;
  /** The scheduled email, or the follow-up. */
  sendKey: string;
}

export interface Offer extends Send {
  id: string;
  /** From 1, in order of time. */
  position: number;
  startMs: number;
  state: OfferState;
  reason: string | null;
  offeredAtMs: number;
}

/** A writer holds the lock for some milliseconds: a wait this long means that one hangs, or a machine is overloaded. */
export const DEFAULT_LOCK_WAIT_MS = 5_000;
/** For the short statements under the lock, together. */
const WORK_TIMEOUT_MS = 5_000;
/** A frozen process's transaction, and with it the lock, ends after this. */
const IDLE_LIMIT_MS = 5_000;
const POOL_WAIT_MS = 5_000;

/** The statement that waits for the workspace's ledger; its lock ends with the transaction. */
export function lockOfLedger(workspaceId: string): Prisma.Sql {
  return Prisma.sql`SELECT pg_advisory_xact_lock(${OFFERS_LOCK_CLASS}::int, ('x' || left(md5(${workspaceId}), 8))::bit(32)::int)`;
}

/**
 * Runs `work` as the only writer of the workspace's ledger. The lock is the transaction's: it ends with it,
 * however it ends. Null: the lock or a connection was not to be had in time, and nothing was written.
 *
 * READ COMMITTED is asked for by name: the snapshot of a stricter level would be taken before the wait for
 * the lock ends, and the last writer's offers not counted.
 */
export async function withWorkspaceLedger<T>(db: Db, workspaceId: string, lockWaitMs: number, work: (tx: Tx) => Promise<T>): Promise<T | null> {
  const timeoutMs = lockWaitMs + WORK_TIMEOUT_MS;
  const options = { timeout: timeoutMs, maxWait: POOL_WAIT_MS, isolationLevel: Prisma.TransactionIsolationLevel.ReadCommitted };
  const lock = { isHeld: false };
  try {
    return await bounded(POOL_WAIT_MS + timeoutMs + 1_000, () => db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT set_config('lock_timeout', ${String(lockWaitMs)}, true),
        set_config('statement_timeout', ${String(timeoutMs)}, true),
        set_config('idle_in_transaction_session_timeout', ${String(IDLE_LIMIT_MS)}, true)`;
      await tx.$executeRaw(lockOfLedger(workspaceId));
      lock.isHeld = true;
      return await work(tx);
    }, options));
  } catch (error) {
    if (!lock.isHeld && (sqlState(error) === '55P03' || isPoolTimeout(error))) return null;
    throw error;
  }
}

function isPoolTimeout(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2028';
}

export interface LedgerFacts extends StoredOfferRules {
  hasLead: boolean;
  leadZone: string | null;
  workspaceZone: string;
  /** The lead has a booking that is not over. */
  isBooked: boolean;
  /** Every offer ever made to this lead. */
  offers: Offer[];
  busy: { startMs: number; endMs: number }[];
  /** Live offers of the workspace by start. */
  counts: Map<number, number>;
}

interface FactsRow extends Omit<LedgerFacts, 'busy' | 'counts'> {
  busy: [number, number][];
  counts: [number, number][];
}

const offerJson = Prisma.sql`json_build_object('id', o.id, 'leadId', o."leadId", 'channel', o.channel, 'sendKey', o."sendKey",
  'position', o.position, 'startMs', ${epochMs(Prisma.sql`o."slotUtc"`)}, 'state', o.state, 'reason', o.reason,
  'offeredAtMs', ${epochMs(Prisma.sql`o."offeredAt"`)})`;

/**
 * What is known for choosing; null: no such workspace. Offers that failed or ended count for nothing, and one whose time has
 * passed is not even looked at, since only times to come are chosen from.
 */
export async function readLedger(tx: Tx, workspaceId: string, leadId: string | null, nowMs: number): Promise<LedgerFacts | null> {
  const now = instantOf(Prisma.sql`${nowMs}::float8`);
  const rows = await tx.$queryRaw<FactsRow[]>`
    SELECT d.id IS NOT NULL AS "hasLead", d.timezone AS "leadZone", ${timezoneSql} AS "workspaceZone", w."workingHours",
      COALESCE(w."offerWeekends", false) AS "offerWeekends", w."preferredDays", w."offerWithinDays", w.locale,
      EXISTS (SELECT FROM "Booking" b WHERE b."clientId" = c.id AND b."leadId" = d.id AND b."cancelledAt" IS NULL AND b."endsAt" > ${now}) AS "isBooked",
      COALESCE((SELECT json_agg(${offerJson} ORDER BY o.position) FROM "SlotOffer" o WHERE o."leadId" = d.id), '[]') AS offers,
      COALESCE((SELECT json_agg(json_build_array(${epochMs(Prisma.sql`b."startsAt"`)}, ${epochMs(Prisma.sql`b."endsAt"`)}))
        FROM "Booking" b WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > ${now}), '[]') AS busy,
      COALESCE((SELECT json_agg(json_build_array(${epochMs(Prisma.sql`n."slotUtc"`)}, n.live))
        FROM (SELECT "slotUtc", count(*) AS live FROM "SlotOffer"
              WHERE "clientId" = c.id AND "slotUtc" > ${now} AND state IN ('prepared', 'sent') GROUP BY 1) n), '[]') AS counts
    FROM "Client" c
      LEFT JOIN "WorkspaceSettings" w ON w."clientId" = c.id
      LEFT JOIN "Lead" d ON d."clientId" = c.id AND d.id = ${leadId}
    WHERE c.id = ${workspaceId}`;
  const row = rows[0];
  if (!row) return null;
  return { ...row, busy: row.busy.map(([startMs, endMs]) => ({ startMs, endMs })), counts: new Map(row.counts) };
}

const isOf = ({ leadId, channel, sendKey }: Send): Prisma.Sql => Prisma.sql`o."leadId" = ${leadId} AND o.channel = ${channel} AND o."sendKey" = ${sendKey}`;

/** Inserts the offer; a time that failed for this very send before is made live again. */
export async function insertOffers(tx: Tx, workspaceId: string, send: Send, slotsMs: readonly number[]): Promise<Offer[]> {
  const rows = await tx.$queryRaw<{ offer: Offer }[]>`
    INSERT INTO "SlotOffer" AS o (id, "clientId", "leadId", channel, "sendKey", position, "slotUtc", state, "offeredAt")
    SELECT gen_random_uuid()::text, ${workspaceId}, ${send.leadId}, ${send.channel}, ${send.sendKey}, t.position,
      ${instantOf(Prisma.sql`t.ms`)}, 'prepared', statement_timestamp()
    FROM unnest(${[...slotsMs]}::float8[]) WITH ORDINALITY AS t(ms, position)
    ON CONFLICT ("leadId", channel, "sendKey", "slotUtc") DO UPDATE
      SET state = 'prepared', reason = NULL, position = EXCLUDED.position, "offeredAt" = EXCLUDED."offeredAt" WHERE o.state = 'failed'
    RETURNING ${offerJson} AS offer`;
  if (rows.length !== slotsMs.length) throw new Error(`${String(rows.length)} of ${String(slotsMs.length)} offers were written`);
  return rows.map(({ offer }) => offer).sort((a, b) => a.position - b.position);
}

/** Prepared offers of the send become `failed`: they count for nothing, and the lead never saw them. */
export async function failPrepared(on: Tx | Db, send: Send, reason: string): Promise<number> {
  return await on.$executeRaw`UPDATE "SlotOffer" o SET state = 'failed', reason = ${reason} WHERE ${isOf(send)} AND o.state = 'prepared'`;
}

/** @param slotsMs what the email really said, where that is known: exactly these are sent, the other prepared ones failed */
export async function settleSent(db: Db, send: Send, slotsMs: readonly number[] | null): Promise<Offer[]> {
  const said = slotsMs === null
    ? Prisma.sql`o.state = 'prepared'`
    : Prisma.sql`o."slotUtc" IN (SELECT ${instantOf(Prisma.sql`x`)} FROM unnest(${[...slotsMs]}::float8[]) x)`;
  await db.$executeRaw`
    UPDATE "SlotOffer" o SET
      state = CASE WHEN ${said} THEN 'sent' ELSE 'failed' END::"OfferState",
      reason = CASE WHEN ${said} THEN NULL ELSE 'not in the email' END
    WHERE ${isOf(send)} AND (o.state = 'prepared' OR (o.state = 'failed' AND ${said}))`;
  const rows = await db.$queryRaw<{ offer: Offer }[]>`SELECT ${offerJson} AS offer FROM "SlotOffer" o WHERE ${isOf(send)} ORDER BY o.position, o."slotUtc"`;
  return rows.map(({ offer }) => offer);
}
