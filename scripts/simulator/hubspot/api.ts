import { type Answer, bearerOf, decodeSegment, json, type SimRequest } from '../http';
import type { Admission, Call, ProviderContext } from '../provider';
import { idLike } from '../random';
import type { CalendarState } from '../world';
import { availabilityPage, bookCall, bookPage, notFound, type Refuse } from './endpoints';
import { hubspotError, hubspotRateLimit } from './errors';
import { hubspotKey } from './identity';

/** api.hubapi.com: the official Meetings API, under its old and its dated paths. */

const VERSIONS = new Set(['v3', '2025-09', '2026-03', '2026-09']);
const BURST_WINDOW_MS = 10_000;
const PRIVATE_APP_BURST = 100;
const PRIVATE_APP_DAILY = 250_000;
const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;

export function matchApi(context: ProviderContext, request: SimRequest): Call {
  const token = bearerOf(request.headers);
  const owned = token ? context.world.find(hubspotKey.token(token)) : [];
  return { admit: () => admit(context, token, owned), ...route(context, request, owned) };
}

function route({ world }: ProviderContext, request: SimRequest, owned: readonly CalendarState[]): Call {
  const [scheduler, version = '', meetings, links, book, first, second] = request.segments;
  if (scheduler !== 'scheduler' || !VERSIONS.has(version) || meetings !== 'meetings' || links !== 'meeting-links') {
    return notFound();
  }
  if (book === undefined) return meetingLinks(request, owned);
  if (book !== 'book') return notFound();
  const refuse: Refuse = (calendar) =>
    authError(owned) ?? (owned.includes(calendar) ? undefined : hubspotError(404));
  if (request.method === 'POST') return bookCall(world, slugOfBody(request.body), request, refuse);
  if (first === 'availability-page' && second !== undefined) {
    return protect(owned, availabilityPage(world, decodeSegment(second) ?? '', request, refuse));
  }
  // A slash that was not encoded makes one segment too many, and no route.
  if (first === undefined || second !== undefined) return notFound();
  return protect(owned, bookPage(world, decodeSegment(first) ?? '', request, refuse, { hasAvailability: false }));
}

/** A bad token is told before an unknown slug. */
function protect(owned: readonly CalendarState[], call: Call): Call {
  return { ...call, answer: (options) => authError(owned) ?? call.answer(options) };
}

function authError(owned: readonly CalendarState[]): Answer | undefined {
  const state = owned[0]?.spec.tokenState;
  if (state === undefined || state === 'revoked') return hubspotError(401);
  return state === 'missingScope' ? hubspotError(403) : undefined;
}

function slugOfBody(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'slug' in parsed) return String(parsed.slug);
  } catch {
    // Not JSON: no slug, and so a 404.
  }
  return '';
}

/** Burst is counted for each app, the day for each account. */
function admit({ limits }: ProviderContext, token: string | undefined, owned: readonly CalendarState[]): Admission {
  const { burst = PRIVATE_APP_BURST, daily = PRIVATE_APP_DAILY } = limits.options.hubspotApi ?? {};
  const account = owned[0]?.identity.ids.portalId ?? 'unknown';
  const short = limits.take(`hubspot-api|${token ?? account}`, burst, BURST_WINDOW_MS);
  const day = limits.takeDaily(`hubspot-api|${account}`, daily);
  const headers = {
    'X-HubSpot-RateLimit-Daily': String(day.limit),
    'X-HubSpot-RateLimit-Daily-Remaining': String(day.remaining),
    'X-HubSpot-RateLimit-Interval-Milliseconds': String(BURST_WINDOW_MS),
    'X-HubSpot-RateLimit-Max': String(short.limit),
    'X-HubSpot-RateLimit-Remaining': String(short.remaining),
  };
  if (!day.isAllowed) return { headers, refusal: hubspotRateLimit('DAILY') };
  if (!short.isAllowed) return { headers, refusal: hubspotRateLimit('TEN_SECONDLY_ROLLING') };
  return { headers };
}

function meetingLinks(request: SimRequest, owned: readonly CalendarState[]): Call {
  const { query } = request;
  const limit = Number(query.get('limit') ?? DEFAULT_PAGE_SIZE);
  const after = Number(query.get('after') ?? 0);
  return {
    endpoint: 'meeting-links',
    calendar: owned[0],
    page: Math.floor(after / (limit || 1)) + 1,
    requiredFields: ['results'],
    answer: () => {
      const refusal = authError(owned);
      if (refusal) return refusal;
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE || !Number.isInteger(after)) {
        return hubspotError(400, 'limit or after is invalid');
      }
      const type = query.get('type');
      const name = query.get('name');
      const organizer = query.get('organizerUserId');
      const all = owned.filter(
        ({ spec, identity }) =>
          !spec.deleted &&
          (type === null || spec.hubspotLinkType === type) &&
          (name === null || spec.name === name) &&
          (organizer === null || identity.ids.userId === organizer),
      );
      const next = after + limit < all.length ? String(after + limit) : undefined;
      return json({
        total: all.length,
        results: all.slice(after, after + limit).map(meetingLinkOf),
        ...(next === undefined ? {} : { paging: { next: { after: next, link: pageUrl(request, next) } } }),
      });
    },
  };
}

function pageUrl(request: SimRequest, after: string): string {
  const query = new URLSearchParams(request.query);
  query.set('after', after);
  return `http://${request.headers.host ?? 'api.hubapi.com'}${request.path}?${query.toString()}`;
}

function meetingLinkOf({ spec, identity }: CalendarState): unknown {
  return {
    id: identity.ids.linkId,
    slug: identity.ids.slug,
    link: identity.url,
    name: spec.name,
    type: spec.hubspotLinkType,
    organizerUserId: identity.ids.userId,
    userIdsOfLinkMembers:
      spec.hubspotLinkType === 'PERSONAL_LINK'
        ? [identity.ids.userId]
        : [identity.ids.userId, idLike.digits(`${spec.id} colleague`, 7)],
    defaultLink: false,
    createdAt: '2026-02-01T08:00:00Z',
    updatedAt: '2026-10-01T08:00:00Z',
  };
}
