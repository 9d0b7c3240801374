/**
 * `GET /api/availability/{workspaceId}`: one workspace's open slots, with their state and age. Reads the
 * cache and never calls a calendar.
 */
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { epochOf, isoOf } from '../instants';
import { readResultOf, type AvailabilityAnswer, type StoredAvailability } from '../refresh/read';
import { lastSegment, type ApiHandler } from './api-route';
import { entityTag, isUnchanged } from './etag';
import { instant, readParameters, wholeNumber } from './input';
import { localTimes } from './local-time';
import { badRequest } from './problem';

export const SLOTS_LIMIT_MAX = 10_000;

export const availabilityParameters = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  limit: wholeNumber(1, SLOTS_LIMIT_MAX).optional(),
  tz: z.string().trim().refine((zone) => IANAZone.isValidZone(zone), 'must be an IANA time zone such as Europe/Berlin').optional(),
});

type Parameters = z.infer<typeof availabilityParameters>;

export const availabilityAnswer = z.strictObject({
  workspaceId: z.string(),
  state: z.enum(['paused', 'misconfigured', 'unavailable', 'empty', 'stale', 'fresh'])
    .describe('Slots may be offered while it is fresh or stale: a healthy calendar is stale for part of every minute. In every other state there are none, and reason says why. Parameters do not change the state.'),
  reason: z.string().nullable().describe('Why there are no slots; null while they may be offered.'),
  asOf: z.iso.datetime().nullable().describe('When the calendar was last read successfully; null: never.'),
  ageMs: z.int().min(0).nullable().describe('Age of that reading, in milliseconds.'),
  durationMinutes: z.int().min(1).nullable().describe('Length of every slot; null: the calendar was never read.'),
  bookingLink: z.string().nullable().describe('Where the lead books; null: none is configured.'),
  calendarType: z.enum(['calendly', 'hubspot', 'ghl', 'unknown']).nullable(),
  totalSlots: z.int().min(0).describe('Open slots between from and to, before limit.'),
  slots: z.array(z.strictObject({
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
    local: z.string().optional().describe("startsAt on the zone's clock, with its offset. Only with tz."),
    label: z.string().optional().describe('The same, in English for a person. Only with tz.'),
  })).describe('Open slots in chronological order: none past, none that overlaps a booking.'),
}).meta({ title: 'Availability' });

type Answer = z.infer<typeof availabilityAnswer>;

/** PostgreSQL refuses a NUL, and no id holds a control character: such an address names nothing. */
export function workspaceOf(url: URL): string | null {
  const id = lastSegment(url);
  return id === null || /\p{Cc}/u.test(id) ? null : id;
}

export const getAvailability: ApiHandler = ({ request, url, found, deps }) => {
  const parameters = readParameters(availabilityParameters, url.searchParams);
  if (parameters.from !== undefined && parameters.to !== undefined && parameters.from >= parameters.to) {
    throw badRequest([{ field: 'to', message: 'must be after from' }]);
  }
  if (found === null) throw new Error('the route of availability reads no availability');
  const { answer: cached } = readResultOf(found as StoredAvailability, deps.context.settings.maxAgeMs);
  const { slots, ...about } = answerOf(workspaceOf(url) ?? '', cached, parameters);
  // Nearly all of the answer, and needed for its tag and for its body: written once.
  const slotsJson = JSON.stringify(slots);
  const headers = headersOf(about, slotsJson, parameters);
  if (isUnchanged(request.headers.get('if-none-match'), headers.etag)) return new Response(null, { status: 304, headers });
  return new Response(`${JSON.stringify(about).slice(0, -1)},"slots":${slotsJson}}`, { headers: { ...headers, 'content-type': 'application/json' } });
};

function answerOf(workspaceId: string, cached: AvailabilityAnswer, { from = -Infinity, to = Infinity, limit, tz }: Parameters): Answer {
  const starts = cached.slotsUtc.map(epochOf).filter((start) => start >= from && start < to);
  const durationMs = (cached.slotDurationMinutes ?? 0) * 60_000;
  const localTime = tz === undefined ? undefined : localTimes(tz);
  return {
    workspaceId,
    state: cached.state,
    reason: cached.reason ?? null,
    asOf: cached.asOf,
    ageMs: cached.ageMs,
    durationMinutes: cached.slotDurationMinutes,
    bookingLink: cached.calendarUrl,
    calendarType: cached.calendarType,
    totalSlots: starts.length,
    slots: starts.slice(0, limit).map((start) => ({
      startsAt: isoOf(start),
      endsAt: isoOf(start + durationMs),
      ...localTime?.(start),
    })),
  };
}

/** The tag is of everything but the ages; a reason tells an age, too, and goes with its state. */
function headersOf({ asOf, ageMs, reason: _reason, ...content }: Omit<Answer, 'slots'>, slotsJson: string, parameters: Parameters): Record<string, string> & { etag: string } {
  const { from = null, to = null, limit = null, tz = null } = parameters;
  return {
    etag: entityTag(`${JSON.stringify([content, from, to, limit, tz])}${slotsJson}`),
    'cache-control': 'private, no-cache',
    vary: 'authorization',
    ...(asOf !== null && ageMs !== null && { 'x-availability-as-of': asOf, 'x-availability-age-ms': String(ageMs) }),
  };
}
