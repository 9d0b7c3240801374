import { type Answer, json, jsonText, type SimRequest } from '../http';
import type { AnswerOptions, Call } from '../provider';
import type { CalendarState, World } from '../world';
import { isZone, MINUTE_MS } from '../zones';
import { monthPage, renderMonthPage } from './availability';
import { bookMeeting } from './book';
import { hubspotError } from './errors';
import { hubspotKey } from './identity';

/** The endpoints that the public pages and the official API have in common. */

/** Decides whether this caller may see this calendar; undefined means yes. */
export type Refuse = (calendar: CalendarState) => Answer | undefined;

function monthOffsetOf(request: SimRequest): number | undefined {
  const text = request.query.get('monthOffset') ?? '0';
  return /^-?\d{1,3}$/.test(text) ? Number(text) : undefined;
}

export function availabilityPage(world: World, slug: string, request: SimRequest, refuse: Refuse): Call {
  const calendar = world.find(hubspotKey.slug(slug))[0];
  const timezone = request.query.get('timezone') ?? '';
  const monthOffset = monthOffsetOf(request);
  return {
    endpoint: 'availability-page',
    calendar,
    page: Math.max(0, monthOffset ?? 0) + 1,
    requiredFields: ['startMillisUtc', 'linkAvailabilityByDuration', 'allUsersBusyTimes'],
    answer: (options) =>
      guard(calendar, refuse, (known) => {
        if (!isZone(timezone)) return hubspotError(400, 'timezone is required and must be a valid time zone');
        if (monthOffset === undefined) return hubspotError(400, 'monthOffset must be an integer');
        const render = () => renderMonthPage(monthPage(world, known, timezone, monthOffset, options));
        if (options.isEmpty) return jsonText(Buffer.from(render().text));
        return jsonText(world.body(known, `month|${timezone}|${monthOffset}`, options.nowMs, render));
      }),
  };
}

export interface BookPageOptions {
  /** The public page also carries a month of availability. */
  hasAvailability: boolean;
}

export function bookPage(
  world: World,
  slug: string,
  request: SimRequest,
  refuse: Refuse,
  { hasAvailability }: BookPageOptions,
): Call {
  const calendar = world.find(hubspotKey.slug(slug))[0];
  const timezone = request.query.get('timezone') ?? '';
  const monthOffset = monthOffsetOf(request);
  return {
    endpoint: 'book',
    calendar,
    page: Math.max(0, monthOffset ?? 0) + 1,
    requiredFields: ['durations', 'customParams'],
    answer: (options) =>
      guard(calendar, refuse, (known) => {
        if (!isZone(timezone)) return hubspotError(400, 'timezone is required and must be a valid time zone');
        if (monthOffset === undefined) return hubspotError(400, 'monthOffset must be an integer');
        const availability = hasAvailability
          ? monthPage(world, known, timezone, monthOffset, options).fields
          : { allUsersBusyTimes: [] };
        return json({ ...bookInfo(known), ...availability });
      }),
  };
}

function bookInfo({ spec, identity }: CalendarState): Record<string, unknown> {
  return {
    linkId: identity.ids.linkId,
    linkType: spec.hubspotLinkType,
    isOffline: spec.paused,
    customParams: {
      durations: spec.durationsMinutes.map((minutes) => minutes * MINUTE_MS),
      meetingBufferTime: spec.bufferMinutes * MINUTE_MS,
      startTimeIncrementMinutes: String(spec.incrementMinutes),
      weeksToAdvertise: Math.ceil(spec.horizonDays / 7),
      displayInfo: { headline: spec.name },
      timezone: spec.zone,
      recaptchaEnabled: false,
      formFields: [],
    },
    brandingMetadata: { companyName: 'Acme', showMarketingAd: false },
  };
}

export function bookCall(world: World, slug: string, request: SimRequest, refuse: Refuse): Call {
  const calendar = world.find(hubspotKey.slug(slug))[0];
  return {
    endpoint: 'book-meeting',
    calendar,
    page: 1,
    requiredFields: ['calendarEventId'],
    answer: ({ nowMs }: AnswerOptions) =>
      guard(calendar, refuse, (known) => bookMeeting(world, known, request.body, nowMs)),
  };
}

export function notFound(): Call {
  return { endpoint: 'unknown', page: 1, requiredFields: [], answer: () => hubspotError(404, 'Not found') };
}

function guard(
  calendar: CalendarState | undefined,
  refuse: Refuse,
  answer: (calendar: CalendarState) => Answer,
): Answer {
  if (!calendar || calendar.spec.deleted) return hubspotError(404);
  return refuse(calendar) ?? answer(calendar);
}
