import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Step } from '@/lib/follow-ups/process';
import { PROJECT_ROOT } from '../../../scripts/local/migration-files';

export interface ChildTask {
  url: string;
  allowHosts: string[];
  credentialsKey: string;
  maxAgeMs: number;
  /** Ends itself after this step's nth time; `sending`: the parent ends it as the message arrives. */
  step: Step | 'sending' | 'never';
  nth: number;
}

export interface ChildEnd {
  signal: NodeJS.Signals | null;
  output: string;
}

/** @param onStarted given what ends the process at once */
export async function runInProcess(task: ChildTask, onStarted: (kill: () => void) => void = () => undefined): Promise<ChildEnd> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(task)], { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  onStarted(() => child.kill('SIGKILL'));
  const output: string[] = [];
  child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
  child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_code, by) => { resolve(by); }));
  return { signal, output: output.join('') };
}
