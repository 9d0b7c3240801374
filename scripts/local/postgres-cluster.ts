import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { canReach, type PostgresBinaries } from './postgres-binaries';

/** As root the server runs as another account, which may not pass through the folder that we were given. */
export function homeOf(dataDir: string, { user }: PostgresBinaries): string {
  const wanted = resolve(dataDir);
  let parent = dirname(wanted);
  while (!existsSync(parent)) parent = dirname(parent);
  if (!user || canReach(parent, user.uid)) return wanted;
  return join(tmpdir(), `embedded-postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`);
}

export function makeHome(home: string, { user }: PostgresBinaries): void {
  mkdirSync(home, { recursive: true });
  if (!user) return;
  // In a folder that everyone can write to, somebody else's may stand in its place.
  if (lstatSync(home).uid !== 0) throw new Error(`${home} belongs to another user; remove it.`);
  chmodSync(home, 0o711);
}

/** Sets a cluster up where there is none, and returns its password. */
export async function prepareCluster(home: string, cluster: string, { initdb, user }: PostgresBinaries): Promise<string> {
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
