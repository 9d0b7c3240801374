import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port';
import { spawnGuarded, type GuardedProcess } from './guarded-process';
import { canReach, findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';

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
const PREDECESSOR_TIMEOUT_MS = 8_000;

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findPostgresBinaries();
  const home = homeOf(options.dataDir, binaries);
  makeHome(home, binaries);
  const cluster = join(home, 'cluster');
  await awaitPredecessor(home, options.predecessorTimeoutMs ?? PREDECESSOR_TIMEOUT_MS);
  if (options.fresh) rmSync(cluster, { recursive: true, force: true });
  const password = await prepareCluster(home, cluster, binaries);

  const log = openSync(join(home, 'postgres.log'), 'a');
  try {
    const port = await freePort();
    const server = spawnGuarded({
      name: 'postgres',
      command: binaries.postgres,
      args: ['-D', cluster, '-p', String(port), ...settings(options)],
      env: { ...process.env, TZ: 'UTC', LC_MESSAGES: 'C' },
      cwd: cluster,
      stopSignal: options.mode === 'throwaway' ? 'QUIT' : 'INT',
      output: log,
      ...(binaries.user && { user: binaries.user }),
    });
    const url = urlOf(port, password, DATABASE);
    await awaitReady(server, urlOf(port, password, 'postgres'), home);
    const stop = async (): Promise<void> => {
      await server.stop();
      if (options.mode === 'throwaway') rmSync(home, { recursive: true, force: true });
    };
    return { url, dataDir: home, stop, process: server };
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

/** As root the server runs as another account, which may not pass through the folder that we were given. */
function homeOf(dataDir: string, { user }: PostgresBinaries): string {
  const wanted = resolve(dataDir);
  let parent = dirname(wanted);
  while (!existsSync(parent)) parent = dirname(parent);
  if (!user || canReach(parent, user.uid)) return wanted;
  return join(tmpdir(), `embedded-postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`);
}

function makeHome(home: string, { user }: PostgresBinaries): void {
  mkdirSync(home, { recursive: true });
  if (!user) return;
  // In a folder that everyone can write to, somebody else's may stand in its place.
  if (lstatSync(home).uid !== 0) throw new Error(`${home} belongs to another user; remove it.`);
  chmodSync(home, 0o711);
}

async function prepareCluster(home: string, cluster: string, { initdb, user }: PostgresBinaries): Promise<string> {
  const passwordFile = join(home, 'password');
  const isComplete = existsSync(join(cluster, 'PG_VERSION')) && existsSync(passwordFile);
  if (isComplete) return readFileSync(passwordFile, 'utf8').trim();

  rmSync(cluster, { recursive: true, force: true });
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  const password = randomBytes(16).toString('hex');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [cluster, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    await promisify(execFile)(
      initdb,
      [
        `--pgdata=${cluster}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=password', '--encoding=UTF8',
        '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync',
      ],
      { cwd: cluster, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, ...user },
    );
  } catch (cause) {
    rmSync(cluster, { recursive: true, force: true });
    throw new Error(`The embedded PostgreSQL could not be set up in ${home}: ${(cause as { stderr?: string }).stderr?.trim() ?? String(cause)}`, { cause });
  }
  return password;
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

async function awaitReady(server: GuardedProcess, adminUrl: string, home: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
      return;
    } catch (cause) {
      if (server.hasExited() || Date.now() > deadline) {
        await server.stop();
        const log = readFileSync(join(home, 'postgres.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
        throw new Error(`The embedded PostgreSQL did not start:\n${log}`, { cause });
      }
      await delay(30);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
