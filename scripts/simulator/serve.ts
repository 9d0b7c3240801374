import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliver, type Delivery } from './deliver';
import type { EmailBisonWorld } from './emailbison/world';
import type { Faults } from './faults';
import { type Answer, parseRequest } from './http';
import type { Limits } from './limits';
import type { Call, ProviderModule } from './provider';
import type { ProviderOrigin } from './providers';
import type { Stats } from './stats';
import type { Timers } from './timers';
import type { World } from './world';

/** One request to a provider: match, count, choose a fault, wait, answer. */

export interface RequestEvent {
  origin: ProviderOrigin;
  method: string;
  /** With its query. */
  path: string;
  endpoint: string;
  page: number;
  calendarId?: string | undefined;
  workspaceId?: string | undefined;
}

export interface AnswerEvent extends RequestEvent {
  status: number;
  /** When the request came, and when its answer was gone; milliseconds of `performance.now()`. */
  askedAtMs: number;
  answeredAtMs: number;
  retryAfterSeconds?: number | undefined;
}

export interface Engine {
  world: World;
  limits: Limits;
  emailbison: EmailBisonWorld;
  faults: Faults;
  stats: Stats;
  timers: Timers;
  latency: () => number;
  notify: (event: RequestEvent) => void;
  notifyAnswer: (event: AnswerEvent) => void;
  log?: ((line: string) => void) | undefined;
}

export function serve(
  engine: Engine,
  provider: ProviderModule,
  origin: ProviderOrigin,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  const startedAt = performance.now();
  const path = request.url ?? '/';
  const call = provider.match(engine, origin, parseRequest(request.method ?? 'GET', path, request.headers, body));
  const calendarId = call.calendar?.spec.id;
  const { workspaceId } = call;
  const event: RequestEvent = { origin, method: request.method ?? 'GET', path, endpoint: call.endpoint, page: call.page, calendarId, workspaceId };
  const entry = engine.stats.begin(origin, calendarId);
  response.once('close', () => {
    entry.inFlight -= 1;
    if (!response.writableFinished || response.statusCode >= 400) entry.errors += 1;
    if (response.writableFinished) {
      const retryAfter = response.getHeader('retry-after');
      engine.notifyAnswer({
        ...event, status: response.statusCode, askedAtMs: startedAt, answeredAtMs: performance.now(),
        retryAfterSeconds: retryAfter === undefined ? undefined : Number(retryAfter),
      });
    }
    engine.log?.(
      `${origin} ${request.method ?? ''} ${path} ${response.writableFinished ? response.statusCode : 'cut off'} ` +
        `${Math.round(performance.now() - startedAt)} ms`,
    );
  });
  const fault = engine.faults.choose({
    provider: provider.name,
    origin,
    calendarId,
    workspaceId,
    endpoint: call.endpoint,
    page: call.page,
  });
  engine.notify(event);
  const delivery: Delivery = {
    request,
    response,
    timers: engine.timers,
    requiredFields: call.requiredFields,
    answer: (isEmpty) => {
      const answer = answerWithinLimits(engine, provider, origin, call, isEmpty);
      if (answer.status === 429) entry.rateLimited += 1;
      return answer;
    },
    errorAnswer: (status, message) => {
      if (status === 429) entry.rateLimited += 1;
      return provider.errorAnswer(origin, status, message);
    },
    count: (bytes) => {
      entry.bytes += bytes;
    },
  };
  engine.timers.after(engine.latency(), () => {
    if (response.destroyed) return;
    try {
      deliver(delivery, fault);
    } catch (error) {
      // A bug of the simulator must be told from a fault that was asked for.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      response.writeHead(500, { 'x-simulator-bug': '1', 'content-type': 'text/plain' }).end(text);
    }
  });
}

function answerWithinLimits(
  { world, limits }: Engine,
  provider: ProviderModule,
  origin: string,
  call: Call,
  isEmpty: boolean,
): Answer {
  const options = { nowMs: world.now(), isEmpty };
  const { publicHosts } = limits.options;
  if (call.admit) {
    const { headers, refusal } = call.admit();
    const answer = refusal ?? call.answer(options);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  if (publicHosts) {
    const use = limits.take(`public|${origin}`, publicHosts.requests, publicHosts.windowMs);
    if (!use.isAllowed) {
      const seconds = publicHosts.retryAfterSeconds ?? Math.ceil(use.resetInMs / 1000);
      const answer = provider.errorAnswer(origin, 429);
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
    }
  }
  return call.answer(options);
}
