/**
 * Who is asking, and may they now: a key, its agency, its rate limit and whose workspace is asked for, in one
 * statement.
 *
 * The limit is GCRA: one instant in Postgres says when the key's requests so far are paid for. A request may
 * run ahead of it by the burst. So a limit holds over all processes, costs no memory, and needs no clean-up.
 */
import { bounded, Prisma, type Db } from '../db';
import { hashOfKey } from './keys';

/**
 * Requests a second that a key may make for ever: an agency with 600 workspaces can read each of them every
 * minute, and one key cannot occupy the pool of a small instance.
 */
export const SUSTAINED_REQUESTS_PER_SECOND = 10;
/** Requests that a key may make at once after a rest: one screen or one workflow over a hundred workspaces. */
export const BURST_REQUESTS = 100;

const INTERVAL_MS = 1_000 / SUSTAINED_REQUESTS_PER_SECOND;
const BURST_MS = (BURST_REQUESTS - 1) * INTERVAL_MS;
const ADMIT_TIMEOUT_MS = 5_000;

export type Admission =
  | { kind: 'admitted'; agencyId: string; ownsWorkspace: boolean; found: unknown }
  | { kind: 'limited'; retryAfterSeconds: number }
  | { kind: 'unknown' };

interface Row {
  agencyId: string;
  admitted: boolean;
  owns: boolean;
  waitMs: number;
  found: unknown;
}

/**
 * The key's row is locked until the statement ends: requests with one key take their turns. If the reading fails, the request is
 * not counted.
 * @param workspaceId whose it is, is told with the answer; null: none is asked for
 * @param reading SQL of one value that is read of the workspace in the same statement, when the key is admitted and the
 * workspace its agency's; `found` is that value
 */
export async function admit(db: Db, authorization: string | null, workspaceId: string | null, reading = Prisma.sql`NULL::json`): Promise<Admission> {
  const key = /^bearer\s+(\S+)$/i.exec(authorization?.trim() ?? '')?.[1];
  const hash = key === undefined ? undefined : hashOfKey(key);
  if (!hash) return { kind: 'unknown' };
  const burst = Prisma.sql`${BURST_MS}::float8 * interval '1 millisecond'`;
  // Nobody waits for a disk to count a request: a crash of the server forgets those of its last moment.
  // The condition stands in the UPDATE, so that PostgreSQL repeats it on the row as a concurrent request left
  // it; a request over the limit writes nothing.
  const statement = Prisma.sql`
    WITH taken AS (
      UPDATE "ApiKey" k SET "nextFreeAt" = GREATEST(k."nextFreeAt", t.now) + ${INTERVAL_MS}::float8 * interval '1 millisecond', "lastUsedAt" = t.now
      FROM (SELECT clock_timestamp() AS now) t
      WHERE k."keyHash" = ${hash} AND k."revokedAt" IS NULL AND k."nextFreeAt" <= t.now + ${burst}
      RETURNING k.id
    ), asker AS MATERIALIZED (
      SELECT k."agencyId", EXISTS (SELECT FROM taken) AS admitted,
        EXISTS (SELECT FROM "Client" c WHERE c.id = ${workspaceId}::text AND c."userId" = k."agencyId") AS owns,
        (extract(epoch FROM k."nextFreeAt" - ${burst} - clock_timestamp()) * 1000)::float8 AS "waitMs",
        set_config('synchronous_commit', 'off', true) AS durability
      FROM "ApiKey" k WHERE k."keyHash" = ${hash} AND k."revokedAt" IS NULL
    )
    SELECT asker.*, CASE WHEN admitted AND owns THEN ${reading} END AS found FROM asker`;
  const [row] = await bounded(ADMIT_TIMEOUT_MS, () => db.$queryRaw<Row[]>(statement), { isPrepared: true });
  if (!row) return { kind: 'unknown' };
  if (row.admitted) return { kind: 'admitted', agencyId: row.agencyId, ownsWorkspace: row.owns, found: row.found };
  // At least a second: concurrent requests may have moved the instant on since this statement began.
  return { kind: 'limited', retryAfterSeconds: Math.max(1, Math.ceil(row.waitMs / 1_000)) };
}
