import { z } from 'zod';
import { meetingMinutes } from '../fields';
import { isRecord, itemList, readStarts, type Complaint } from '../starts';

/** RFC 3339 with an offset, of a date that exists. */
const INSTANT = z.regexes.datetime({ offset: true });

const slotList = itemList.transform((slots, context) => readStarts(slots, context, [], readSlot));

function readSlot(slot: unknown): number | undefined | Complaint {
  const text = isRecord(slot) ? slot.startTime : slot;
  if (typeof text === 'string' && INSTANT.test(text)) return Date.parse(text);
  return { message: 'is neither an ISO time with an offset nor an object with such a startTime' };
}

/** Seats left by start; what is booked out is listed with 0. */
const seatsMap = z.record(z.string(), z.int().nonnegative()).transform((seatsByStart, context) => {
  const startsMs: number[] = [];
  for (const [text, seatsLeft] of Object.entries(seatsByStart)) {
    if (!INSTANT.test(text)) context.addIssue({ code: 'custom', path: [text], message: 'is not an ISO time with an offset' });
    else if (seatsLeft > 0) startsMs.push(Date.parse(text));
  }
  return startsMs;
});

const slotsOfDay = (slots: z.ZodType<number[]>) => z.object({ slots }).transform((day) => day.slots);
const listedDay = slotsOfDay(slotList);
const seatsDay = slotsOfDay(seatsMap);

/** One of four shapes, told apart before it is checked, so that a complaint names the field and not the union. */
function schemaOfDay(day: unknown): z.ZodType<number[]> {
  if (Array.isArray(day)) return slotList;
  return isRecord(day) && isRecord(day.slots) ? seatsDay : listedDay;
}

const DATE_KEY = /^\d{4}-\d{2}-\d{2}$/;

/** Any of these beside no date is an error that came with status 200. */
const ERROR_KEYS = ['statusCode', 'error', 'errors', 'message'];

/**
 * Starts of all days, as sent. Days without slots are absent, so an answer without any day is told from a
 * failure only by its trace id.
 */
export const freeSlotsSchema = z.record(z.string(), z.unknown()).transform((body, context) => {
  const startsMs: number[] = [];
  let days = 0;
  for (const [key, day] of Object.entries(body)) {
    if (!DATE_KEY.test(key)) continue;
    days += 1;
    const checked = schemaOfDay(day).safeParse(day);
    if (checked.success) {
      for (const startMs of checked.data) startsMs.push(startMs);
    } else {
      for (const { path, message } of checked.error.issues) context.addIssue({ code: 'custom', path: [key, ...path], message });
    }
  }
  if (days === 0) {
    const errorKey = ERROR_KEYS.find((key) => Object.hasOwn(body, key));
    if (errorKey !== undefined) {
      context.addIssue({ code: 'custom', path: [errorKey], message: 'is part of an error, not of free slots' });
    } else if (typeof body.traceId !== 'string') {
      context.addIssue({ code: 'custom', path: ['traceId'], message: 'is missing where there is no day either' });
    }
  }
  return startsMs;
});

const MINUTES_PER_UNIT = { mins: 1, hours: 60 } as const;

export const calendarSchema = z
  .object({
    calendar: z.object({
      id: z.string(),
      isActive: z.boolean(),
      slotDuration: z.number().positive(),
      slotDurationUnit: z.enum(['mins', 'hours']),
    }),
  })
  .transform(({ calendar: { id, isActive, slotDuration, slotDurationUnit } }, context) => {
    const duration = meetingMinutes.safeParse(slotDuration * MINUTES_PER_UNIT[slotDurationUnit]);
    if (duration.success) return { id, isActive, durationMinutes: duration.data };
    context.addIssue({ code: 'custom', path: ['calendar', 'slotDuration'], message: 'is not a length of a meeting in whole minutes' });
    return z.NEVER;
  });

export type Calendar = z.output<typeof calendarSchema>;
