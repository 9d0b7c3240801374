import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/**
 * A child process that cannot outlive us.
 *
 * Each child gets a process group of its own, so that Ctrl-C in a terminal does not reach it behind
 * our back, and a guard that holds one end of a pipe from us. When we end, however we end (SIGKILL
 * too), the pipe closes and the guard stops the child, then kills what is left of the group.
 */
export interface GuardedProcess {
  readonly child: ChildProcess;
  readonly name: string;
  /** Resolves when the process is gone, with how it ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly hasExited: () => boolean;
  /** Asks it to stop, and kills its whole group when it has not within `graceMs`. */
  readonly stop: (graceMs?: number) => Promise<void>;
  /** Kills its whole group at once: for exit handlers, which cannot wait. */
  readonly kill: () => void;
}

export interface GuardedOptions {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The signal that means "stop in good order" to this program. */
  stopSignal?: 'INT' | 'TERM' | 'QUIT';
  user?: { uid: number; gid: number };
  /** Its standard output and error; 'pipe' unless told. */
  output?: 'pipe' | 'inherit' | 'ignore' | number;
}

const DEFAULT_GRACE_MS = 8_000;

/** $1 is the stop signal, the rest is the command. With nobody to escalate, the guard kills the group after 5 s. */
const GUARD_SCRIPT = `
stop=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
(
  read -r order <&3
  kill -s "$stop" "$child" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$child" 2>/dev/null || exit 0
    sleep 0.25
  done
  [ "$order" = stop ] || kill -s KILL 0
) &
guard=$!
exec 3<&-
wait "$child"
code=$?
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
exit "$code"
`;

const isWindows = process.platform === 'win32';

export function spawnGuarded(options: GuardedOptions): GuardedProcess {
  const { name, command, args, stopSignal = 'TERM', output = 'pipe' } = options;
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', output, output],
    detached: !isWindows,
    ...options.user,
  };
  const child = isWindows
    ? spawn(command, [...args], spawnOptions)
    : spawn('/bin/sh', ['-c', GUARD_SCRIPT, name, stopSignal, command, ...args], spawnOptions);
  child.stdin?.on('error', () => undefined);

  let hasExited = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (hasExited) return;
      hasExited = true;
      child.stdin?.destroy();
      killGroup(child);
      resolve({ code, signal });
    };
    child.once('exit', finish);
    child.once('error', () => finish(null, null));
  });

  const stop = async (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    if (hasExited) return;
    if (isWindows) child.kill();
    else child.stdin?.write('stop\n');
    const killer = setTimeout(() => killGroup(child), graceMs);
    await exited;
    clearTimeout(killer);
  };

  return { child, name, exited, hasExited: () => hasExited, stop, kill: () => killGroup(child) };
}

/** The group's id is the guard's, which led it; ids of a group with members left are not reused. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (isWindows) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
