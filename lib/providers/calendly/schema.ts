import { z } from 'zod';
import { meetingMinutes, storedText } from '../fields';
import { parseWholeSecond } from '../../instants';
import { checkedBy, isRecord, listAt, readStarts, recordAt, WrongShape, type Complaint, type Starts } from '../starts';

/**
 * Only the fields we read, every one required: a field that goes missing must fail, not turn into
 * "no slots". Statuses are closed lists for the same reason: a renamed `available` would empty a calendar.
 */

const HAS_OFFSET = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** The start of a spot that can be booked; the same fields at both interfaces. */
function readSpot(spot: unknown): number | undefined | Complaint {
  if (!isRecord(spot)) return { message: 'is not an object' };
  const { status, start_time, invitees_remaining } = spot;
  if (status !== 'available' && status !== 'unavailable') return { message: 'is neither available nor unavailable', field: 'status' };
  if (typeof start_time !== 'string') return { message: 'is not text', field: 'start_time' };
  if (typeof invitees_remaining !== 'number' || !Number.isFinite(invitees_remaining)) return { message: 'is not a number', field: 'invitees_remaining' };
  if (status === 'unavailable' || invitees_remaining <= 0) return undefined;
  // Without an offset it would be read in this server's own zone.
  const startMs = parseWholeSecond(start_time) ?? (HAS_OFFSET.test(start_time) ? Date.parse(start_time) : NaN);
  return Number.isNaN(startMs) ? { message: 'is not an instant', field: 'start_time' } : startMs;
}

// Public booking pages.

export const lookupAnswer = z.object({
  uuid: storedText,
  duration: meetingMinutes,
  availability_timezone: storedText.nullable(),
  public: z.boolean(),
  unavailability_reason: z.string().nullable(),
});
export type LookupAnswer = z.output<typeof lookupAnswer>;

export const schedulingLinkAnswer = z.object({ owner_type: z.string(), owner_uuid: storedText });

export const profileEventTypesAnswer = z.array(z.object({ uuid: storedText, name: z.string() }));

export interface Range {
  /** Every date that is listed, full ones too. */
  dates: string[];
  startsMs: Starts;
}

export const rangeAnswer = checkedBy((body): Range => {
  const dates: string[] = [];
  const startsMs: number[] = [];
  listAt(recordAt(body).days, 'days').forEach((listed, index) => {
    const day = recordAt(listed, 'days', index);
    if (typeof day.date !== 'string') throw new WrongShape(['days', index, 'date'], 'is not text');
    dates.push(day.date);
    readStarts(listAt(day.spots, 'days', index, 'spots'), startsMs, readSpot, () => ['days', index, 'spots']);
  });
  return { dates, startsMs: new Float64Array(startsMs) };
});

// Official API.

export const meAnswer = z.object({ resource: z.object({ uri: storedText, current_organization: storedText }) });

const eventType = z.object({
  uri: storedText,
  active: z.boolean(),
  name: z.string(),
  duration: meetingMinutes,
  scheduling_url: z.string(),
});
export type EventType = z.output<typeof eventType>;

export const eventTypeAnswer = z.object({ resource: eventType });

export const eventTypesAnswer = z.object({
  collection: z.array(eventType),
  pagination: z.object({ next_page_token: z.string().nullable() }),
});

/** The starts that can be booked. */
export const availableTimesAnswer = checkedBy((body): Starts => {
  const startsMs: number[] = [];
  readStarts(listAt(recordAt(body).collection, 'collection'), startsMs, readSpot, () => ['collection']);
  return new Float64Array(startsMs);
});
