import { Agent, type Dispatcher } from 'undici';
import { ProviderError } from './errors';
import { blocked, fail, failureOfExchange, failureOfStatus, type Asked } from './http-failures';
import { exchange, type Exchange } from './http-exchange';
import { readHtml, readJson } from './http-read';
import { readQuotaLimit } from './http-retry-after';
import { checkUserUrl, createExemption, createPublicConnector, type Resolve } from './guard';
import type { ApiClient, ApiRequest, ApiTransport, HttpClient, HttpHooks } from './types';

/** The largest good answer seen is under 200 KB; fifty times that is a fault or an attack on memory. */
export const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Below the 15 s a workspace has for all its calls, so that a silent host is named before the deadline is. */
export const DEFAULT_HEADERS_TIMEOUT_MS = 10_000;
export const DEFAULT_BODY_TIMEOUT_MS = 5_000;
export const CONNECT_TIMEOUT_MS = 5_000;

/** Booking pages move once (http to https, a renamed slug); a longer chain leads nowhere. */
export const DEFAULT_MAX_REDIRECTS = 3;

/** Above any sensible concurrency of a run, which is what bounds the work; this only bounds the sockets to one host. */
export const MAX_CONNECTIONS_PER_ORIGIN = 256;

/** Longer than a pause inside a run, shorter than servers keep an idle connection, so a reused one is not found dead. */
export const KEEP_ALIVE_MS = 20_000;

const USER_AGENT = 'availability-cache/1.0';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface HttpTransportOptions {
  /** `host` or `host:port`, exempt from the address guard. Empty in production. */
  allowHosts: readonly string[];
  /** The configured origins of the providers: ours to choose, so a private proxy is fine. */
  trustedOrigins: readonly string[];
  headersTimeoutMs?: number;
  /** Longest silence between two parts of a body. */
  bodyTimeoutMs?: number;
  maxBodyBytes?: number;
  maxRedirects?: number;
  /** How the names of guarded hosts become addresses; by default as the system does it. */
  resolve?: Resolve;
}

/** The outbound connections of a process. Every request to a provider goes through here. */
export function createHttpTransport(options: HttpTransportOptions): ApiTransport {
  const shared: Agent.Options = {
    connections: MAX_CONNECTIONS_PER_ORIGIN,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: options.headersTimeoutMs ?? DEFAULT_HEADERS_TIMEOUT_MS,
    bodyTimeout: options.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS,
  };
  const trustedAgent = new Agent({ ...shared, connect: { timeout: CONNECT_TIMEOUT_MS } });
  const guardedAgent = new Agent({ ...shared, connect: createPublicConnector(CONNECT_TIMEOUT_MS, options.resolve) });
  const isExempt = createExemption(options.allowHosts);
  const trusted = new Set(options.trustedOrigins.map((origin) => new URL(origin).origin));

  /** Everything but our own configuration is guarded: hosts built from a link too, and where a provider redirects to. */
  const route = (asked: Asked, isOurs: boolean): Dispatcher => {
    if (isExempt(asked.url) || (isOurs && trusted.has(asked.url.origin))) return trustedAgent;
    const refusal = checkUserUrl(asked.url);
    if (refusal !== undefined) throw blocked(asked, refusal);
    return guardedAgent;
  };

  const clientWith = (hooks: HttpHooks): HttpClient & ApiClient =>
    createClient({
      route,
      hooks,
      maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
      maxRedirects: options.maxRedirects ?? DEFAULT_MAX_REDIRECTS,
    });

  return {
    client: (hooks = {}) => clientWith(hooks),
    apiClient: (hooks = {}) => clientWith(hooks),
    async close() {
      await Promise.all([trustedAgent.destroy(), guardedAgent.destroy()]);
    },
  };
}

interface ClientParts {
  route: (asked: Asked, isOurs: boolean) => Dispatcher;
  hooks: HttpHooks;
  maxBodyBytes: number;
  maxRedirects: number;
}

type PlainRequest = Omit<ApiRequest<unknown>, 'schema'>;

