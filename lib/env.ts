/**
 * The environment, parsed once and lazily (`next build` needs no variable). The only place that reads
 * `process.env`. A bad value is reported by the variable's name and what is right, never by its value.
 */
import { z } from 'zod';

/** The platform ends a function at 300 s; a run must have answered before. */
export const MAX_TIME_BUDGET_MS = 290_000;

export class EnvError extends Error {
  constructor(readonly problems: { variable: string; expected: string }[]) {
    super(`Bad environment: ${problems.map((p) => `${p.variable} ${p.expected}`).join('; ')}. See .env.example.`);
    this.name = 'EnvError';
  }
}

const integer = (min: number, max: number) => {
  const expected = `must be an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((n) => n >= min && n <= max, expected);
};

const origin = z.string().transform((value, ctx) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username) {
    return url.origin;
  }
  ctx.addIssue({ code: 'custom', message: 'must be an origin like https://api.example.com, without a path' });
  return z.NEVER;
});

const postgresUrl = z
  .string()
  .refine((v) => URL.canParse(v) && /^postgres(ql)?:$/.test(new URL(v).protocol), 'must be a postgresql:// URL');

const boolean = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((v) => v === 'true' || v === '1');

const credentialsKey = z
  .string()
  .regex(/^[\w.-]+:[A-Za-z0-9+/_-]{43}=?(,[\w.-]+:[A-Za-z0-9+/_-]{43}=?)*$/, 'must be keyId:base64 of 32 bytes, several separated by commas');

const webUrl = z
  .string()
  .refine((v) => URL.canParse(v) && /^https?:$/.test(new URL(v).protocol), 'must be a URL that begins with https://');

const days = (standard: number) => integer(1, 3_650).default(standard);

const hostList = z
  .string()
  .transform((v) => v.split(',').map((host) => host.trim().toLowerCase()).filter(Boolean))
  .refine((hosts) => hosts.every((h) => /^[a-z0-9.-]+(:\d+)?$/.test(h)), 'must be hosts, or host:port, separated by commas');

const schema = z
  .object({
    NODE_ENV: z.string().optional(),
    DATABASE_URL: postgresUrl.optional(),
    DIRECT_DATABASE_URL: postgresUrl.optional(),
    DATABASE_POOL_MAX: integer(1, 100).optional(),
    // Not refused here when short: the cron routes answer 503 and say so, and the rest of the app works.
    CRON_SECRET: z.string().optional(),
    CRON_SECRET_PREVIOUS: z.string().optional(),
    AVAILABILITY_CACHE_TTL_MS: integer(1_000, 86_400_000).default(60_000),
    AVAILABILITY_MAX_AGE_MS: integer(2_000, 604_800_000).default(900_000),
    AVAILABILITY_LOOKAHEAD_DAYS: integer(1, 90).default(30),
    AVAILABILITY_CRON_TIME_BUDGET_MS: integer(3_000, MAX_TIME_BUDGET_MS).default(50_000),
    AVAILABILITY_CRON_CONCURRENCY: integer(1, 1_000).optional(),
    AVAILABILITY_MAX_CONCURRENCY_PER_HOST: integer(1, 1_000).default(128),
    AVAILABILITY_WORKSPACE_TIMEOUT_MS: integer(100, 120_000).default(15_000),
    AVAILABILITY_CRON_WORKSPACE_LIMIT: integer(0, 1_000_000_000).optional(),
    AVAILABILITY_CRON_LIMIT: integer(0, 1_000_000_000).optional(),
    // With less a new calendar's three requests at a free Calendly account would fit in no run.
    QUOTA_SHARE_PERCENT: integer(10, 100).default(50),
    EMAILBISON_FIRST_TOUCH_REFRESH_IF_STALE: boolean.default(false),
    EMAILBISON_FIRST_TOUCH_TIME_BUDGET_MS: integer(3_000, MAX_TIME_BUDGET_MS).default(50_000),
    CREDENTIALS_KEY: credentialsKey.optional(),
    CONSOLE_PASSWORD: z.string().min(12, 'must have at least 12 characters').optional(),
    CALENDLY_BOOKING_ORIGIN: origin.default('https://calendly.com'),
    CALENDLY_API_ORIGIN: origin.default('https://api.calendly.com'),
    HUBSPOT_MEETINGS_ORIGIN: origin.default('https://api.hubspot.com'),
    HUBSPOT_API_ORIGIN: origin.default('https://api.hubapi.com'),
    GHL_BACKEND_ORIGIN: origin.default('https://backend.leadconnectorhq.com'),
    GHL_BOOKING_ORIGIN: origin.optional(),
    GHL_API_ORIGIN: origin.default('https://services.leadconnectorhq.com'),
    OUTBOUND_ALLOW_HOSTS: hostList.default([]),
    HEARTBEAT_URL: webUrl.optional(),
    ALARM_SLACK_WEBHOOK_URL: webUrl.optional(),
    ALARM_EMAIL_WEBHOOK_URL: webUrl.optional(),
    ALARM_EMAIL_TO: z.string().max(320).regex(/^[^\s@]+@[^\s@]+$/, 'must be an email address').optional(),
    ALARM_OLDEST_AGE_MS: integer(60_000, 604_800_000).optional(),
    PRUNE_RUNS_DAYS: days(14),
    PRUNE_TRANSITIONS_DAYS: days(30),
    PRUNE_HOURS_DAYS: days(90),
    PRUNE_OFFERS_DAYS: days(180),
    PRUNE_WEBHOOK_EVENTS_DAYS: days(30),
    PRUNE_AUDIT_DAYS: days(365),
    PRUNE_ALARMS_DAYS: days(90),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent').default('info'),
  })
  .refine((e) => e.AVAILABILITY_MAX_AGE_MS >= 2 * e.AVAILABILITY_CACHE_TTL_MS, {
    path: ['AVAILABILITY_MAX_AGE_MS'],
    message: 'must be at least twice AVAILABILITY_CACHE_TTL_MS',
  })
  .refine((e) => (e.ALARM_EMAIL_WEBHOOK_URL === undefined) === (e.ALARM_EMAIL_TO === undefined), {
    path: ['ALARM_EMAIL_TO'],
    message: 'and ALARM_EMAIL_WEBHOOK_URL belong together: set both or neither',
  });

export type Env = z.infer<typeof schema>;

/** Every variable that the app reads, for `.env.example` and its test. */
export const ENV_VARIABLES = Object.keys(schema.shape) as (keyof Env)[];

/**
 * Pure. Values are trimmed; an empty value counts as unset.
 * @throws EnvError naming every bad variable
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given: Record<string, string> = {};
  for (const name of ENV_VARIABLES) {
    const value = source[name]?.trim();
    if (value) given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new EnvError(
    parsed.error.issues.map((issue) => ({ variable: issue.path.join('.'), expected: issue.message })),
  );
}

let cached: Env | undefined;

/** The process's environment. @throws EnvError */
export function env(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}

/** The database's URL. @throws EnvError when it is not set */
export function databaseUrl(from: Env = env()): string {
  if (from.DATABASE_URL) return from.DATABASE_URL;
  throw new EnvError([{ variable: 'DATABASE_URL', expected: 'must be set to a postgresql:// URL' }]);
}

/** True on hosts that run each request in a function of its own. */
export function isServerless(source: Record<string, string | undefined> = process.env): boolean {
  return Boolean(source.VERCEL ?? source.AWS_LAMBDA_FUNCTION_NAME);
}

/** False while developing: pages may then evaluate code, and cookies need no https. */
export function isProduction(source: Record<string, string | undefined> = process.env): boolean {
  return source.NODE_ENV === 'production';
}
