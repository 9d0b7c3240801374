import { bearerOf, decodeSegment, json, type SimRequest } from '../http';
import type { Admission, Call, ProviderContext } from '../provider';
import type { CalendarState } from '../world';
import { accessible, signedIn } from './access';
import { availableTimes } from './available-times';
import { calendlyError } from './errors';
import { eventTypeOf, eventTypes } from './event-types';
import { calendlyKey } from './identity';

/** api.calendly.com, API v2. */

const RATE_WINDOW_MS = 60_000;
const PAID_REQUESTS_PER_MINUTE = 500;

export function matchApi(context: ProviderContext, request: SimRequest): Call {
  const token = bearerOf(request.headers);
  const owned = token ? context.world.find(calendlyKey.token(token)) : [];
  return { admit: () => admit(context, owned), ...route(context, request, owned) };
}

function route(context: ProviderContext, request: SimRequest, owned: readonly CalendarState[]): Call {
  const [resource, id] = request.segments;
  const { world } = context;
  if (resource === 'users' && id === 'me') {
    return {
      endpoint: 'users-me',
      calendar: owned[0],
      page: 1,
      requiredFields: ['uri'],
      answer: () => signedIn(owned, ([first]) => json({ resource: userOf(first) })),
    };
  }
  if (resource === 'event_types' && id === undefined) return eventTypes(request, owned);
  if (resource === 'event_types' && id !== undefined) {
    const found = world.find(calendlyKey.eventType(decodeSegment(id) ?? ''))[0];
    return {
      endpoint: 'event-type',
      calendar: found,
      page: 1,
      requiredFields: ['duration', 'uri'],
      answer: () =>
        signedIn(owned, () => accessible(found, owned, (known) => json({ resource: eventTypeOf(known) }))),
    };
  }
  if (resource === 'event_type_available_times') return availableTimes(context, request, owned);
  return { endpoint: 'unknown', page: 1, requiredFields: [], answer: () => calendlyError(404) };
}

/** The limit is the user's, shared by whatever tokens the user has handed out. */
function admit({ limits }: ProviderContext, owned: readonly CalendarState[]): Admission {
  const user = owned[0]?.identity.ids.userUri ?? 'unknown';
  const perMinute = limits.options.calendlyApi?.perMinute ?? PAID_REQUESTS_PER_MINUTE;
  const use = limits.take(`calendly-api|${user}`, perMinute, RATE_WINDOW_MS);
  const headers = {
    'X-RateLimit-Limit': String(use.limit),
    'X-RateLimit-Remaining': String(use.remaining),
    // Seconds until the reset, not an epoch.
    'X-RateLimit-Reset': String(Math.ceil(use.resetInMs / 1000)),
  };
  return use.isAllowed ? { headers } : { headers, refusal: calendlyError(429) };
}

function userOf({ spec, identity }: CalendarState): unknown {
  const { profileSlug, userUri, organizationUri } = identity.ids;
  return {
    uri: userUri,
    name: spec.hostName,
    slug: profileSlug,
    email: `${spec.hostName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.')}@acme.test`,
    scheduling_url: `https://calendly.com/${profileSlug}`,
    timezone: spec.zone,
    avatar_url: null,
    current_organization: organizationUri,
    resource_type: 'User',
    created_at: '2026-01-05T09:00:00.000000Z',
    updated_at: '2026-11-01T09:00:00.000000Z',
  };
}
