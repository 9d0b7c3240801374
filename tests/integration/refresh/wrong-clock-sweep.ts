/** A sweep in a process of its own, for `wrong-clock.test.ts`: settings in, report out, as JSON. */
import { text } from 'node:stream/consumers';
import { createDb } from '../../../lib/db';
import { parseEnv } from '../../../lib/env';
import { createContext } from '../../../lib/refresh/context';
import { runSweep } from '../../../lib/refresh/sweep';

const from = parseEnv(JSON.parse(await text(process.stdin)) as Record<string, string>);
const db = createDb(from.DATABASE_URL ?? '', { poolMax: 2 });
const context = createContext(from, db);
const report = await runSweep(context, {
  runId: 'child', mode: 'all', timeBudgetMs: 20_000, concurrency: undefined, workspaceLimit: undefined, startedAtMs: performance.now(),
});
await context.transport.close();
await db.$disconnect();
process.stdout.write(JSON.stringify({ report, childNow: Date.now() }));
