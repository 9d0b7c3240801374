/** One run of follow-ups in a process of its own, which ends itself at a step: node --import tsx crash-child.ts <json> */
import { randomUUID } from 'node:crypto';
import { createDb } from '@/lib/db';
import { runFollowUps } from '@/lib/followups';
import { createHttpTransport } from '@/lib/providers/http';
import type { ChildTask } from './crash-process';

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const db = createDb(task.url, { poolMax: 4 });
let left = task.nth;
const report = await runFollowUps(
  {
    db, transport: createHttpTransport({ allowHosts: task.allowHosts, trustedOrigins: [] }), maxAgeMs: task.maxAgeMs, credentialsKey: task.credentialsKey, random: Math.random,
    at: (step) => {
      if (step === task.step && --left === 0) process.kill(process.pid, 'SIGKILL');
      return Promise.resolve();
    },
  },
  { runId: randomUUID(), timeBudgetMs: 30_000, startedAtMs: performance.now() },
);
process.stdout.write(JSON.stringify(report));
process.exit(0);
