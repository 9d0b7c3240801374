import { z } from 'zod';

/**
 * Only the fields we read, every one required: a field that goes missing must fail, not turn into
 * "no slots". Statuses are closed lists for the same reason: a renamed `available` would empty a calendar.
 */

const spotStatus = z.enum(['available', 'unavailable']);
const minutes = z.number().int().positive();

/** A start that can be booked; the same fields at both interfaces. */
export const spot = z.object({ status: spotStatus, start_time: z.string(), invitees_remaining: z.number() });
export type Spot = z.output<typeof spot>;

// Public booking pages.

export const lookupAnswer = z.object({
  uuid: z.string().min(1),
  duration: minutes,
  availability_timezone: z.string().nullable(),
  public: z.boolean(),
  unavailability_reason: z.string().nullable(),
});
export type LookupAnswer = z.output<typeof lookupAnswer>;

export const schedulingLinkAnswer = z.object({ owner_type: z.string(), owner_uuid: z.string().min(1) });

export const profileEventTypesAnswer = z.array(z.object({ uuid: z.string().min(1), name: z.string() }));

export const rangeAnswer = z.object({ days: z.array(z.object({ date: z.string(), spots: z.array(spot) })) });

// Official API.

export const meAnswer = z.object({ resource: z.object({ uri: z.string().min(1), current_organization: z.string().min(1) }) });

const eventType = z.object({
  uri: z.string().min(1),
  active: z.boolean(),
  name: z.string(),
  duration: minutes,
  scheduling_url: z.string(),
});
export type EventType = z.output<typeof eventType>;

export const eventTypeAnswer = z.object({ resource: eventType });

export const eventTypesAnswer = z.object({
  collection: z.array(eventType),
  pagination: z.object({ next_page_token: z.string().nullable() }),
});

export const availableTimesAnswer = z.object({ collection: z.array(spot) });
