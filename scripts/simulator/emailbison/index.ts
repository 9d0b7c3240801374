import { type Answer, bearerOf, type SimRequest } from '../http';
import type { Admission, Call, ProviderContext, ProviderModule } from '../provider';
import { bisonError, forBrowsers, plainError } from './errors';
import { sentVariables } from './leads';
import { bodyOf, pageNumber } from './request';
import { findRoute, type Route } from './routes';
import type { Instance, Workspace } from './state';
import type { EmailBisonWorld } from './world';

/** EmailBison: each instance is a host of its own; a token belongs to one workspace of one instance. */

const PER_MINUTE = 3000;
const RATE_WINDOW_MS = 60_000;

export const emailbison = {
  name: 'emailbison',
  // No variable: the address is part of each workspace's credential.
  origins: [{ name: 'emailbison' }],
  match: (context, _origin, request) => match(context, request),
  errorAnswer: (_origin, status, detail) => bisonError(status, detail),
} as const satisfies ProviderModule;

function match({ emailbison: world, limits }: ProviderContext, request: SimRequest): Call {
  const instance = world.instanceAt(request.headers.host);
  const token = bearerOf(request.headers);
  const workspace = token === undefined ? undefined : world.withToken(token, instance);
  const [root, ...segments] = request.segments;
  const found = root === 'api' ? findRoute(request.method, segments) : undefined;
  const route = typeof found === 'object' ? found.route : undefined;
  const answer = (isEmpty: boolean): Answer => {
    const refusal = accessError(token, workspace, instance);
    if (refusal || !workspace) return refusal ?? bisonError(401);
    if (found === undefined) return bisonError(404, 'The route could not be found.');
    if (found === 'wrongMethod') return bisonError(405);
    const nowMs = world.settle();
    const body = bodyOf(request);
    return found.route.answer({ world, workspace, settings: instance.settings, request, ids: found.ids, body, nowMs, isEmpty });
  };
  return {
    endpoint: route?.endpoint ?? 'unknown',
    workspaceId: workspace?.id,
    page: request.method === 'GET' ? pageNumber(request) : 1,
    requiredFields: route?.requiredFields ?? ['data'],
    admit: () => admit(limits, token),
    answer: ({ isEmpty }) => {
      const given = answer(isEmpty);
      if (request.method !== 'GET') record(world, workspace, route, request, given.status);
      return instance.settings.htmlWithoutAccept ? forBrowsers(given, request) : given;
    },
  };
}

/** Another instance knows neither the token nor its workspace. */
function accessError(token: string | undefined, workspace: Workspace | undefined, instance: Instance): Answer | undefined {
  if (token === undefined) return plainError(401, 'Unauthenticated');
  if (!workspace || workspace.tokenState === 'revoked') return bisonError(401);
  if (workspace.tokenState === 'forbidden' || workspace.instance !== instance) return bisonError(403);
  return undefined;
}

/** The vendor's pages promise no limit: none, unless a test asks for it. */
function admit(limits: ProviderContext['limits'], token: string | undefined): Admission {
  const { emailbisonApi: limit } = limits.options;
  if (!limit) return { headers: {} };
  const use = limits.take(`emailbison|${token ?? ''}`, limit.perMinute ?? PER_MINUTE, RATE_WINDOW_MS);
  if (use.isAllowed) return { headers: {} };
  const seconds = limit.retryAfterSeconds ?? Math.ceil(use.resetInMs / 1000);
  return { headers: { 'retry-after': String(seconds) }, refusal: bisonError(429) };
}

function record(
  world: EmailBisonWorld, workspace: Workspace | undefined, route: Route | undefined, request: SimRequest, status: number,
): void {
  const body = bodyOf(request);
  const [, resource, id] = request.segments;
  world.log.writes.push({
    number: world.log.writes.length + 1,
    atMs: world.settle(),
    workspaceId: workspace?.id ?? null,
    method: request.method,
    path: request.path,
    endpoint: route?.endpoint ?? 'unknown',
    leadId: resource === 'leads' && id !== undefined ? Number(id) : null,
    customVariables: sentVariables(body),
    body,
    status,
  });
}
