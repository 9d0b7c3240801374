/** The cron route without a server: its handler, a real `Request`, and a test's own cache behind it. */
import { expect } from 'vitest';
import { createAvailabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import type { Db } from '@/lib/db';
import type { Env } from '@/lib/env';
import type { TestCache } from '../../support/cache';

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export const SECRET = 'the-secret-of-these-tests';
export const AUTHORISED = { authorization: `Bearer ${SECRET}` };

export interface RouteOptions {
  env?: Partial<Env>;
  /** Another way to the same database. */
  db?: Db;
}

/** @returns a function that hits the route as the platform does */
export function routeOver(cache: TestCache, { env, db = cache.db }: RouteOptions = {}): (query?: string, headers?: Record<string, string>) => Promise<Reply> {
  const context = { ...cache.context, db };
  const get = cronRoute(createAvailabilityJob(() => context), {
    env: () => ({ ...cache.env, CRON_SECRET: SECRET, ...env }),
    db: () => db,
  });
  return async (query = '', headers = AUTHORISED) => await hit(get, query, headers);
}

export async function hit(get: (request: Request) => Promise<Response>, query: string, headers: Record<string, string>): Promise<Reply> {
  const response = await get(new Request(`https://app.example/api/cron/availability?${query}`, { headers }));
  // Nothing on the way may answer for a run.
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}
