/** The built app in a process of its own: what tests kill, freeze and hit from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { isolatedAppEnv } from '../../scripts/local/environment';
import { freePort } from '../../scripts/local/free-port';
import { spawnGuarded } from '../../scripts/local/guarded-process';
import type { Lifetime } from '../../scripts/local/lifetime';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';
import { buildWeb, NEXT_BIN } from '../../scripts/local/web-build';

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
  /** From the request to the last byte of its answer, on this side. */
  tookMs: number;
}

export interface ServerOptions {
  env: Record<string, string>;
  port?: number;
  root?: string;
  onOutput?: (text: string) => void;
}

export interface Server {
  url: string;
  pid: number;
  get: (path: string, headers?: Record<string, string>) => Promise<Reply>;
  /** To the server alone: what watches over it stays alive. */
  kill: (signal: NodeJS.Signals) => void;
  /** Ends it at once, frozen or not; ending twice is fine. */
  stop: () => Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const KEPT_OUTPUT_CHARS = 4_000;
/** Says its number, then becomes the server: the guard's own child is not the one to freeze. */
const TELL_PID = 'echo "pid $$"; exec "$@"';

/** The build's process is guarded, so it ends with us whatever this does. */
const UNTIL_EXIT: Lifetime = { onEnd: () => undefined, watch: () => undefined, end: () => undefined, throwIfEnding: () => undefined };

/** Builds the app unless the last build is of the same sources. */
export async function ensureBuilt(root = PROJECT_ROOT): Promise<void> {
  await buildWeb(UNTIL_EXIT, root);
}

/**
 * @param options.env the app's whole environment: nothing of ours reaches it
 * @param options.root the folder of another build than the project's own
 * @param options.onOutput told everything that it writes
 */
export async function startServer({ env, port, root = PROJECT_ROOT, onOutput }: ServerOptions): Promise<Server> {
  const at = port ?? (await freePort());
  const child = spawnGuarded({
    name: 'next start',
    command: '/bin/sh',
    args: ['-c', TELL_PID, 'sh', process.execPath, NEXT_BIN, 'start', '-H', '127.0.0.1', '-p', String(at)],
    cwd: root,
    env: isolatedAppEnv(env),
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-KEPT_OUTPUT_CHARS);
    onOutput?.(chunk.toString());
  };
  const pid = new Promise<number>((resolve) => {
    child.child.stdout?.on('data', (chunk: Buffer) => {
      keep(chunk);
      const told = /^pid (\d+)$/m.exec(output)?.[1];
      if (told !== undefined) resolve(Number(told));
    });
  });
  child.child.stderr?.on('data', keep);

  const url = `http://127.0.0.1:${String(at)}`;
  const agent = new Agent({ connections: null, headersTimeout: 300_000, bodyTimeout: 300_000 });
  const get = async (path: string, headers: Record<string, string> = {}): Promise<Reply> => {
    const startedAt = performance.now();
    const answer = await request(new URL(path, url), { headers, dispatcher: agent });
    const body = (await answer.body.json()) as Record<string, unknown>;
    return { status: answer.statusCode, headers: answer.headers, body, tookMs: performance.now() - startedAt };
  };
  const kill = (serverPid: number, signal: NodeJS.Signals): void => {
    if (child.hasExited()) return;
    try {
      process.kill(serverPid, signal);
    } catch (error) {
      // It is dead already; what watches over it tells so a moment later.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };

  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(get))) {
    if (child.hasExited() || Date.now() > deadline) {
      await child.stop(0);
      await agent.destroy();
      throw new Error(`The server did not start:\n${output}`);
    }
    await sleep(50);
  }
  const serverPid = await pid;
  return {
    url,
    pid: serverPid,
    get,
    kill: (signal) => { kill(serverPid, signal); },
    stop: async () => {
      await agent.destroy();
      // There is nothing in it to be saved, and a frozen one would not hear a polite signal.
      kill(serverPid, 'SIGKILL');
      await child.exited;
    },
  };
}

/** Without the secret nothing but the route's own code runs, so that it is loaded before a test's clock starts. */
async function answers(get: Server['get']): Promise<boolean> {
  try {
    await get('/api/cron/availability');
    return true;
  } catch {
    return false;
  }
}
