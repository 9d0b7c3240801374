// `npm run cron`: calls the paths of vercel.json on their schedules, wherever the app runs.
import { Command } from 'commander';
import { env } from '../lib/env';
import { loadEnvFiles } from './local/environment';
import { runMain, UserError } from './local/fail';
import { live } from './local/lifetime';
import { readCronJobs, startLocalCron, type CronCall } from './local/local-cron';
import { say } from './local/output';
import { runningDemo } from './local/running-demo';
import { isQuiet, lineOfCall } from './local/sweep-line';

interface Options {
  baseUrl?: string;
  once: boolean;
}

const DEFAULT_BASE_URL = 'http://127.0.0.1:3000';

await runMain(async () => {
  const { baseUrl: given, once } = new Command('npm run cron --')
    .description('Calls the cron paths of vercel.json on their schedules (UTC), with CRON_SECRET from the environment or .env.')
    .option('--base-url <url>', `where the app runs (default ${DEFAULT_BASE_URL})`)
    .option('--once', 'only what is due in this minute, then end; exit code 1 if a call failed', false)
    .addHelpText('after', '\nExamples:\n  npm run cron\n  CRON_SECRET=… npm run cron -- --base-url https://app.example.com\n  npm run cron -- --once')
    .parse()
    .opts<Options>();
  loadEnvFiles();
  const demo = process.env.CRON_SECRET ? undefined : await runningDemo();
  const baseUrl = given ?? demo?.APP_URL ?? DEFAULT_BASE_URL;
  const secret = env().CRON_SECRET ?? demo?.CRON_SECRET;
  if (!secret) throw new UserError('Set CRON_SECRET to the secret of the app that is called (in the environment or in .env).');
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) throw new UserError(`--base-url ${JSON.stringify(baseUrl)} must be like https://app.example.com`);
  const jobs = readCronJobs();

  let failures = 0;
  const onCall = (call: CronCall): void => {
    if (call.status === undefined || call.status >= 300) failures++;
    if (!isQuiet(call)) say(lineOfCall(call));
  };
  if (once) {
    const cron = startLocalCron({ baseUrl, secret, jobs, once, onCall });
    await cron.done;
    if (failures > 0) process.exitCode = 1;
    return;
  }
  await live(async (lifetime) => {
    for (const { path, schedule } of jobs) say(`${schedule}  ${new URL(path, baseUrl).href}`);
    lifetime.onEnd(startLocalCron({ baseUrl, secret, jobs, onCall }).stop);
    await new Promise<never>(() => undefined);
  });
});
