import { bookableIn } from '../calendar';
import { type Answer, decodeSegment, html, json, jsonText, type SimRequest } from '../http';
import { pageOf } from '../page';
import type { AnswerOptions, Call, ProviderContext } from '../provider';
import type { CalendarState, World } from '../world';
import { dayText, isZone, localDayOf, parseDay } from '../zones';
import { calendlyError, calendlyInvalid } from './errors';
import { calendlyKey } from './identity';
import { renderRange } from './range';

/** calendly.com: what the booking page itself asks for. */

export function matchBooking(context: ProviderContext, request: SimRequest): Call {
  const [api, booking, resource, id, action, calendarRange] = request.segments;
  if (api !== 'api' || booking !== 'booking') return bookingPage();
  const { world } = context;
  const name = decodeSegment(id ?? '') ?? '';
  if (resource === 'event_types' && id === 'lookup') return lookup(world, request);
  if (resource === 'event_types' && action === 'calendar' && calendarRange === 'range') {
    return range(context, name, request);
  }
  if (resource === 'scheduling_links' && action === undefined) return schedulingLink(world, name);
  if (resource === 'profiles' && action === undefined) return profile(world, name);
  if (resource === 'profiles' && action === 'event_types') return profileEventTypes(world, name);
  return { endpoint: 'unknown', page: 1, requiredFields: [], answer: () => calendlyError(404) };
}

/** Dead and living pages alike answer HTML with status 200: only the API tells. */
function bookingPage(): Call {
  return {
    endpoint: 'page',
    page: 1,
    requiredFields: [],
    answer: () => html('<!DOCTYPE html><html><head><title>Calendly</title></head><body><div id="root"></div></body></html>'),
  };
}

function lookup(world: World, request: SimRequest): Call {
  const { query } = request;
  const share = query.get('share_uuid');
  const eventType = query.get('event_type_uuid');
  const profileSlug = query.get('profile_slug');
  const eventSlug = query.get('event_type_slug');
  let found: CalendarState | undefined;
  if (share !== null) found = world.find(calendlyKey.share(share))[0];
  else if (eventType !== null) found = world.find(calendlyKey.eventType(eventType))[0];
  else if (profileSlug !== null && eventSlug !== null) {
    found = world
      .find(calendlyKey.slugs(profileSlug, eventSlug))
      .find((calendar) => !calendar.spec.calendlyShareOnly);
  }
  return {
    endpoint: 'lookup',
    calendar: found,
    page: 1,
    requiredFields: ['uuid', 'duration'],
    answer: (options) => guard(found, (calendar) => json(lookupBody(world, calendar, options))),
  };
}

function lookupBody(world: World, calendar: CalendarState, { nowMs, isEmpty }: AnswerOptions): unknown {
  const { spec, identity } = calendar;
  const duration = spec.durationsMinutes[0] ?? 30;
  const next = bookableIn(world.view(calendar, duration, nowMs, isEmpty), nowMs, Infinity)[0];
  return {
    uuid: identity.ids.eventTypeId,
    name: spec.name,
    duration,
    availability_timezone: spec.zone,
    public: !spec.paused,
    unavailability_reason: spec.paused ? 'event_type_inactive' : null,
    next_availability: next === undefined ? null : dayText(localDayOf(spec.zone, next)),
    start_date: null,
    end_date: null,
    confirmation_page_type: 'internal',
    redirect_configuration: { url: null },
    profile: { name: spec.hostName, timezone: spec.zone },
    scheduling_link: { uid: identity.ids.linkCode },
    location_configurations: [
      { id: 1, kind: 'zoom_conference', position: 0, location: null, conferencing_configured: true, data: {} },
    ],
  };
}

