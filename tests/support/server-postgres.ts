/** A PostgreSQL of a test's own that can be frozen: every process of it stops in the middle of what it does. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../scripts/local/postgres';
import { migrate } from '../../scripts/migrate';

export interface FreezablePostgres {
  /** A migrated, empty database. */
  url: string;
  freeze: () => Promise<void>;
  /** Lets it go on; nothing happens when it is not frozen. */
  thaw: () => void;
  stop: () => Promise<void>;
}

export async function startFreezablePostgres(): Promise<FreezablePostgres> {
  const server = await startPostgres({ dataDir: await mkdtemp(join(tmpdir(), 'test-postgres-')), mode: 'throwaway' });
  await migrate(server.url);
  const admin = new pg.Client({ connectionString: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
  const postmaster = Number((await readFile(join(server.dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  let frozen: number[] = [];

  const thaw = (): void => {
    for (const pid of frozen.splice(0)) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It ended before the others were stopped.
      }
    }
  };
  return {
    url: server.url,
    thaw,
    freeze: async () => {
      // It makes the others: stopped first, so that none is missed.
      process.kill(postmaster, 'SIGSTOP');
      frozen = [postmaster];
      const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
      for (const { pid } of rows) {
        frozen.push(pid);
        try {
          process.kill(pid, 'SIGSTOP');
        } catch {
          // It has just ended.
        }
      }
    },
    stop: async () => {
      // Stopped processes outlive every polite signal.
      thaw();
      await admin.end().catch(() => undefined);
      await server.stop();
    },
  };
}
