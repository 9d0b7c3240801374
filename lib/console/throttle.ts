/**
 * How often a password may be tried: GCRA in Postgres, so that the limit holds over all processes. Two limits: one for
 * the address that asks, one for all addresses together, because an attacker may have many of them. The price: who
 * tries passwords without pause can keep operators from signing in meanwhile; sessions that exist go on.
 */
import { createHmac } from 'node:crypto';
import { boundedTransaction, Prisma, type Db } from '../db';

interface Limit {
  /** Tries at once, after a rest. */
  burst: number;
  /** Then one each so many milliseconds. */
  intervalMs: number;
}

export const SIGN_IN_LIMITS = {
  /** A person mistypes a few times; a guesser gets 2,880 a day. */
  address: { burst: 5, intervalMs: 30_000 },
  /** An office of operators signs in at once; all guessers of the world get 43,200 a day. */
  everybody: { burst: 30, intervalMs: 2_000 },
} as const satisfies Record<string, Limit>;

const EVERYBODY = 'everybody';
const TIMEOUT_MS = 3_000;
/** Rows that have nothing left to say go with a later try. */
const SWEPT_AT_ONCE = 50;

export type Admission = { kind: 'admitted' } | { kind: 'throttled'; retryAfterSeconds: number };

/** The address itself is not stored: only a hash that nobody without the key can reverse. */
export function sourceOf(key: Buffer, address: string): string {
  return createHmac('sha256', key).update(`address|${address}`).digest('base64url');
}

/** Takes one try from both limits, or none. */
export async function takeTry(db: Db, source: string): Promise<Admission> {
  // Locked in one order, both or neither: a refusal by the one must not use up the other.
  const [, , rows] = await boundedTransaction<[number, number, { waitMs: number | null }[]]>(db, TIMEOUT_MS, [
    db.$executeRaw`
      DELETE FROM "SignInThrottle" WHERE source IN (
        SELECT source FROM "SignInThrottle" WHERE "nextFreeAt" < now() - interval '1 hour' LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    db.$executeRaw`
      INSERT INTO "SignInThrottle" (source, "nextFreeAt") SELECT s, now() FROM unnest(${[EVERYBODY, source]}::text[]) s ORDER BY s ON CONFLICT DO NOTHING`,
    db.$queryRaw`
      WITH held AS MATERIALIZED (
        SELECT t.source, GREATEST(t."nextFreeAt", clock_timestamp()) AS free,
          CASE WHEN t.source = ${EVERYBODY} THEN ${SIGN_IN_LIMITS.everybody.intervalMs}::float8 ELSE ${SIGN_IN_LIMITS.address.intervalMs}::float8 END * interval '1 millisecond' AS step,
          CASE WHEN t.source = ${EVERYBODY} THEN ${burstMs('everybody')} ELSE ${burstMs('address')} END * interval '1 millisecond' AS ahead
        FROM "SignInThrottle" t WHERE t.source = ANY(${[EVERYBODY, source]}::text[]) ORDER BY t.source FOR UPDATE
      ), wait AS (
        SELECT max(extract(epoch FROM free - ahead - clock_timestamp()) * 1000)::float8 AS ms FROM held
      ), taken AS (
        UPDATE "SignInThrottle" t SET "nextFreeAt" = h.free + h.step FROM held h, wait w WHERE t.source = h.source AND w.ms <= 0
      )
      SELECT CASE WHEN ms > 0 THEN ms END AS "waitMs" FROM wait`,
  ]);
  const waitMs = rows[0]?.waitMs ?? null;
  return waitMs === null ? { kind: 'admitted' } : { kind: 'throttled', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
}

/** After the right password: its try does not count, and the address begins anew. */
export async function giveBack(db: Db, source: string): Promise<void> {
  await boundedTransaction(db, TIMEOUT_MS, [
    db.$executeRaw`DELETE FROM "SignInThrottle" WHERE source = ${source}`,
    db.$executeRaw`
      UPDATE "SignInThrottle" SET "nextFreeAt" = "nextFreeAt" - ${SIGN_IN_LIMITS.everybody.intervalMs}::float8 * interval '1 millisecond' WHERE source = ${EVERYBODY}`,
  ]);
}

function burstMs(limit: keyof typeof SIGN_IN_LIMITS): Prisma.Sql {
  const { burst, intervalMs } = SIGN_IN_LIMITS[limit];
  return Prisma.sql`${(burst - 1) * intervalMs}::float8`;
}
