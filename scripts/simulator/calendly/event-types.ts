import { json, type SimRequest } from '../http';
import type { Call } from '../provider';
import type { CalendarState } from '../world';
import { signedIn } from './access';
import { calendlyError, calendlyInvalid } from './errors';

/** Event types of a user, in pages. */

const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;

export function eventTypes(request: SimRequest, owned: readonly CalendarState[]): Call {
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

export function eventTypeOf({ spec, identity }: CalendarState): unknown {
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
