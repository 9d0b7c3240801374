import { type Answer, bearerOf, decodeSegment, json, type SimRequest } from '../http';
import type { Admission, Call, ProviderContext } from '../provider';
import type { CalendarState } from '../world';
import { windowPage } from './backend';
import { ghlError } from './errors';
import { freeSlots } from './free-slots';
import { ghlKey } from './identity';

/** services.leadconnectorhq.com: the official API v2. */

const VERSIONS = new Set(['2021-04-15', '2021-07-28', '2023-02-21', 'v3']);
const BURST_WINDOW_MS = 10_000;
const BURST = 100;
const DAILY = 200_000;

export function matchApi(context: ProviderContext, request: SimRequest): Call {
  const [resource, id = '', action] = request.segments;
  const token = bearerOf(request.headers);
  const owned = token ? context.world.find(ghlKey.token(token)) : [];
  const calendar =
    resource === 'calendars' ? context.world.find(ghlKey.calendar(decodeSegment(id) ?? ''))[0] : undefined;
  const call = (endpoint: string, requiredFields: string[], answer: Call['answer']): Call => ({
    endpoint,
    calendar,
    page: endpoint === 'free-slots' ? windowPage(context, request) : 1,
    requiredFields,
    admit: () => admit(context, owned),
    answer: (options) => authError(request, owned) ?? answer(options),
  });
  if (resource === 'calendars' && action === 'free-slots') {
    return call('free-slots', ['slots'], (options) =>
      accessible(calendar, owned, (known) => freeSlots(context, known, request, options)),
    );
  }
  if (resource === 'calendars' && id !== '' && action === undefined) {
    return call('calendar', ['slotDuration', 'calendar'], () =>
      accessible(calendar, owned, (known) => json({ calendar: calendarOf(known) })),
    );
  }
  return call('unknown', [], () => ghlError(404, 'Cannot GET this path'));
}

/** The Version header comes first: its absence looks like a bad token to whoever reads only the status. */
function authError(request: SimRequest, owned: readonly CalendarState[]): Answer | undefined {
  const version = request.headers.version;
  if (version === undefined) return ghlError(401, 'version header was not found.');
  if (typeof version !== 'string' || !VERSIONS.has(version)) return ghlError(401, 'version header is invalid');
  const state = owned[0]?.spec.tokenState;
  if (state === undefined || state === 'revoked') return ghlError(401);
  return state === 'missingScope' ? ghlError(401, 'The token is not authorized for this scope.') : undefined;
}

function accessible(
  calendar: CalendarState | undefined,
  owned: readonly CalendarState[],
  answer: (calendar: CalendarState) => Answer,
): Answer {
  if (!calendar || calendar.spec.deleted) return ghlError(404);
  return owned.includes(calendar) ? answer(calendar) : ghlError(403);
}

/** Counted for each app and location. */
function admit({ limits }: ProviderContext, owned: readonly CalendarState[]): Admission {
  const { burst = BURST, daily = DAILY } = limits.options.ghlApi ?? {};
  const location = owned[0]?.identity.ids.locationId ?? 'unknown';
  const short = limits.take(`ghl-api|${location}`, burst, BURST_WINDOW_MS);
  const day = limits.takeDaily(`ghl-api|${location}`, daily);
  const headers = {
    'X-RateLimit-Limit-Daily': String(day.limit),
    'X-RateLimit-Daily-Remaining': String(day.remaining),
    'X-RateLimit-Interval-Milliseconds': String(BURST_WINDOW_MS),
    'X-RateLimit-Max': String(short.limit),
    'X-RateLimit-Remaining': String(short.remaining),
  };
  return short.isAllowed && day.isAllowed ? { headers } : { headers, refusal: ghlError(429) };
}

function calendarOf({ spec, identity }: CalendarState): unknown {
  return {
    id: identity.ids.calendarId,
    locationId: identity.ids.locationId,
    name: spec.name,
    calendarType: spec.seats > 1 ? 'class_booking' : 'event',
    isActive: !spec.paused,
    slotDuration: spec.durationsMinutes[0] ?? 30,
    slotDurationUnit: 'mins',
    slotInterval: spec.incrementMinutes,
    slotIntervalUnit: 'mins',
    slotBuffer: spec.bufferMinutes,
    slotBufferUnit: 'mins',
    preBuffer: spec.bufferMinutes,
    preBufferUnit: 'mins',
    allowBookingAfter: spec.minimumNoticeMinutes,
    allowBookingAfterUnit: 'mins',
    allowBookingFor: spec.horizonDays,
    allowBookingForUnit: 'days',
    slug: identity.ids.widgetSlug,
    widgetSlug: identity.ids.widgetSlug,
    widgetType: 'default',
    appoinmentPerSlot: spec.seats,
  };
}
