import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { databaseUrl, ENV_VARIABLES, EnvError, parseEnv } from '@/lib/env';

function problemsOf(source: Record<string, string>): string[] {
  try {
    parseEnv(source);
    return [];
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return error.problems.map((p) => p.variable);
  }
}

describe('the environment', () => {
  it('has a default for everything but the database and the secrets', () => {
    expect(parseEnv({})).toMatchObject({
      AVAILABILITY_CACHE_TTL_MS: 60_000, AVAILABILITY_MAX_AGE_MS: 900_000, AVAILABILITY_LOOKAHEAD_DAYS: 30,
      AVAILABILITY_CRON_TIME_BUDGET_MS: 50_000, EMAILBISON_FIRST_TOUCH_REFRESH_IF_STALE: false, OUTBOUND_ALLOW_HOSTS: [],
      CALENDLY_BOOKING_ORIGIN: 'https://calendly.com', GHL_API_ORIGIN: 'https://services.leadconnectorhq.com',
    });
  });

  it('trims values and takes an empty one for unset', () => {
    const env = parseEnv({ AVAILABILITY_CRON_LIMIT: ' 0 ', AVAILABILITY_CRON_WORKSPACE_LIMIT: '  ', CRON_SECRET: ' s3cr3t-of-16-chars\n' });
    expect(env.AVAILABILITY_CRON_LIMIT).toBe(0);
    expect(env.AVAILABILITY_CRON_WORKSPACE_LIMIT).toBeUndefined();
    expect(env.CRON_SECRET).toBe('s3cr3t-of-16-chars');
  });

  it.each([
    ['DATABASE_URL', 'mysql://x'],
    ['DIRECT_DATABASE_URL', 'localhost:5432'],
    ['DATABASE_POOL_MAX', '0'],
    ['AVAILABILITY_CACHE_TTL_MS', '1e5'],
    ['AVAILABILITY_CACHE_TTL_MS', '-1'],
    ['AVAILABILITY_LOOKAHEAD_DAYS', '0'],
    ['AVAILABILITY_LOOKAHEAD_DAYS', '30.5'],
    ['AVAILABILITY_CRON_TIME_BUDGET_MS', '290001'],
    ['AVAILABILITY_CRON_CONCURRENCY', '0'],
    ['AVAILABILITY_CRON_WORKSPACE_LIMIT', 'none'],
    ['AVAILABILITY_CRON_LIMIT', '-1'],
    ['QUOTA_SHARE_PERCENT', '101'], ['QUOTA_SHARE_PERCENT', '9'],
    ['EMAILBISON_FIRST_TOUCH_REFRESH_IF_STALE', 'yes'],
    ['CREDENTIALS_KEY', 'secret'],
    ['CONSOLE_PASSWORD', 'short'],
    ['CALENDLY_API_ORIGIN', 'api.calendly.com'],
    ['GHL_BOOKING_ORIGIN', 'https://book.example.com/path'],
    ['HUBSPOT_API_ORIGIN', 'ftp://api.hubapi.com'],
    ['OUTBOUND_ALLOW_HOSTS', 'http://127.0.0.1'],
    ['LOG_LEVEL', 'loud'],
  ])('refuses %s=%s by its name', (variable, value) => {
    expect(problemsOf({ [variable]: value })).toEqual([variable]);
  });

  it('never shows a value in its message', () => {
    const secret = 'postgres-hunter2-postgres';
    expect(() => parseEnv({ DATABASE_URL: secret, CREDENTIALS_KEY: secret, CONSOLE_PASSWORD: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }) as Error,
    );
  });

  it('names every bad variable at once', () => {
    expect(problemsOf({ AVAILABILITY_CRON_LIMIT: 'x', LOG_LEVEL: 'x' })).toEqual(['AVAILABILITY_CRON_LIMIT', 'LOG_LEVEL']);
  });

  it('refuses an age limit under twice the TTL', () => {
    expect(problemsOf({ AVAILABILITY_CACHE_TTL_MS: '60000', AVAILABILITY_MAX_AGE_MS: '119999' })).toEqual(['AVAILABILITY_MAX_AGE_MS']);
    expect(problemsOf({ AVAILABILITY_CACHE_TTL_MS: '60000', AVAILABILITY_MAX_AGE_MS: '120000' })).toEqual([]);
  });

  it('asks for the database by name', () => {
    expect(() => databaseUrl(parseEnv({}))).toThrow(/DATABASE_URL must be set/);
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const shown = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => ({ name, value }));

  it('lists every variable that the app reads, and no other', () => {
    expect(shown.map((v) => v.name).sort()).toEqual(ENV_VARIABLES.filter((name) => name !== 'NODE_ENV').sort());
  });

  it('shows the real defaults', () => {
    const defaults = parseEnv({}) as Record<string, unknown>;
    const given = parseEnv(Object.fromEntries(shown.filter((v) => v.name !== 'DATABASE_URL').map((v) => [v.name, v.value])));
    expect(given).toEqual(defaults);
  });
});
