import type { GuardedProcess } from './guarded-process';
import { sentenceOf } from './fail';
import { clearProgress, say } from './output';

/** Everything a long-running script has started, stopped in reverse order when it ends, however it ends. */
export interface Lifetime {
  /** Registers what must be undone. */
  onEnd: (undo: () => unknown) => void;
  /** Registers a child: it is stopped at the end, and its own end is the end of all. */
  watch: (process: GuardedProcess, hint?: string) => void;
  /** Asks for the end; `error` makes it a failure. */
  end: (error?: Error) => void;
  /** Rejects once the end was asked for: a step that is under way is not waited for. */
  throwIfEnding: () => void;
}

/** npm and the terminal both pass a Ctrl-C on; a second one within this time is the same. */
const SAME_SIGNAL_MS = 1_000;

class Ended extends Error {}

/** Runs `main` until it is done, a signal comes, a watched child dies, or `end` is called; then undoes all of it and leaves. */
export async function live(main: (lifetime: Lifetime) => Promise<void>): Promise<never> {
  const undos: (() => unknown)[] = [];
  let isEnding = false;
  let askEnd: (error?: Error) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => { askEnd = resolve; });

  const lifetime: Lifetime = {
    onEnd: (undo) => {
      if (isEnding) void undo();
      else undos.push(undo);
    },
    watch: (child, hint = '') => {
      lifetime.onEnd(() => child.stop());
      void child.exited.then(({ code, signal }) => {
        if (!isEnding) askEnd(new Error(`The ${child.name} ended by itself (${signal ?? `code ${String(code)}`}). ${hint}`.trim()));
      });
    },
    end: (error) => { askEnd(error); },
    throwIfEnding: () => {
      if (isEnding) throw new Ended();
    },
  };

  let firstSignalAt = 0;
  const onSignal = (): void => {
    if (isEnding && Date.now() - firstSignalAt > SAME_SIGNAL_MS) process.exit(130);
    if (firstSignalAt === 0) {
      firstSignalAt = Date.now();
      say('Stopping…');
    }
    askEnd();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // The process that started us was killed.
  process.on('disconnect', () => { askEnd(); });
  process.on('uncaughtException', (error) => { askEnd(error); });
  process.on('unhandledRejection', (reason) => { askEnd(reason instanceof Error ? reason : new Error(String(reason))); });

  const failure = await Promise.race([
    ended,
    main(lifetime).then(() => undefined, (error: unknown) => (error instanceof Ended ? undefined : (error as Error))),
  ]);
  isEnding = true;
  clearProgress();
  if (failure) process.stderr.write(`${sentenceOf(failure)}\n`);
  for (const undo of undos.reverse()) {
    try {
      await undo();
    } catch (error) {
      process.stderr.write(`While stopping: ${sentenceOf(error)}\n`);
    }
  }
  process.exit(failure ? 1 : 0);
}
