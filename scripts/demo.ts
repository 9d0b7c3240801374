// `npm run demo`: the whole product on this machine, against simulated providers, until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createDb, type Db } from '../lib/db';
import { liveAMinute } from './demo/life';
import { newSigningSecret, seedOutreach, type Outreach } from './demo/outreach';
import { startReceiver } from './demo/receiver';
import { simulatedEmailBison, type SimulatedEmailBison } from './demo/simulated-emailbison';
import { isolatedAppEnv } from './local/environment';
import { freePort } from './local/free-port';
import { live, type Lifetime } from './local/lifetime';
import { readCronJobs, startLocalCron, type CronCall, type CronJob } from './local/local-cron';
import { PROJECT_ROOT, shownPath } from './local/migration-files';
import { say, showProgress, step } from './local/output';
import { startPostgres } from './local/postgres';
import { RUNNING_DEMO_FILE } from './local/running-demo';
import { seedDatabase } from './local/seed';
import { startSimulatorProcess } from './local/simulator-process';
import { formatSeconds, isFinishedSweep, isQuiet, lineAt, lineOfCall } from './local/sweep-line';
import { followSweep } from './local/sweep-progress';
import { buildWeb } from './local/web-build';
import { startWebServer } from './local/web-server';
import { migrate } from './migrate';
import { seedPopulation } from './simulator/population';

const DEMO_DIR = join(PROJECT_ROOT, '.data', 'demo');
const KEPT_FILES = { credentialsKey: 'credentials-key', consolePassword: 'console-password' };
const SWEEP_PATH = '/api/cron/availability';
const AGENCIES = 12;
const LIFE_MS = 60_000;
const SEED = 1;
/** Median and spread of the simulated providers' answers. */
const LATENCY = '250,0.6';

interface Options {
  workspaces: number;
  port: number;
  keep: boolean;
  sweeps?: number;
}

function integerFrom(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
    return value;
  };
}

const options = new Command('npm run demo --')
  .description('Database, simulated providers, seeded agencies, production build, server and a local cron, on this machine. Ctrl-C ends all of it.')
  .option('--workspaces <n>', 'how many workspaces to seed', integerFrom(AGENCIES, 20_000), 303)
  .option('--port <n>', 'port of the app; the next free one is taken', integerFrom(1, 65_535), 3000)
  .option('--keep', 'go on with the data of the demo before', false)
  .option('--sweeps <n>', 'end after so many sweeps', integerFrom(1, 1_000_000))
  .addHelpText('after', '\nExamples:\n  npm run demo\n  npm run demo -- --workspaces 1000 --port 4000\n  npm run demo -- --sweeps 2')
  .parse()
  .opts<Options>();

await live(async (lifetime) => {
  mkdirSync(DEMO_DIR, { recursive: true });
  const logOf = (name: string): string => join(DEMO_DIR, `${name}.log`);

  const databaseUrl = await step('database', async (note) => {
    const server = await startPostgres({ dataDir: join(DEMO_DIR, 'postgres'), mode: 'durable', fresh: !options.keep });
    lifetime.watch(server.process);
    // Only now is it certain that no other demo uses them.
    if (!options.keep) for (const name of Object.values(KEPT_FILES)) rmSync(join(DEMO_DIR, name), { force: true });
    note(`PostgreSQL, in ${shownPath(server.dataDir)}`);
    return server.url;
  });
  lifetime.throwIfEnding();
  await step('migrations', async (note) => { note(`${String((await migrate(databaseUrl)).length)} applied`); });
  lifetime.throwIfEnding();

  const size = { workspaces: options.workspaces, agencies: AGENCIES, seed: SEED };
  const { variables: providers, control } = await step('provider simulator', async (note) => {
    note(`Calendly, HubSpot, GoHighLevel and EmailBison, answers in about ${LATENCY.split(',')[0] ?? ''} ms`);
    return await startSimulatorProcess(lifetime, { ...size, latency: LATENCY }, logOf('simulator'));
  });

  const db = createDb(databaseUrl, { poolMax: 2, applicationName: 'demo' });
  lifetime.onEnd(() => db.$disconnect());
  const credentialsKey = keptSecret(KEPT_FILES.credentialsKey, () => `demo:${randomBytes(32).toString('base64')}`);
  await step('agencies', async (note) => {
    const isSeeded = (await db.client.count()) > 0;
    const population = seedPopulation(size);
    const count = isSeeded ? await db.client.count() : await seedDatabase(db, population, credentialsKey);
    note(`${String(count)} workspaces of ${String(population.agencies.length)} agencies${isSeeded ? ', kept' : ''}`);
  });
  lifetime.throwIfEnding();
  const bison = simulatedEmailBison(control);
  const signingSecret = newSigningSecret();
  const receiver = await startReceiver(signingSecret);
  lifetime.onEnd(receiver.close);
  lifetime.throwIfEnding();
  await step('production build', async (note) => {
    if ((await buildWeb(lifetime)) === 'unchanged') note('nothing changed since the last one');
  });

  const secret = randomBytes(24).toString('hex');
  const variables = {
    ...providers, DATABASE_URL: databaseUrl, DIRECT_DATABASE_URL: databaseUrl, CRON_SECRET: secret, CREDENTIALS_KEY: credentialsKey,
    CONSOLE_PASSWORD: keptSecret(KEPT_FILES.consolePassword, () => randomBytes(9).toString('base64url')), LOG_LEVEL: 'info',
    OUTBOUND_ALLOW_HOSTS: `${providers.OUTBOUND_ALLOW_HOSTS ?? ''},${receiver.host}`,
  };
  const { url } = await step('server', async (note) => {
    const port = await freePort(options.port);
    const server = await startWebServer(lifetime, { command: 'start', port, env: isolatedAppEnv(variables), logFile: logOf('server') });
    if (port !== options.port) note(`port ${String(options.port)} is taken`);
    return server;
  });
  // Last, for it says what is due from now on.
  const outreach = await step('outreach', async (note) => {
    const seeded = await seedOutreach({ db, bison, credentialsKey, receiver: { url: receiver.url, secret: signingSecret } });
    note(`${String(seeded.workspaces.length)} campaigns at EmailBison with ${String(seeded.leads)} leads, ${String(seeded.followUps)} follow-ups, ${String(seeded.bookings)} bookings`);
    return seeded;
  });
  shareWithOtherScripts({ ...variables, APP_URL: url }, lifetime);

  say(`\n  ${url}${existsSync(join(PROJECT_ROOT, 'app', '(console)')) ? `   (password ${variables.CONSOLE_PASSWORD})` : ''}`);
  say(`  curl -H "Authorization: Bearer ${secret}" ${url}${SWEEP_PATH}`);
  const [shown] = outreach.workspaces;
  if (shown) say(`  curl -H "Authorization: Bearer ${outreach.keys.get(shown.agencyId) ?? ''}" "${url}/api/availability/${shown.id}?limit=5"`);
  say('\n  In another terminal:  npm run workspaces -- list');
  if (shown) for (const command of ['first-touch preview', 'offers', 'followups list']) say(`                        npm run workspaces -- ${command} ${shown.id.slice(0, 8)}`);
  say('\n  A line for each sweep from here on, and for what first touch, follow-ups and leads did. Ctrl-C ends it.\n');
  await runUntilEnd(lifetime, { baseUrl: url, secret, db, bison, outreach });
});

