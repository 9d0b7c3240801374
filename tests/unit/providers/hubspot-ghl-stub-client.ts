import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindOfStatus, ProviderError } from '@/lib/providers/errors';
import type { FetchOptions, HttpClient, HttpRequest, ProviderOrigins } from '@/lib/providers/types';

/** Clock of the fixtures. */
export const FIXTURE_NOW = Date.parse('2026-11-23T12:00:00Z');

export const ORIGINS: ProviderOrigins = {
  calendlyBooking: 'https://calendly.com',
  calendlyApi: 'https://api.calendly.com',
  hubspotMeetings: 'https://api.hubspot.com',
  hubspotApi: 'https://api.hubapi.com',
  ghlBackend: 'https://backend.leadconnectorhq.com',
  ghlApi: 'https://services.leadconnectorhq.com',
};

export function fixtureText(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../fixtures', path), 'utf8');
}

export function fixture(path: string): unknown {
  return JSON.parse(fixtureText(path));
}

/** A body, HTML text, or an HTTP status that is not a success. */
export type Answer = { json: unknown } | { html: string } | { status: number };

export type Asked = Omit<HttpRequest<unknown>, 'schema'>;

/** A client that answers from a function and applies the caller's schema; remembers what it was asked, in order. */
export function stubClient(answer: (asked: Asked) => Answer): { http: HttpClient; asked: Asked[]; paths: () => string[] } {
  const asked: Asked[] = [];
  const take = (request: Asked): Answer => {
    asked.push(request);
    const given = answer(request);
    if ('status' in given) {
      throw new ProviderError({
        vendor: request.vendor,
        kind: kindOfStatus(given.status, request.credential !== undefined),
        message: `status ${given.status}`,
        status: given.status,
      });
    }
    return given;
  };
  const read = <T>({ schema, ...request }: HttpRequest<T>): T => {
    const given = take(request);
    const checked = schema.safeParse('json' in given ? structuredClone(given.json) : undefined);
    if (checked.success) return checked.data;
    const path = checked.error.issues[0]?.path.map(String).join('.') ?? '';
    throw new ProviderError({ vendor: request.vendor, kind: 'invalid_response', message: `shape: ${path}` });
  };
  const readHtml = (request: Asked): string => {
    const given = take(request);
    if ('html' in given) return given.html;
    throw new ProviderError({ vendor: request.vendor, kind: 'invalid_response', message: 'not HTML' });
  };
  const http: HttpClient = {
    getJson: (request) => Promise.resolve().then(() => read(request)),
    getHtml: (request) => Promise.resolve().then(() => readHtml(request)),
  };
  return { http, asked, paths: () => asked.map(({ url }) => url.pathname) };
}

export function optionsWith(http: HttpClient, more: Partial<FetchOptions> = {}): FetchOptions {
  return {
    http,
    origins: ORIGINS,
    durationMinutes: 30,
    timezone: 'America/New_York',
    signal: new AbortController().signal,
    now: FIXTURE_NOW,
    ...more,
  };
}

/** Every path to a key of an object, however deep, as `a.0.b`; a body with one of them deleted is one test case. */
export function keyPaths(value: unknown, prefix: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...prefix, key];
    return Array.isArray(value) ? keyPaths(member, path) : [path, ...keyPaths(member, path)];
  });
}

export function withoutKey(body: unknown, path: readonly string[]): unknown {
  const copy: unknown = structuredClone(body);
  let at = copy;
  for (const key of path.slice(0, -1)) at = (at as Record<string, unknown>)[key];
  Reflect.deleteProperty(at as object, path.at(-1) ?? '');
  return copy;
}

/** The kind of the ProviderError a promise ends with; `ok` if it is kept. */
export async function kindOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => (error instanceof ProviderError ? error.kind : `not a ProviderError: ${String(error)}`),
  );
}

export async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const outcome: unknown = await promise.catch((error: unknown) => error);
  if (outcome instanceof ProviderError) return outcome;
  throw new Error(`expected a ProviderError, got ${JSON.stringify(outcome)}`);
}
