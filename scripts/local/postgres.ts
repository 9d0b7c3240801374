import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port';
import { spawnGuarded, type GuardedProcess } from './guarded-process';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';
import { homeOf, makeHome, prepareCluster } from './postgres-cluster';

/** A real PostgreSQL of our own on the loopback interface, in `dataDir`. */
export interface EmbeddedPostgres {
  /** URL of the database `availability`. */
  url: string;
  /** Where its data is: `dataDir`, unless the server's account could not reach it there. */
  dataDir: string;
  stop: () => Promise<void>;
  process: GuardedProcess;
}

export interface PostgresOptions {
  dataDir: string;
  /** `throwaway` gives up durability for speed and deletes the data when stopped. */
  mode: 'durable' | 'throwaway';
  /** Begin with an empty database, whatever is there; a server that runs on it is not disturbed but an error. */
  fresh?: boolean;
  maxConnections?: number;
  /** How long a server whose parent was just killed may take to leave. */
  predecessorTimeoutMs?: number;
}

const DATABASE = 'availability';
const START_TIMEOUT_MS = 30_000;
/** Ports to try, should another program take each one that was found free. */
const MAX_PORTS = 3;
const PREDECESSOR_TIMEOUT_MS = 8_000;

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findPostgresBinaries();
  const home = homeOf(options.dataDir, binaries);
  makeHome(home, binaries);
  const cluster = join(home, 'cluster');
  await awaitPredecessor(home, options.predecessorTimeoutMs ?? PREDECESSOR_TIMEOUT_MS);
  const removeData = (): void => { rmSync(home, { recursive: true, force: true, maxRetries: 3 }); };
  const started: GuardedProcess[] = [];
  // An interrupted test run does not come to its `stop`.
  const onExit = (): void => {
    for (const server of started) server.kill();
    removeData();
  };
  if (options.mode === 'throwaway') process.once('exit', onExit);
  if (options.fresh) rmSync(cluster, { recursive: true, force: true });
  const password = await prepareCluster(home, cluster, binaries);

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = launch(cluster, port, binaries, options);
    started.push(server);
    const problem = await awaitReady(server, urlOf(port, password, 'postgres'), home);
    if (problem === undefined) {
      const stop = async (): Promise<void> => {
        await server.stop();
        process.removeListener('exit', onExit);
        if (options.mode === 'throwaway') removeData();
      };
      return { url: urlOf(port, password, DATABASE), dataDir: home, stop, process: server };
    }
    // Another program may have taken the port since it was found free.
    if (attempt === MAX_PORTS || !problem.includes('could not bind')) throw new Error(`The embedded PostgreSQL did not start:\n${problem}`);
  }
}

function launch(cluster: string, port: number, binaries: PostgresBinaries, options: PostgresOptions): GuardedProcess {
  const log = openSync(join(dirname(cluster), 'postgres.log'), 'a');
  try {
    return spawnGuarded({
      name: 'postgres',
      command: binaries.postgres,
      args: ['-D', cluster, '-p', String(port), ...settings(options)],
      env: { ...process.env, TZ: 'UTC', LC_MESSAGES: 'C' },
      cwd: cluster,
      stopSignal: options.mode === 'throwaway' ? 'QUIT' : 'INT',
      output: log,
      ...(binaries.user && { user: binaries.user }),
    });
  } finally {
    closeSync(log);
  }
}

/** The URL of the server that runs on `dataDir`, another process's too; undefined when none does. */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  return await runningIn(homeOf(dataDir, findPostgresBinaries()));
}

async function runningIn(home: string): Promise<string | undefined> {
  const [pidFile, passwordFile] = [join(home, 'cluster', 'postmaster.pid'), join(home, 'password')];
  if (!existsSync(pidFile) || !existsSync(passwordFile)) return undefined;
  const port = Number(readFileSync(pidFile, 'utf8').split('\n')[3]);
  const password = readFileSync(passwordFile, 'utf8').trim();
  const isRunning = await answersWith(urlOf(port, password, 'postgres'), join(home, 'cluster'));
  return isRunning ? urlOf(port, password, DATABASE) : undefined;
}

const urlOf = (port: number, password: string, database: string): string =>
  `postgresql://postgres:${password}@127.0.0.1:${String(port)}/${database}`;

function settings({ mode, maxConnections = 200 }: PostgresOptions): string[] {
  const values: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(mode === 'throwaway'
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off', max_wal_size: '1GB' }
      : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * A server that was killed leaves postmaster.pid behind, and its number may belong to any program by
 * now. So we ask the server at the recorded port: if that is ours it is given time to leave, and if
 * nobody answers the file is stale.
 */
async function awaitPredecessor(home: string, timeoutMs: number): Promise<void> {
  const pidFile = join(home, 'cluster', 'postmaster.pid');
  const deadline = Date.now() + timeoutMs;
  while (await runningIn(home)) {
    if (Date.now() > deadline) {
      const [pid = ''] = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').split('\n') : [];
      throw new Error(`The database in ${home} is in use by process ${pid} (another npm run dev or demo?). Stop that one first.`);
    }
    await delay(100);
  }
  rmSync(pidFile, { force: true });
}

async function answersWith(url: string, cluster: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ dir: string }>(`SELECT current_setting('data_directory') AS dir`);
    return rows[0]?.dir === cluster;
  } catch (error) {
    // 57P03: it is starting up or shutting down, so it is there.
    return (error as { code?: string }).code === '57P03';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Waits until it answers and has its database; otherwise returns the end of its log. */
async function awaitReady(server: GuardedProcess, adminUrl: string, home: string): Promise<string | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
      return undefined;
    } catch {
      if (server.hasExited() || Date.now() > deadline) {
        await server.stop();
        return readFileSync(join(home, 'postgres.log'), 'utf8').trim().split('\n').slice(-6).join('\n');
      }
      await delay(30);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
