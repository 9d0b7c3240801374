import { bookableIn, indexAt } from '../calendar';
import { type Answer, bearerOf, decodeSegment, json, jsonText, type SimRequest } from '../http';
import type { Admission, AnswerOptions, Call, ProviderContext } from '../provider';
import type { CalendarState, World } from '../world';
import { DAY_MS, isoUtc } from '../zones';
import { pageOf } from './booking';
import { calendlyError, calendlyInvalid } from './errors';
import { calendlyKey } from './identity';

/** api.calendly.com, API v2. */

const RATE_WINDOW_MS = 60_000;
const PAID_REQUESTS_PER_MINUTE = 500;
const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;
/** `start_time` may lie this much in the past: the request took a moment to arrive. */
const PAST_TOLERANCE_MS = 1_000;

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

function signedIn(
  owned: readonly CalendarState[],
  answer: (owned: readonly [CalendarState, ...CalendarState[]]) => Answer,
): Answer {
  const [first, ...rest] = owned;
  if (!first || first.spec.tokenState === 'revoked') return calendlyError(401);
  if (first.spec.tokenState === 'missingScope') return calendlyError(403);
  return answer([first, ...rest]);
}

function accessible(
  calendar: CalendarState | undefined,
  owned: readonly CalendarState[],
  answer: (calendar: CalendarState) => Answer,
): Answer {
  if (!calendar || calendar.spec.deleted) return calendlyError(404);
  return owned.includes(calendar) ? answer(calendar) : calendlyError(403);
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

function eventTypeOf({ spec, identity }: CalendarState): unknown {
  return {
    uri: identity.ids.eventTypeUri,
    active: !spec.paused,
    name: spec.name,
    slug: identity.ids.eventSlug,
    duration: spec.durationsMinutes[0] ?? 30,
    kind: spec.seats > 1 ? 'group' : 'solo',
    pooling_type: null,
    type: 'StandardEventType',
    scheduling_url: identity.links.event,
    profile: { type: 'User', name: spec.hostName, owner: identity.ids.userUri },
    start_time_increment: spec.incrementMinutes,
    before_buffer: spec.bufferMinutes,
    after_buffer: spec.bufferMinutes,
    deleted_at: null,
    created_at: '2026-01-05T09:00:00.000000Z',
    updated_at: '2026-11-01T09:00:00.000000Z',
  };
}

function eventTypes(request: SimRequest, owned: readonly CalendarState[]): Call {
  const { query } = request;
  const pageToken = query.get('page_token');
  const from = pageToken === null ? 0 : Number(/^page-(\d+)$/.exec(pageToken)?.[1] ?? Number.NaN);
  const count = Number(query.get('count') ?? DEFAULT_PAGE_SIZE);
  return {
    endpoint: 'event-types',
    calendar: owned[0],
    page: Number.isNaN(from) ? 1 : Math.floor(from / (count || 1)) + 1,
    requiredFields: ['collection'],
    answer: () =>
      signedIn(owned, ([first]) => {
        const user = query.get('user');
        const organization = query.get('organization');
        if (user === null && organization === null) {
          return calendlyInvalid({ parameter: 'user', message: 'user or organization is required' });
        }
        if (user !== null && user !== first.identity.ids.userUri) return calendlyError(403);
        if (organization !== null && organization !== first.identity.ids.organizationUri) return calendlyError(403);
        if (Number.isNaN(from)) return calendlyInvalid({ parameter: 'page_token', message: 'is invalid' });
        if (!Number.isInteger(count) || count < 1 || count > MAX_PAGE_SIZE) {
          return calendlyInvalid({ parameter: 'count', message: 'must be between 1 and 100' });
        }
        const active = query.get('active');
        const all = owned.filter(
          ({ spec }) => !spec.deleted && (active === null || String(!spec.paused) === active),
        );
        const shown = all.slice(from, from + count);
        const nextToken = from + count < all.length ? `page-${from + count}` : null;
        const previousToken = from > 0 ? `page-${Math.max(0, from - count)}` : null;
        return json({
          collection: shown.map(eventTypeOf),
          pagination: {
            count: shown.length,
            next_page: pageUrl(request, nextToken),
            previous_page: pageUrl(request, previousToken),
            next_page_token: nextToken,
            previous_page_token: previousToken,
          },
        });
      }),
  };
}

/** On the host that was asked, so that a client which follows it stays inside the simulator. */
function pageUrl(request: SimRequest, token: string | null): string | null {
  if (token === null) return null;
  const query = new URLSearchParams(request.query);
  query.set('page_token', token);
  return `http://${request.headers.host ?? 'api.calendly.com'}/event_types?${query.toString()}`;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/;

function parseInstant(text: string | null): number {
  return text !== null && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
}

function availableTimes(context: ProviderContext, request: SimRequest, owned: readonly CalendarState[]): Call {
  const { world, limits } = context;
  const uri = request.query.get('event_type') ?? '';
  const id = /^https:\/\/api\.calendly\.com\/event_types\/([^/]+)$/.exec(uri)?.[1];
  const calendar = id === undefined ? undefined : world.find(calendlyKey.eventType(id))[0];
  const from = parseInstant(request.query.get('start_time'));
  const to = parseInstant(request.query.get('end_time'));
  return {
    endpoint: 'available-times',
    calendar,
    page: Number.isNaN(from) ? 1 : pageOf(Math.floor((from - world.now()) / DAY_MS)),
    requiredFields: ['start_time', 'collection'],
    answer: (options) =>
      signedIn(owned, () => {
        if (id === undefined) return calendlyInvalid({ parameter: 'event_type', message: 'is invalid' });
        return accessible(calendar, owned, (known) => {
          if (Number.isNaN(from)) return calendlyInvalid({ parameter: 'start_time', message: 'is invalid' });
          if (Number.isNaN(to)) return calendlyInvalid({ parameter: 'end_time', message: 'is invalid' });
          if (from < options.nowMs - PAST_TOLERANCE_MS) {
            return calendlyInvalid({ parameter: 'start_time', message: 'must be in the future' });
          }
          if (to <= from) return calendlyInvalid({ parameter: 'end_time', message: 'must be after start_time' });
          if (to - from > limits.calendlyAvailableTimesDays * DAY_MS) {
            const message = `date range can be no greater than ${limits.calendlyAvailableTimesDays} days`;
            return calendlyInvalid({ parameter: 'end_time', message });
          }
          return availableTimesAnswer(world, known, from, to, options);
        });
      }),
  };
}

function availableTimesAnswer(
  world: World,
  calendar: CalendarState,
  from: number,
  to: number,
  { nowMs, isEmpty }: AnswerOptions,
): Answer {
  const snapshot = world.view(calendar, calendar.spec.durationsMinutes[0] ?? 30, nowMs, isEmpty);
  const first = indexAt(snapshot.starts, from);
  // Adjacent windows share a boundary instant: the end is inclusive.
  const end = indexAt(snapshot.starts, to + 1);
  const render = () => {
    const collection = bookableIn(snapshot, from, to + 1).map((start) => {
      const start_time = isoUtc(start);
      return {
        status: 'available',
        invitees_remaining: snapshot.left[indexAt(snapshot.starts, start)],
        start_time,
        scheduling_url: `${calendar.identity.links.event ?? ''}/${start_time}`,
      };
    });
    return { text: JSON.stringify({ collection }), validUntilMs: snapshot.validUntilMs };
  };
  if (isEmpty) return jsonText(Buffer.from(render().text));
  const key = `times|${snapshot.starts[first] ?? ''}|${snapshot.starts[end] ?? ''}`;
  return jsonText(world.body(calendar, key, nowMs, render));
}
