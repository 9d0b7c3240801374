// `npm run dev`: the app with reloading, its crons, and an embedded database unless DATABASE_URL is set; your own .env, real providers.
import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { env } from '../lib/env';
import { loadEnvFiles } from './local/environment';
import { freePort } from './local/free-port';
import { live } from './local/lifetime';
import { readCronJobs, startLocalCron } from './local/local-cron';
import { shownPath } from './local/migration-files';
import { say, step } from './local/output';
import { startPostgres } from './local/postgres';
import { DEV_DATA_DIR } from './local/script-database';
import { isQuiet, lineOfCall } from './local/sweep-line';
import { startWebServer } from './local/web-server';
import { migrate, pendingMigrations } from './migrate';

const { port: wantedPort, cron: withCron } = new Command('npm run dev --')
  .description('Runs the app with reloading and its crons. Without DATABASE_URL the database is an embedded one in .data/dev.')
  .option('--port <n>', 'port of the app; the next free one is taken', Number, 3000)
  .option('--no-cron', 'do not call the crons of vercel.json')
  .addHelpText('after', '\nExamples:\n  npm run dev\n  npm run dev -- --port 4000 --no-cron')
  .parse()
  .opts<{ port: number; cron: boolean }>();

await live(async (lifetime) => {
  loadEnvFiles();
  const { DATABASE_URL, DIRECT_DATABASE_URL, CRON_SECRET, CONSOLE_PASSWORD } = env();
  const url = DATABASE_URL ?? (await step('database', async (note) => {
    const server = await startPostgres({ dataDir: DEV_DATA_DIR, mode: 'durable' });
    lifetime.watch(server.process);
    note(`embedded PostgreSQL, in ${shownPath(server.dataDir)}`);
    return server.url;
  }));
  lifetime.throwIfEnding();
  await step('migrations', async (note) => {
    const direct = DATABASE_URL ? (DIRECT_DATABASE_URL ?? url) : url;
    // A database of your own is looked at and not changed: it may be shared.
    if (!DATABASE_URL) note(`${String((await migrate(direct)).length)} applied`);
    else note(((await pendingMigrations(direct)).pending.map((name) => `${name} is missing: npm run db:migrate`)).join('; '));
  });
  const secret = CRON_SECRET ?? randomBytes(24).toString('hex');
  const password = CONSOLE_PASSWORD ?? randomBytes(9).toString('base64url');
  const port = await freePort(wantedPort);
  const embedded = DATABASE_URL ? {} : { DATABASE_URL: url, DIRECT_DATABASE_URL: url };
  const variables = { ...process.env, ...embedded, CRON_SECRET: secret, CONSOLE_PASSWORD: password, NODE_ENV: 'development' as const, NEXT_TELEMETRY_DISABLED: '1' };
  const server = await startWebServer(lifetime, { command: 'dev', port, env: variables });
  say(`\n  ${server.url}${CONSOLE_PASSWORD ? '' : `   (password ${password})`}\n  curl -H "Authorization: Bearer $CRON_SECRET" ${server.url}/api/cron/availability${CRON_SECRET ? '' : `   (CRON_SECRET=${secret})`}\n`);
  if (withCron) lifetime.onEnd(startLocalCron({ baseUrl: server.url, secret, jobs: readCronJobs(), onCall: (call) => { if (!isQuiet(call)) say(lineOfCall(call)); } }).stop);
  await new Promise<never>(() => undefined);
});
