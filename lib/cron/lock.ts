/**
 * One run at a time, by a Postgres advisory lock that cannot leak.
 *
 * The lock belongs to a transaction on a connection of its own. A session lock taken through a pool was seen
 * to be released on another backend and to stay held for ever; a transaction's lock ends with it, however it
 * ends, and a transaction pooler keeps the backend for as long as it lasts. In READ COMMITTED such a
 * transaction holds no snapshot, so vacuum is not held back.
 *
 * - A killed holder's connection closes: free at once.
 * - A frozen holder stops sending `SELECT 1`: PostgreSQL ends its transaction within `IDLE_LIMIT_MS`.
 * - A holder whose connection or heartbeat is lost is told by `onLost` and must stop.
 */
import pg from 'pg';
import type { LockKey } from './lock-keys';

const IDLE_LIMIT_MS = 15_000;
/** Three heartbeats fit into the idle limit, so that one late one does not lose the lock. */
const HEARTBEAT_MS = 4_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** The answer waits for the release, so that the next run never finds a finished one's lock. */
const RELEASE_TIMEOUT_MS = 300;

export type LockAttempt =
  | { kind: 'held'; release: () => Promise<void> }
  /** Another run holds it. @property heldForMs null when the holder cannot be seen */
  | { kind: 'locked'; heldForMs: number | null };

export interface LockOptions {
  /** For connecting and all that is asked, together. */
  timeoutMs: number;
  /** Called at most once, and never after `release`. */
  onLost: () => void;
}

/**
 * @param url the direct connection where there is one; right through a transaction pooler too
 * @throws when the database cannot be reached or does not answer in time
 */
export async function tryLock(url: string, key: LockKey, { timeoutMs, onLost }: LockOptions): Promise<LockAttempt> {
  const client = new pg.Client({
    connectionString: url,
    query_timeout: HEARTBEAT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'availability-cache lock',
  });
  let isOver = false;
  let heartbeat: NodeJS.Timeout | undefined = undefined;
  const lose = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(heartbeat);
    destroy(client);
    onLost();
  };
  // Without a listener the server's timeout would end the whole process.
  client.on('error', lose);
  client.on('end', lose);

  // One bound for all of it: each step's own would add up, and a frozen server is met at the first.
  const timer = setTimeout(() => { destroy(client); }, timeoutMs);
  try {
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${String(IDLE_LIMIT_MS)}`);
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1::int, $2::int) AS locked', [key.classId, key.objectId]);
    if (rows[0]?.locked !== true) {
      const heldForMs = await heldFor(client, key);
      isOver = true;
      await end(client);
      return { kind: 'locked', heldForMs };
    }
  } catch (error) {
    isOver = true;
    destroy(client);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  heartbeat = setInterval(() => { client.query('SELECT 1').catch(lose); }, HEARTBEAT_MS);

  return {
    kind: 'held',
    release: async () => {
      if (isOver) return;
      isOver = true;
      clearInterval(heartbeat);
      await end(client);
    },
  };
}

/** The holder's transaction began when it took the lock. */
async function heldFor(client: pg.Client, key: LockKey): Promise<number | null> {
  const { rows } = await client.query<{ held_ms: number | null }>(
    `SELECT (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::float8 AS held_ms
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::int::oid AND l.objid = $2::int::oid
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [key.classId, key.objectId],
  );
  const heldMs = rows[0]?.held_ms;
  return heldMs == null ? null : Math.max(0, Math.round(heldMs));
}

/** Ends the transaction and the connection; a server that does not answer sees it closed. */
async function end(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => { destroy(client); }, RELEASE_TIMEOUT_MS);
  try {
    await client.query('ROLLBACK');
    await client.end();
  } catch {
    destroy(client);
  } finally {
    clearTimeout(timer);
  }
}

function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