function createClient({ route, hooks, maxBodyBytes, maxRedirects }: ClientParts): HttpClient & ApiClient {
  return {
    getJson: (request) => {
      const askNow = () => ask({ ...request, method: 'GET' }, 'application/json', (asked, answer) => readJson(asked, answer, request));
      return request.isOfAccount && hooks.accountAnswers ? hooks.accountAnswers.once(request.url.href, askNow) : askNow();
    },
    getHtml: (request) => ask({ ...request, method: 'GET' }, 'text/html', readHtml),
    send: (request) => ask(request, 'application/json', (asked, answer) => readJson(asked, answer, request)),
  };

  function ask<T>(request: PlainRequest, accept: string, read: (asked: Asked, answer: Exchange) => T): Promise<T> {
    const { credential } = request;
    const answered = follow(request, accept, read);
    return credential === undefined
      ? answered
      : answered.catch((error: unknown) => { throw error instanceof ProviderError ? error.without(credential) : error; });
  }

  /** Follows redirects by hand: each hop is judged anew, and a credential stays with the origin it was meant for. */
  async function follow<T>(request: PlainRequest, accept: string, read: (asked: Asked, answer: Exchange) => T): Promise<T> {
    const asked: Asked = { vendor: request.vendor, url: request.url, credential: request.credential };
    const visited: string[] = [];
    for (;;) {
      const dispatcher = route(asked, request.guarded !== true && asked.url.origin === request.url.origin);
      visited.push(asked.url.href);
      throwIfAborted(asked, request.signal);
      if (asked.credential !== undefined) await waitForTurn(asked, asked.credential, request.signal);
      const outcome = await hop(dispatcher, request, accept, asked, read);
      if (!('location' in outcome)) return outcome.value;
      if (request.method !== 'GET') throw fail(asked, 'invalid_response', `answered a ${request.method} with a redirect`);
      const next = resolveLocation(asked, outcome.location);
      if (visited.includes(next.href)) throw fail(asked, 'invalid_response', 'redirects in a circle');
      if (visited.length > maxRedirects) throw fail(asked, 'invalid_response', `redirects more than ${maxRedirects} times`);
      if (next.origin !== asked.url.origin) asked.credential = undefined;
      asked.url = next;
    }
  }

  async function waitForTurn(asked: Asked, credential: string, signal: AbortSignal): Promise<void> {
    try {
      await hooks.beforeRequest?.({ vendor: asked.vendor, credential, signal });
    } catch (error) {
      throwIfAborted(asked, signal);
      throw error;
    }
  }

  function hop<T>(
    dispatcher: Dispatcher,
    request: PlainRequest,
    accept: string,
    asked: Asked,
    read: (asked: Asked, answer: Exchange) => T,
  ): Promise<{ value: T } | { location: string }> {
    const { vendor, credential } = asked;
    const headers: Record<string, string> = { accept, 'user-agent': USER_AGENT, ...request.headers };
    if (credential !== undefined) headers.authorization = `Bearer ${credential}`;
    const body = request.body === undefined || request.method === 'GET' ? undefined : JSON.stringify(request.body);
    if (body !== undefined) headers['content-type'] = 'application/json';
    const readAnswer = (answer: Exchange): { value: T } | { location: string } => {
      let failed = true;
      try {
        const location = readLocation(answer);
        const outcome = location === undefined ? { value: read(asked, completed(asked, answer, request.signal)) } : { location };
        failed = false;
        return outcome;
      } finally {
        hooks.observe?.({
          vendor,
          host: asked.url.host,
          durationMs: answer.durationMs,
          status: answer.status,
          bytes: answer.bytes,
          failed,
          quotaLimit: readQuotaLimit(vendor, answer.headers),
        });
      }
    };
    return exchange(dispatcher, { url: asked.url, method: request.method, body, headers, signal: request.signal, maxBodyBytes }, readAnswer);
  }
}

/** The answer, if it is whole and a success. */
function completed(asked: Asked, answer: Exchange, signal: AbortSignal): Exchange {
  const { status, error } = answer;
  // A refusal counts even if its body broke off; what it says about waiting is in its head.
  if (status !== undefined && (status < 200 || status >= 300)) throw failureOfStatus(asked, answer, status, Date.now());
  if (error === undefined) return answer;
  throwIfAborted(asked, signal);
  throw failureOfExchange(asked, error, status);
}

/** A deadline of the caller is the provider's slowness; any other end is the caller's own and passes unchanged. */
function throwIfAborted(asked: Asked, signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    throw fail(asked, 'timeout', 'did not answer before the deadline', { cause: reason });
  }
  signal.throwIfAborted();
}

function readLocation({ status, headers }: Exchange): string | undefined {
  return status !== undefined && REDIRECTS.has(status) ? headers.location : undefined;
}

function resolveLocation(asked: Asked, location: string): URL {
  if (!URL.canParse(location, asked.url)) throw fail(asked, 'invalid_response', 'redirects to something that is not a URL');
  const next = new URL(location, asked.url);
  next.hash = '';
  return next;
}
