import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Step } from '@/lib/first-touch/context';
import { PROJECT_ROOT } from '../../../scripts/local/migration-files';

export interface ChildTask {
  env: Record<string, string>;
  /** The clock of the run. */
  now: number;
  /** Ends itself after this step's nth time; `patching`: the parent ends it as the write arrives. */
  step: Step | 'patching' | 'never';
  nth: number;
}

export interface ChildEnd {
  signal: NodeJS.Signals | null;
  /** The answer, if there was one. */
  output: string;
  complaints: string;
}

/** @param onStarted given what ends the process at once */
export async function runInProcess(task: ChildTask, onStarted: (kill: () => void) => void = () => undefined): Promise<ChildEnd> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(task)], { cwd: PROJECT_ROOT, env: { ...process.env, LOG_LEVEL: 'silent' }, stdio: ['ignore', 'pipe', 'pipe'] });
  onStarted(() => child.kill('SIGKILL'));
  const output: string[] = [];
  const complaints: string[] = [];
  child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
  child.stderr.on('data', (text: Buffer) => complaints.push(text.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_code, by) => { resolve(by); }));
  return { signal, output: output.join(''), complaints: complaints.join('') };
}
