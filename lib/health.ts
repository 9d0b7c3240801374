/** Whether the app can do its work: what `GET /api/health` answers. */
import { bounded, type Db } from './db';
import { databaseUrl, env, EnvError, type Env } from './env';
import { readCacheMetrics } from './refresh/metrics';

export interface Health {
  ready: boolean;
  checks: {
    environment: 'ok' | 'bad';
    database: 'ok' | 'unreachable' | 'not_checked';
    migrations: 'ok' | 'missing' | 'unfinished' | 'not_checked';
    sweep: 'on' | 'off' | 'not_checked';
  };
  /** Seconds since a good sweep of all workspaces ended; null: never. */
  lastGoodSweepAgeSeconds: number | null;
  /** Seconds since a run of each cron job last ended well, within what is kept of runs. */
  lastSuccessAgeSeconds: Record<string, number>;
  /** Of configured workspaces that are not paused or misconfigured; null: none has succeeded. */
  oldestCacheAgeSeconds: number | null;
  /** What to do, for each check that fails. */
  problems: string[];
}

const CHECK_TIMEOUT_MS = 3_000;

/** @param open makes the database client; called only when the environment is good */
export async function readHealth(open: () => Db, from: () => Env = env): Promise<Health> {
  const health: Health = {
    ready: false,
    checks: { environment: 'ok', database: 'not_checked', migrations: 'not_checked', sweep: 'not_checked' },
    lastGoodSweepAgeSeconds: null,
    lastSuccessAgeSeconds: {},
    oldestCacheAgeSeconds: null,
    problems: [],
  };
  const { checks, problems } = health;
  try {
    const { AVAILABILITY_CRON_WORKSPACE_LIMIT, AVAILABILITY_CRON_LIMIT } = from();
    databaseUrl(from());
    checks.sweep = (AVAILABILITY_CRON_WORKSPACE_LIMIT ?? AVAILABILITY_CRON_LIMIT) === 0 ? 'off' : 'on';
    if (checks.sweep === 'off') problems.push('The sweep is off: its workspace limit is 0. Unset AVAILABILITY_CRON_WORKSPACE_LIMIT and AVAILABILITY_CRON_LIMIT.');
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    checks.environment = 'bad';
    problems.push(error.message);
    return health;
  }
  try {
    await readDatabase(open(), health);
  } catch {
    checks.database = 'unreachable';
    problems.push('The database did not answer. Check DATABASE_URL and that the server runs.');
  }
  health.ready = problems.length === 0;
  return health;
}

async function readDatabase(db: Db, health: Health): Promise<void> {
  const { checks, problems } = health;
  const [tables] = await bounded(CHECK_TIMEOUT_MS, () => db.$queryRaw<{ migrated: boolean }[]>`
    SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AND to_regclass('"CronRun"') IS NOT NULL AS migrated`);
  checks.database = 'ok';
  if (tables?.migrated !== true) {
    checks.migrations = 'missing';
    problems.push('The tables are missing. Run: npm run db:migrate');
    return;
  }
  const [row] = await bounded(CHECK_TIMEOUT_MS, () => db.$queryRaw<{ unfinished: number; age: number | null; jobs: Record<string, number> | null }[]>`
    SELECT (SELECT count(*)::int FROM "_prisma_migrations" WHERE finished_at IS NULL AND rolled_back_at IS NULL) AS unfinished,
      (SELECT extract(epoch FROM now() - "finishedAt")::float8 FROM "CronRun"
         WHERE job = 'availability' AND outcome = 'good' AND counts ? 'checked' ORDER BY "startedAt" DESC LIMIT 1) AS age,
      (SELECT json_object_agg(job, age) FROM (SELECT job, round(extract(epoch FROM now() - max("finishedAt")))::int AS age
         FROM "CronRun" WHERE outcome = 'good' AND (counts IS NULL OR NOT counts ? 'workspaceId') GROUP BY job) j) AS jobs`);
  checks.migrations = row?.unfinished === 0 ? 'ok' : 'unfinished';
  if (checks.migrations === 'unfinished') problems.push('A migration did not finish. Run: npm run db:migrate');
  health.lastGoodSweepAgeSeconds = row?.age == null ? null : Math.round(row.age);
  health.lastSuccessAgeSeconds = row?.jobs ?? {};
  if (checks.migrations === 'ok') health.oldestCacheAgeSeconds = (await readCacheMetrics(db, CHECK_TIMEOUT_MS)).oldestSuccessAgeSeconds;
}
