import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./offer-writer.ts', import.meta.url));

export interface Writer {
  child: ChildProcess;
  begin: () => void;
  /** What it wrote, a line an offer; throws when it failed. */
  finished: () => Promise<string[]>;
}

/** A process that has connected and waits to begin. */
export async function startWriter(url: string, workspaceId: string, sendKey: string, count: number, leads: readonly string[]): Promise<Writer> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, url, workspaceId, sendKey, String(count), ...leads], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
  const closed = once(child, 'close');
  const output = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    output.on('line', (line) => {
      if (line === 'ready') resolve();
      else lines.push(line);
    });
    child.once('close', () => { reject(new Error(`the writer ended: ${errors}`)); });
  });
  return {
    child,
    begin: () => { child.stdin.write('begin\n'); },
    finished: async () => {
      await closed;
      if (child.exitCode !== 0) throw new Error(`the writer ended with ${String(child.exitCode ?? child.signalCode)}: ${errors}`);
      return lines;
    },
  };
}
