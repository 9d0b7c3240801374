/** A durable PostgreSQL of a test's own, behind a relay: it can be ended in any way and started again at the same address. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type EmbeddedPostgres } from '../../scripts/local/postgres';
import { migrate } from '../../scripts/migrate';
import { startGate, type Gate } from './server-gate';

export interface RestartablePostgres {
  /** A migrated, empty database, reached through the relay. */
  url: string;
  /** What stands between it and the app. */
  relay: Gate;
  /** The server's own address, past the relay; another one after a restart. */
  directUrl: () => string;
  /** `fast` ends every connection in good order, `immediate` as a crash does: the next start recovers from the log. */
  restart: (how: 'fast' | 'immediate') => Promise<void>;
  stop: () => Promise<void>;
}

export async function startRestartablePostgres({ isMigrated = true }: { isMigrated?: boolean } = {}): Promise<RestartablePostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'test-postgres-'));
  let server = await start(dataDir);
  const relay = await startGate(server.url);
  if (isMigrated) await migrate(server.url);
  const url = new URL(server.url);
  url.host = relay.host;
  return {
    url: url.href,
    relay,
    directUrl: () => server.url,
    restart: async (how) => {
      const pid = Number((await readFile(join(server.dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
      process.kill(pid, how === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await server.process.exited;
      server = await start(dataDir);
      relay.retarget(server.url);
    },
    stop: async () => {
      await relay.close();
      await server.stop();
      await rm(server.dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

const start = (dataDir: string): Promise<EmbeddedPostgres> => startPostgres({ dataDir, mode: 'durable', maxConnections: 300 });
