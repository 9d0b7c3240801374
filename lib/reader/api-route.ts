/**
 * What every route of the API has in common: methods, key, rate limit, tenant, errors. A route says which
 * handler each method has, and which workspace its address names.
 *
 * Made for servers, so it sends no CORS headers: a key in a browser's page would be a published key.
 */
import { db, DatabaseTimeoutError, sqlState, type Db, type Prisma } from '../db';
import { EnvError } from '../env';
import { log } from '../log';
import { processContext, type CacheContext } from '../refresh/context';
import { admit, type Admission } from './admit';
import { Problem, workspaceNotFound } from './problem';

export interface ApiDeps {
  db: Db;
  /** Reads of the cache take their settings from it; nothing here refreshes. */
  context: CacheContext;
}

export interface ApiCall {
  request: Request;
  url: URL;
  /** Whose key it is: everything that a handler reads or writes is bounded by it. */
  agencyId: string;
  /** What the route's `reading` found of the workspace; null: the route reads nothing. */
  found: unknown;
  deps: ApiDeps;
}

export type ApiHandler = (call: ApiCall) => Response | Promise<Response>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type RouteExports = Record<Method | 'HEAD' | 'OPTIONS', (request: Request) => Promise<Response>>;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const DATABASE_RETRY_SECONDS = '5';

/** The process's own. @throws EnvError */
export function processDeps(): ApiDeps {
  return { db: db(), context: processContext() };
}

export interface ApiRoute {
  /** The workspace that the address names; it must be the agency's. */
  workspaceOf?: (url: URL) => string | null;
  /** SQL of one value of that workspace, which all its handlers are given: read in the statement that admits the key. */
  reading?: (workspaceId: string) => Prisma.Sql;
  handlers: Partial<Record<Method, ApiHandler>>;
}

/** Every method that the framework knows, so that also a 405 is a problem+json. */
export function apiRoute(route: ApiRoute, deps: () => ApiDeps = processDeps): RouteExports {
  const allowed = [...METHODS.filter((method) => route.handlers[method]), ...(route.handlers.GET ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  const refuse = (): Promise<Response> =>
    Promise.resolve(new Problem('method_not_allowed', `This address answers ${allowed}.`, { headers: { allow: allowed } }).toResponse());
  const methodOf = (method: Method) => {
    const handler = route.handlers[method];
    return handler ? (request: Request) => answerTo(request, route, handler, deps) : refuse;
  };
  const get = methodOf('GET');
  return {
    GET: get,
    HEAD: async (request) => {
      const { status, headers } = await get(request);
      return new Response(null, { status, headers });
    },
    POST: methodOf('POST'),
    PUT: methodOf('PUT'),
    PATCH: methodOf('PATCH'),
    DELETE: methodOf('DELETE'),
    OPTIONS: () => Promise.resolve(new Response(null, { status: 204, headers: { allow: allowed } })),
  };
}

async function answerTo(request: Request, route: ApiRoute, handler: ApiHandler, depsOf: () => ApiDeps): Promise<Response> {
  try {
    const deps = depsOf();
    const url = new URL(request.url);
    const workspaceId = route.workspaceOf?.(url) ?? null;
    const reading = workspaceId === null ? undefined : route.reading?.(workspaceId);
    const { agencyId, ownsWorkspace, found } = admitted(await admit(deps.db, request.headers.get('authorization'), workspaceId, reading));
    if (route.workspaceOf && !ownsWorkspace) throw workspaceNotFound();
    return await handler({ request, url, agencyId, found, deps });
  } catch (error) {
    return problemOf(error).toResponse();
  }
}

function admitted(admission: Admission): Extract<Admission, { kind: 'admitted' }> {
  if (admission.kind === 'admitted') return admission;
  if (admission.kind === 'limited') {
    const { retryAfterSeconds } = admission;
    throw new Problem('rate_limited', `Too many requests with this key. Try again in ${retryAfterSeconds} s.`, { headers: { 'retry-after': String(retryAfterSeconds) } });
  }
  throw new Problem('unauthorized', 'Send the header Authorization: Bearer <key> with a key that is not revoked.', { headers: { 'www-authenticate': 'Bearer' } });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Which variable is bad is for the operator, who sees it at the start and in /api/health.
  if (error instanceof EnvError) return new Problem('unavailable', 'The service is not configured completely. Its operator can see what is missing.');
  const name = error instanceof Error ? error.name : 'unknown';
  const code = sqlState(error);
  // The message of a driver may hold a URL or values; name and code tell what is needed.
  log().error({ error: name, ...(code === undefined ? {} : { code }) }, 'api_request_failed');
  if (isOfDatabase(error)) return new Problem('unavailable', 'The database did not answer. Nothing that was stored is lost.', { headers: { 'retry-after': DATABASE_RETRY_SECONDS } });
  return new Problem('internal_error', 'Something went wrong on our side.');
}

/** Connection lost, out of resources, shutting down, cancelled, lost against another transaction, read-only for now: not the statement's fault. */
const PASSING_STATES = /^(08|53|57|40|25P0|25006)/;

function isOfDatabase(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return PASSING_STATES.test(state);
  return error instanceof DatabaseTimeoutError || (error instanceof Error && error.name.startsWith('PrismaClient'));
}

/** The last part of the address, decoded here: whether a framework has done so differs. Null: it cannot be decoded. */
export function lastSegment(url: URL): string | null {
  try {
    return decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  } catch {
    return null;
  }
}
