/** What a piece of work costs PostgreSQL: statements, WAL, and updates that touched no index. */
import pg from 'pg';

export interface DatabaseUse {
  /** Every statement that a client sent, BEGIN, SET and COMMIT too. */
  statements: number;
  walBytes: number;
  /** By table, those with any. */
  updates: Record<string, { total: number; heapOnly: number }>;
  /** The dearest first. */
  byStatement: { calls: number; totalMs: number; walBytes: number; text: string }[];
}

export interface DatabaseMeter {
  /** Counts what `work` does. Ends the idle connections it leaves, as the minute between two sweeps does. */
  during: <T>(work: () => Promise<T>) => Promise<{ value: T; use: DatabaseUse }>;
  checkpoint: () => Promise<void>;
  settings: () => Promise<Record<string, string>>;
  close: () => Promise<void>;
}

const SHOWN_SETTINGS = [
  'server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_compression', 'shared_buffers', 'checkpoint_timeout', 'max_wal_size', 'autovacuum',
];
const TEXT_LENGTH = 90;

/**
 * Watches from the database `postgres` of the same server, so that it does not count itself.
 * @param url of the database to watch; its server has loaded pg_stat_statements
 */
export async function openDatabaseMeter(url: string): Promise<DatabaseMeter> {
  const database = new URL(url).pathname.slice(1);
  const adminUrl = new URL(url);
  adminUrl.pathname = '/postgres';
  const admin = new pg.Client({ connectionString: adminUrl.href });
  admin.on('error', () => undefined);
  await admin.connect();
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');

  /** A backend tells its counts of tables at the latest when it ends. */
  const endConnections = async (): Promise<void> => {
    const deadline = performance.now() + 5_000;
    for (;;) {
      const { rows } = await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
      if (rows.length === 0) return;
      if (performance.now() > deadline) throw new Error(`connections to the database ${database} do not end`);
    }
  };
  const readUpdates = async (): Promise<DatabaseUse['updates']> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ name: string; total: string; hot: string }>(
      'SELECT relname AS name, n_tup_upd AS total, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE n_tup_upd > 0',
    );
    await client.end();
    return Object.fromEntries(rows.map(({ name, total, hot }) => [name, { total: Number(total), heapOnly: Number(hot) }]));
  };
  const readLsn = async (): Promise<string> => {
    const { rows } = await admin.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
    return rows[0]?.lsn ?? '0/0';
  };

  return {
    async during(work) {
      await endConnections();
      const before = await readUpdates();
      await endConnections();
      await admin.query('SELECT pg_stat_statements_reset()');
      const lsn = await readLsn();
      const value = await work();
      const { rows: written } = await admin.query<{ bytes: string }>('SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn) AS bytes', [lsn]);
      const { rows } = await admin.query<{ calls: string; ms: number; wal: string; text: string }>(
        `SELECT s.calls, s.total_exec_time AS ms, s.wal_bytes AS wal, s.query AS text FROM pg_stat_statements s
         JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 AND s.toplevel ORDER BY s.total_exec_time DESC`,
        [database],
      );
      await endConnections();
      const use: DatabaseUse = {
        statements: rows.reduce((sum, row) => sum + Number(row.calls), 0),
        walBytes: Number(written[0]?.bytes),
        updates: differenceOf(before, await readUpdates()),
        byStatement: rows.map((row) => ({
          calls: Number(row.calls), totalMs: Math.round(row.ms * 10) / 10, walBytes: Number(row.wal), text: row.text.replace(/\s+/g, ' ').trim().slice(0, TEXT_LENGTH),
        })),
      };
      return { value, use };
    },
    checkpoint: async () => {
      await admin.query('CHECKPOINT');
    },
    settings: async () => {
      const { rows } = await admin.query<{ name: string; value: string }>(
        'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1) ORDER BY array_position($1, name)',
        [SHOWN_SETTINGS],
      );
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    },
    close: () => admin.end(),
  };
}

function differenceOf(before: DatabaseUse['updates'], after: DatabaseUse['updates']): DatabaseUse['updates'] {
  const changes = Object.entries(after).map(([table, { total, heapOnly }]) => {
    const old = before[table] ?? { total: 0, heapOnly: 0 };
    return [table, { total: total - old.total, heapOnly: heapOnly - old.heapOnly }] as const;
  });
  return Object.fromEntries(changes.filter(([, { total }]) => total > 0));
}