interface Running {
  baseUrl: string;
  secret: string;
  db: Db;
  bison: SimulatedEmailBison;
  outreach: Outreach;
}

function isSweep(job: { path: string }): boolean {
  return job.path.startsWith(SWEEP_PATH);
}

/** The local cron. The first sweep does not wait for its minute; what reads the cache begins when it is filled. */
async function runUntilEnd(lifetime: Lifetime, { baseUrl, secret, ...world }: Running): Promise<void> {
  let sweeps = 0;
  const cronOf = (jobs: CronJob[], onCall: (call: CronCall) => void): void => {
    const cron = startLocalCron({
      baseUrl, secret, jobs, onCall,
      startWith: () => true,
      onStart: (job) => (isSweep(job) ? showSweep(world.db) : undefined),
    });
    lifetime.onEnd(cron.stop);
  };
  const jobs = readCronJobs();
  cronOf(jobs.filter(isSweep), (call) => {
    say(lineOfCall(call));
    if (!isFinishedSweep(call)) return;
    sweeps++;
    if (sweeps === options.sweeps) lifetime.end();
    else if (sweeps === 1) {
      cronOf(jobs.filter((job) => !isSweep(job)), (one) => { if (!isQuiet(one)) say(lineOfCall(one)); });
      startLife(lifetime, { ...world, appUrl: baseUrl });
    }
  });
  await new Promise<never>(() => undefined);
}

/** What leads do, a line a minute. */
function startLife(lifetime: Lifetime, world: Parameters<typeof liveAMinute>[0]): void {
  let minute = 0;
  const timer = setInterval(() => {
    liveAMinute(world, minute++).then(({ newLeads, replies, bookings }) => {
      say(lineAt(new Date(), 'leads', `${String(newLeads)} new · ${String(replies)} replied · ${String(bookings)} booked a time`));
    }, (error: unknown) => { say(lineAt(new Date(), 'leads', `the simulated world stumbled: ${error instanceof Error ? error.message : 'unknown'}`)); });
  }, LIFE_MS);
  lifetime.onEnd(() => { clearInterval(timer); });
}

/** Progress of the sweep that is starting; the returned function ends it. */
function showSweep(db: Db): () => void {
  const [sweep, startedAt] = [followSweep(db), performance.now()];
  const stop = showProgress(() => `… sweep  ${String(sweep.done())}/${String(sweep.total())} workspaces attempted  ${formatSeconds((performance.now() - startedAt) / 1000)}`);
  return () => {
    stop();
    sweep.stop();
  };
}

/** A secret that must outlive the demo for `--keep`: what it sealed is in the database. */
function keptSecret(name: string, make: () => string): string {
  const path = join(DEMO_DIR, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}

/** Lets `npm run workspaces` and the like, started in another terminal, find this demo. */
function shareWithOtherScripts(variables: Record<string, string>, lifetime: Lifetime): void {
  writeFileSync(RUNNING_DEMO_FILE, Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`).join(''), { mode: 0o600 });
  lifetime.onEnd(() => { rmSync(RUNNING_DEMO_FILE, { force: true }); });
}
