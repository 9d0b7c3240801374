/**
 * One run of the first-touch route in a process of its own, which ends itself at a step.
 * node --import tsx crash-child.ts <json>
 */
import { createDb } from '@/lib/db';
import { parseEnv } from '@/lib/env';
import { cronRoute } from '@/lib/cron/cron-route';
import { createFirstTouchJob } from '@/lib/cron/first-touch-job';
import { createFirstTouchContext, type FirstTouchContext } from '@/lib/emailbison-first-touch-availability';
import type { ChildTask } from './crash-process';

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const env = parseEnv(task.env);
const db = createDb(task.env.DATABASE_URL ?? '', { poolMax: 4 });
let left = task.nth;
const context: FirstTouchContext = {
  ...createFirstTouchContext(env, db),
  now: () => task.now,
  onStep: (step) => {
    if (step === task.step && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
};
const handler = cronRoute(createFirstTouchJob(() => context), { env: () => env, db: () => db });
const response = await handler(new Request('http://app.test/api/cron/emailbison/availability-slot', { headers: { authorization: `Bearer ${env.CRON_SECRET ?? ''}` } }));
process.stdout.write(await response.text());
process.exit(0);
