/** PgBouncer in transaction mode, as hosted poolers run it, in front of a test server. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../scripts/local/free-port';
import { spawnGuarded, type GuardedProcess } from '../../scripts/local/guarded-process';

export interface PgBouncer {
  /** The URL of the same database, through the pooler. */
  url: string;
  /** Ends it with every connection and starts it again at the same address. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

export const PGBOUNCER_INSTALL = 'apt-get install -y pgbouncer';
const READY_TIMEOUT_MS = 15_000;
const MAX_CLIENTS = 1_000;

/** Its program; undefined when it is not installed. System folders are not on every user's path. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}

/** @throws when it is not installed: a test that needs it fails, it is not skipped */
export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const program = findPgBouncer();
  if (program === undefined) throw new Error(`PgBouncer is not installed. Install it: ${PGBOUNCER_INSTALL}`);
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'test-pgbouncer-'));
  const configFile = join(folder, 'pgbouncer.ini');
  writeFileSync(configFile, configuration(target, port));
  // As root it runs as another account, which must read this.
  chmodSync(folder, 0o755);

  const url = new URL(target);
  url.port = String(port);
  let child = await launch(program, configFile, url.href);
  const stop = async (): Promise<void> => {
    await child.stop(2_000);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: url.href, stop,
    restart: async () => {
      await child.stop(0);
      child = await launch(program, configFile, url.href);
    },
  };
}

async function launch(program: string, configFile: string, url: string): Promise<GuardedProcess> {
  const user = process.getuid?.() === 0 ? idsOfNobody() : undefined;
  const child = spawnGuarded({ name: 'pgbouncer', command: program, args: ['-q', configFile], stopSignal: 'INT', ...(user && { user }) });
  let output = '';
  const keep = (chunk: Buffer): void => { output += chunk.toString(); };
  child.child.stdout?.on('data', keep);
  child.child.stderr?.on('data', keep);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (child.hasExited() || Date.now() > deadline) {
      await child.stop(0);
      throw new Error(`PgBouncer did not start:\n${output}`);
    }
    await sleep(30);
  }
  return child;
}

/** Startup parameters that it does not know are refused, as hosted poolers do. */
function configuration({ hostname, port, username, password }: URL, listenPort: number): string {
  return [
    '[databases]',
    `* = host=${hostname} port=${port} user=${username} password=${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${String(listenPort)}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `max_client_conn = ${String(MAX_CLIENTS)}`,
    '',
  ].join('\n');
}

/** PgBouncer refuses to run as root. */
function idsOfNobody(): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
