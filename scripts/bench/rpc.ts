/** Calls between the bench and its worker processes: one at a time or many, over the channel that `fork` makes. */
import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Lifetime } from '../local/lifetime';

/** What a worker can be asked for, by name. Inputs and results cross as structured clones. */
export type Commands<C> = { [K in keyof C]: (input: never) => unknown };

interface Call {
  id: number;
  name: string;
  input: unknown;
}

type Reply = { id: number; result: unknown } | { id: number; error: string };

/** The worker's side: answers until the bench is gone, however it went. */
export function serveCommands<C extends Commands<C>>(commands: C): void {
  const answer = async ({ id, name, input }: Call): Promise<Reply> => {
    try {
      const command = commands[name as keyof C] as unknown as (input: unknown) => unknown;
      return { id, result: await command(input) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (call) => {
    void answer(call as Call).then((reply) => process.send?.(reply));
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

export interface Worker<C extends Commands<C>> {
  call: <K extends keyof C & string>(name: K, input: Parameters<C[K]>[0]) => Promise<Awaited<ReturnType<C[K]>>>;
  stop: () => Promise<void>;
}

export interface WorkerOptions {
  name: string;
  /** JavaScript, or TypeScript that is loaded as it is. */
  file: string;
  env?: NodeJS.ProcessEnv;
  /** Where what it prints goes. */
  logFile: string;
}

const STOP_GRACE_MS = 3_000;

/** Starts a worker and resolves when it can be called; its unexpected end is the end of the bench. */
export async function startWorker<C extends Commands<C>>(lifetime: Lifetime, options: WorkerOptions): Promise<Worker<C>> {
  const log = openSync(options.logFile, 'a');
  const child = fork(options.file, [], {
    execArgv: ['--expose-gc', ...(options.file.endsWith('.ts') ? ['--import', 'tsx'] : [])],
    env: options.env ?? process.env,
    stdio: ['ignore', log, log, 'ipc'],
    serialization: 'advanced',
  });
  closeSync(log);

  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let isStopping = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      const error = new Error(`The ${options.name} ended by itself (${signal ?? `code ${String(code)}`}). Its output is in ${options.logFile}.`);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      if (!isStopping) lifetime.end(error);
      resolve();
    });
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') {
        resolve();
        return;
      }
      const reply = message as Reply;
      const caller = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('error' in reply) caller?.reject(new Error(`${options.name}: ${reply.error}`));
      else caller?.resolve(reply.result as never);
    });
  });

  const stop = async (): Promise<void> => {
    isStopping = true;
    if (child.connected) child.disconnect();
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(killer);
  };
  lifetime.onEnd(stop);
  await Promise.race([ready, exited]);
  lifetime.throwIfEnding();
  return {
    call: (name, input) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        child.send({ id, name, input } satisfies Call);
      }),
    stop,
  };
}
