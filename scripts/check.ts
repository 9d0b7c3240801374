// `npm run check`: looks at everything that the app needs and says what is wrong.
import { Command } from 'commander';
import pg from 'pg';
import { databaseUrl, env, parseEnv, type Env } from '../lib/env';
import { parseCredentialKeys } from '../lib/credentials';
import { loadEnvFiles } from './local/environment';
import { runMain, sentenceOf, UserError } from './local/fail';
import { fetchLink } from './local/fetch-link';
import { runningDemo } from './local/running-demo';
import { devDatabase } from './local/script-database';
import { pendingMigrations } from './migrate';

/** The app refuses shorter ones. */
const MIN_SECRET_LENGTH = 16;
/** Fences use the database's clock, so a difference harms no data; it confuses everyone who compares logs. */
const MAX_CLOCK_SKEW_MS = 2_000;

type Verdict = { ok: true; text: string } | { ok: false; text: string };
const good = (text: string): Verdict => ({ ok: true, text });
const bad = (text: string): Verdict => ({ ok: false, text });

let failures = 0;
async function look(name: string, work: () => Promise<Verdict> | Verdict): Promise<boolean> {
  let verdict: Verdict;
  try {
    verdict = await work();
  } catch (error) {
    verdict = bad(sentenceOf(error));
  }
  if (!verdict.ok) failures++;
  process.stdout.write(`${verdict.ok ? '✓' : '✗'} ${name.padEnd(12)} ${verdict.text}\n`);
  return verdict.ok;
}

function checkSecret({ CRON_SECRET: secret }: Env): Verdict {
  if (!secret) return bad('CRON_SECRET is not set: every cron call is answered 503. Make one with: openssl rand -hex 32');
  if (secret.length < MIN_SECRET_LENGTH) return bad(`CRON_SECRET has ${String(secret.length)} characters; it needs at least ${String(MIN_SECRET_LENGTH)}. Make one with: openssl rand -hex 32`);
  return good(`CRON_SECRET is set (${String(secret.length)} characters)`);
}

function checkCredentials({ CREDENTIALS_KEY: text }: Env): Verdict {
  if (!text) return good('CREDENTIALS_KEY is not set: no tokens for official APIs can be stored, which is optional');
  return good(`CREDENTIALS_KEY is set (seals with key "${parseCredentialKeys(text).current}")`);
}

async function checkDatabase(client: pg.Client, url: string): Promise<Verdict> {
  const startedAt = performance.now();
  await client.connect();
  const connectedMs = Math.round(performance.now() - startedAt);
  const { rows } = await client.query<{ version: string; utf8: boolean }>(`SELECT current_setting('server_version') AS version, current_setting('server_encoding') = 'UTF8' AS utf8`);
  const { hostname, port, pathname } = new URL(url);
  return good(`PostgreSQL ${rows[0]?.version ?? '?'} at ${hostname}${port ? `:${port}` : ''}${pathname}, connected in ${String(connectedMs)} ms`);
}

async function checkClock(client: pg.Client): Promise<Verdict> {
  const before = Date.now();
  const { rows } = await client.query<{ ms: number }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms');
  // Half of the round trip belongs to each direction.
  const skewMs = Math.round((rows[0]?.ms ?? 0) - (before + Date.now()) / 2);
  const text = `this machine is ${String(Math.abs(skewMs))} ms ${skewMs >= 0 ? 'behind' : 'ahead of'} the database`;
  return Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS ? good(text) : bad(`${text}: set its clock (NTP)`);
}

async function checkMigrations(url: string): Promise<Verdict> {
  const { pending, failed } = await pendingMigrations(url);
  if (failed.length > 0) return bad(`failed: ${failed.join(', ')}. Run npm run db:migrate to see what to do`);
  return pending.length === 0 ? good('all applied') : bad(`missing: ${pending.join(', ')}. Run: npm run db:migrate`);
}

async function main(): Promise<void> {
  const { link, duration } = new Command('npm run check --')
    .description('Checks environment, secret, database, migrations and clock, and reads one booking link.')
    .option('--link <url>', 'a booking link to read')
    .option('--duration <minutes>', 'the length to ask for', Number, 30)
    .addHelpText('after', '\nExamples:\n  npm run check\n  npm run check -- --link https://calendly.com/acme/intro')
    .parse()
    .opts<{ link?: string; duration: number }>();
  loadEnvFiles();
  const demo = process.env.DATABASE_URL ? undefined : await runningDemo();
  if (demo) process.stdout.write('(the demo is running: its settings are checked)\n');
  Object.assign(process.env, demo);

  await look('environment', () => {
    parseEnv(process.env);
    return good('every value is valid');
  });
  // A bad value is told above; the rest is checked as far as it goes.
  const settings = failures === 0 ? env() : undefined;
  if (settings) {
    await look('secret', () => checkSecret(settings));
    await look('credentials', () => checkCredentials(settings));
    await checkData(settings);
  }
  if (link !== undefined && settings) {
    await look('link', async () => {
      const { type, slots, tookMs } = await fetchLink(settings, { url: link, days: settings.AVAILABILITY_LOOKAHEAD_DAYS, durationMinutes: duration, zone: 'UTC' });
      return good(`${type}: ${String(slots.length)} slots in ${String(tookMs)} ms`);
    });
  }
  if (failures > 0) throw new UserError(`\n${String(failures)} of these need${failures === 1 ? 's' : ''} attention.`);
}

async function checkData(settings: Env): Promise<void> {
  const embedded = settings.DATABASE_URL ? undefined : await devDatabase();
  if (embedded) process.stdout.write('  (DATABASE_URL is not set: the embedded database of npm run dev is checked; the app itself needs the variable)\n');
  const url = embedded?.url ?? databaseUrl(settings);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    if (await look('database', () => checkDatabase(client, url))) {
      await look('migrations', () => checkMigrations(settings.DIRECT_DATABASE_URL ?? url));
      await look('clock', () => checkClock(client));
    }
  } finally {
    await client.end().catch(() => undefined);
    await embedded?.stop?.();
  }
}

await runMain(main);
