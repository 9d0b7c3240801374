import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { UserError } from './fail';
import { say } from './output';

/** Installs a package, as root on Debian or Ubuntu. @param lack what is missing, and how else to get it @throws UserError */
export function installPackage(name: string, lack: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new UserError(`${lack}\n(--install works as root on Debian or Ubuntu only.)`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    say(`apt-get ${args.join(' ')}`);
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    if (status !== 0) throw new UserError(`"apt-get ${args.join(' ')}" failed. ${lack}`);
  }
}