function schedulingLink(world: World, code: string): Call {
  const found = world.find(calendlyKey.linkCode(code))[0];
  return {
    endpoint: 'scheduling-link',
    calendar: found,
    page: 1,
    requiredFields: ['owner_uuid', 'owner_type'],
    answer: () =>
      guard(found, ({ spec, identity }) =>
        json({
          uid: code,
          owner_type: spec.calendlyLinkOwner,
          owner_uuid: spec.calendlyLinkOwner === 'Share' ? identity.ids.shareUuid : identity.ids.eventTypeId,
        }),
      ),
  };
}

function profile(world: World, slug: string): Call {
  const found = world.find(calendlyKey.profile(slug)).find((calendar) => !calendar.spec.deleted);
  return {
    endpoint: 'profile',
    calendar: found,
    page: 1,
    requiredFields: ['timezone'],
    answer: () => guard(found, ({ spec }) => json({ name: spec.hostName, slug, timezone: spec.zone })),
  };
}

/** A bare array, one entry an event type that is open to the public. */
function profileEventTypes(world: World, slug: string): Call {
  const all = world.find(calendlyKey.profile(slug)).filter((calendar) => !calendar.spec.deleted);
  return {
    endpoint: 'profile-event-types',
    calendar: all[0],
    page: 1,
    requiredFields: ['uuid'],
    answer: () =>
      guard(all[0], () =>
        json(
          all
            .filter(({ spec }) => !spec.calendlyShareOnly)
            .map(({ spec, identity }) => ({
              uuid: identity.ids.eventTypeId,
              slug: identity.ids.eventSlug,
              name: spec.name,
            })),
        ),
      ),
  };
}

function range(context: ProviderContext, eventTypeId: string, request: SimRequest): Call {
  const { world, limits } = context;
  const { query } = request;
  const calendar = world.find(calendlyKey.eventType(eventTypeId))[0];
  const timezone = query.get('timezone') ?? '';
  const firstDay = parseDay(query.get('range_start') ?? '');
  const lastDay = parseDay(query.get('range_end') ?? '');
  return {
    endpoint: 'range',
    calendar,
    page: isZone(timezone) && firstDay !== undefined ? pageOf(firstDay - localDayOf(timezone, world.now())) : 1,
    requiredFields: ['start_time', 'days'],
    answer: (options) =>
      guard(calendar, (known) => {
        if (!isZone(timezone)) return calendlyInvalid({ parameter: 'timezone', message: 'is invalid' });
        if (firstDay === undefined) return calendlyInvalid({ parameter: 'range_start', message: 'is invalid' });
        if (lastDay === undefined || lastDay < firstDay) {
          return calendlyInvalid({ parameter: 'range_end', message: 'is invalid' });
        }
        if (lastDay - firstDay + 1 > limits.calendlyRangeDates) {
          return calendlyInvalid({ parameter: 'range_end', message: 'date range is too wide' });
        }
        const link = query.get('scheduling_link_uuid');
        const needsLink = known.spec.calendlyShareOnly || link !== null;
        if (needsLink && link !== known.identity.ids.linkCode) return calendlyError(404);
        return rangeAnswer(world, known, timezone, firstDay, lastDay, options);
      }),
  };
}

function rangeAnswer(
  world: World,
  calendar: CalendarState,
  timezone: string,
  firstDay: number,
  lastDay: number,
  { nowMs, isEmpty }: AnswerOptions,
): Answer {
  const { spec } = calendar;
  const render = () =>
    renderRange(world.view(calendar, spec.durationsMinutes[0] ?? 30, nowMs, isEmpty), {
      timezone,
      firstDay,
      lastDay,
      nowMs,
      availabilityZone: spec.zone,
      seats: spec.seats,
    });
  if (isEmpty) return jsonText(Buffer.from(render().text));
  return jsonText(world.body(calendar, `range|${timezone}|${firstDay}|${lastDay}`, nowMs, render));
}

function guard(calendar: CalendarState | undefined, answer: (calendar: CalendarState) => Answer): Answer {
  if (!calendar || calendar.spec.deleted) return calendlyError(404);
  if (calendar.spec.credentialRequired) return calendlyError(403);
  return answer(calendar);
}
