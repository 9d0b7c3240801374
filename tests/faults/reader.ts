import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FaultStage } from '../support/fault-stage';
import type { Bounds } from './truth';

export interface ReaderTask {
  servers: string[];
  keys: string[];
  ids: string[];
  control: string;
  /** Of the app: for reads through the function. */
  env: Record<string, string>;
  bounds: Bounds;
  loops: number;
  pauseMs: number;
}

export interface ReaderReport {
  reads: number;
  answered: number;
  withSlots: number;
  withoutSlots: number;
  /** No server or no database answered. */
  refused: number;
  lies: string[];
}

export interface Reader {
  report: () => Promise<ReaderReport>;
  /** Ends it and asserts that it was answered, and never told a lie. */
  stop: () => Promise<ReaderReport>;
}

export const DAY_MS = 86_400_000;
const WINDOW_MS = 30 * DAY_MS;
/** The anchor of a run's clock is late by the answer of one query. */
const ANCHOR_MS = 1_000;

/** @param options.maxAgeMs, workspaceTimeoutMs as the servers were started with */
export function startReader(stage: FaultStage, options: { maxAgeMs: number; workspaceTimeoutMs: number; loops?: number; pauseMs?: number }): Reader {
  const child = fork(join(import.meta.dirname, 'reader-process.ts'), { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const task: ReaderTask = {
    servers: stage.servers.map(({ url }) => url), keys: stage.keys, ids: stage.ids, control: stage.sim.control, env: stage.env,
    bounds: { maxAgeMs: options.maxAgeMs, readingMs: options.workspaceTimeoutMs + ANCHOR_MS, windowMs: WINDOW_MS },
    loops: options.loops ?? 4, pauseMs: options.pauseMs ?? 60,
  };
  child.send(task);
  return {
    report: () => ask(child),
    stop: async () => {
      const report = await ask(child);
      child.disconnect();
      expect(report.lies).toEqual([]);
      expect(report.withSlots).toBeGreaterThan(0);
      return report;
    },
  };
}

function ask(child: ChildProcess): Promise<ReaderReport> {
  return new Promise((resolve, reject) => {
    child.once('message', (report) => { resolve(report as ReaderReport); });
    child.once('exit', (code) => { reject(new Error(`the reader ended by itself (code ${String(code)})`)); });
    child.send('report');
  });
}
