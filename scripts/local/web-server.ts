import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from './fail';
import { spawnGuarded, type GuardedProcess } from './guarded-process';
import type { Lifetime } from './lifetime';
import { PROJECT_ROOT } from './migration-files';
import { NEXT_BIN } from './web-build';

export interface WebServerOptions {
  command: 'start' | 'dev';
  port: number;
  env: NodeJS.ProcessEnv;
  /** Its output; undefined: ours. */
  logFile?: string;
  /** Do not ask the app whether it answers: the first question is the caller's. */
  isReadyWhenListening?: boolean;
}

const READY_TIMEOUT_MS = 60_000;

/** Starts the app and resolves with its address when it answers. */
export async function startWebServer(lifetime: Lifetime, { command, port, env, logFile, isReadyWhenListening = false }: WebServerOptions): Promise<{ url: string; process: GuardedProcess }> {
  if (logFile) mkdirSync(dirname(logFile), { recursive: true });
  const log = logFile ? openSync(logFile, 'w') : undefined;
  const args = [NEXT_BIN, command, '--port', String(port), '--hostname', '127.0.0.1'];
  const server = spawnGuarded({ name: 'web server', command: process.execPath, args, cwd: PROJECT_ROOT, env, output: log ?? 'inherit' });
  if (log !== undefined) closeSync(log);
  const hint = logFile ? `Its output is in ${relative(PROJECT_ROOT, logFile)}.` : '';
  const url = `http://127.0.0.1:${String(port)}`;
  lifetime.onEnd(() => server.stop());
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await (isReadyWhenListening ? listens(port) : answers(url)))) {
    lifetime.throwIfEnding();
    if (server.hasExited() || Date.now() > deadline) {
      const output = logFile ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n') : '';
      throw new UserError(`The web server did not start.\n${output}`.trim());
    }
    await delay(isReadyWhenListening ? 5 : 100);
  }
  lifetime.watch(server, hint);
  return { url, process: server };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(new URL('/api/cron/availability', url), { redirect: 'manual', signal: AbortSignal.timeout(10_000) })).text();
    return true;
  } catch {
    return false;
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
