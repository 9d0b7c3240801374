import { ProviderError } from '../errors';
import type { FetchOptions, HttpRequest } from '../types';
import type { Starts } from '../starts';
import { joined, splitWindow, START_MARGIN_MS, windowOf, type Window } from '../window';
import { findEventType } from './event-types';
import { eventTypeIdOf, type CalendlyLink } from './link';
import { availableTimesAnswer, eventTypeAnswer, eventTypesAnswer, meAnswer, type EventType } from './schema';
import { calendlyFailure } from './slots';
import type { CalendlySource, Target } from './source';

/** The documented maximum is 31 days; a day less keeps a change of clocks from mattering. */
const WINDOW_DAYS = 30;

/** The maximum before July 2026, which an account may still have. */
const FALLBACK_WINDOW_DAYS = 7;

const PAGE_SIZE = '100';

/** 5,000 event types; a longer list means that the provider makes up pages. */
const MAX_PAGES = 50;

/** Event types are named by this URI whatever host the requests go to. */
const EVENT_TYPE_URI = 'https://api.calendly.com/event_types/';

/** API v2 with the workspace's token. */
export function createOfficialSource(link: CalendlyLink, days: number, credential: string, options: FetchOptions): CalendlySource {
  const { http, signal, chosenId } = options;
  const startedAt = performance.now();

  function get<T>(path: string, query: Record<string, string>, schema: HttpRequest<T>['schema'], more: Pick<HttpRequest<T>, 'remember' | 'isOfAccount'> = {}): Promise<T> {
    const url = new URL(path, options.origins.calendlyApi);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return http.getJson({ vendor: 'calendly', url, schema, credential, signal, ...more });
  }

  async function readEventType(id: string): Promise<Target> {
    const { resource } = await get(`/event_types/${encodeURIComponent(id)}`, {}, eventTypeAnswer);
    return activeTarget(resource);
  }

  async function listEventTypes(owner: { user: string } | { organization: string }): Promise<EventType[]> {
    const all: EventType[] = [];
    const visited = new Set<string>();
    let page: Record<string, string> = {};
    for (;;) {
      const { collection, pagination } = await get('/event_types', { ...owner, count: PAGE_SIZE, ...page }, eventTypesAnswer, { isOfAccount: true });
      all.push(...collection);
      const token = pagination.next_page_token;
      if (token === null) return all;
      if (visited.has(token) || visited.size >= MAX_PAGES) throw calendlyFailure('invalid_response', "Calendly's list of event types does not end.");
      visited.add(token);
      page = { page_token: token };
    }
  }

  /** Needs an admin's token. Without one the account is fine, and the link is simply not of it. */
  async function listOrganization(organization: string): Promise<EventType[]> {
    try {
      return await listEventTypes({ organization });
    } catch (error) {
      if (error instanceof ProviderError && error.status === 403) return [];
      throw error;
    }
  }

  async function findByLink(): Promise<Target> {
    const { resource: me } = await get('/users/me', {}, meAnswer, { isOfAccount: true });
    const found =
      findEventType(link, await listEventTypes({ user: me.uri })) ??
      // A team's page belongs to the organization.
      findEventType(link, await listOrganization(me.current_organization));
    if (found === undefined) {
      throw calendlyFailure('not_found', 'No event type of the connected Calendly account has this link. Check the link, or connect the account that owns it.');
    }
    return activeTarget(found);
  }

  async function listWindows(target: Target, whole: Window, maxDays: number): Promise<number[]> {
    const startsMs: Starts[] = [];
    for (const window of splitWindow(whole, maxDays)) {
      const query = {
        event_type: EVENT_TYPE_URI + target.id,
        start_time: new Date(window.startMs).toISOString(),
        end_time: new Date(window.endMs).toISOString(),
      };
      startsMs.push(await get('/event_type_available_times', query, availableTimesAnswer, { remember: {} }));
    }
    return joined(startsMs);
  }

  return {
    via: 'official',
    resolve() {
      if (chosenId !== undefined) return readEventType(eventTypeIdOf(chosenId));
      return link.kind === 'eventType' ? readEventType(link.id) : findByLink();
    },
    async listStarts(target) {
      // What resolving took has passed, too. Measured, not read from the clock: `now` may be a simulated one.
      const startMs = options.now + Math.ceil(performance.now() - startedAt) + START_MARGIN_MS;
      const future: Window = { startMs, endMs: windowOf(options.now, days).endMs };
      try {
        return await listWindows(target, future, WINDOW_DAYS);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.status !== 400) throw error;
        return await listWindows(target, future, FALLBACK_WINDOW_DAYS);
      }
    },
    confirmLive: (target) => readEventType(target.id),
  };
}

function activeTarget({ uri, active, duration, name }: EventType): Target {
  if (!active) throw calendlyFailure('not_found', `Calendly says that the event type ${name} is paused. Switch it on in Calendly, or use another link.`);
  return { id: eventTypeIdOf(uri), durationMinutes: duration };
}
