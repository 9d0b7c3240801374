import { z } from 'zod';
import { meetingMinutes } from '../fields';
import { parseWholeSecond } from '../../instants';
import { checkedBy, isRecord, listAt, readStarts, recordAt, WrongShape, type Complaint, type Starts } from '../starts';

/** RFC 3339 with an offset, of a date that exists. */
const INSTANT = z.regexes.datetime({ offset: true });

function readSlot(slot: unknown): number | Complaint {
  const text = isRecord(slot) ? slot.startTime : slot;
  const startMs = typeof text === 'string' ? parseInstant(text) : undefined;
  return startMs ?? { message: 'is neither an ISO time with an offset nor an object with such a startTime' };
}

function parseInstant(text: string): number | undefined {
  return parseWholeSecond(text) ?? (INSTANT.test(text) ? Date.parse(text) : undefined);
}

/** One of four shapes: a list, or an object with one; of texts or of objects; or seats left by start. */
function readDay(key: string, day: unknown, startsMs: number[]): void {
  if (Array.isArray(day)) {
    readStarts(day, startsMs, readSlot, () => [key]);
    return;
  }
  const { slots } = recordAt(day, key);
  if (isRecord(slots)) readSeats(slots, startsMs, [key, 'slots']);
  else readStarts(listAt(slots, key, 'slots'), startsMs, readSlot, () => [key, 'slots']);
}

/** What is booked out is listed with 0 seats. */
function readSeats(seatsByStart: Record<string, unknown>, startsMs: number[], path: string[]): void {
  for (const [text, seatsLeft] of Object.entries(seatsByStart)) {
    const startMs = parseInstant(text);
    if (startMs === undefined) throw new WrongShape([...path, text], 'is not an ISO time with an offset');
    if (typeof seatsLeft !== 'number' || !Number.isSafeInteger(seatsLeft) || seatsLeft < 0) {
      throw new WrongShape([...path, text], 'is not a number of seats');
    }
    if (seatsLeft > 0) startsMs.push(startMs);
  }
}

const DATE_KEY = /^\d{4}-\d{2}-\d{2}$/;

/** The name of an answer, another one each time. */
export const TRACE_ID = 'traceId';

/** Any of these beside no date is an error that came with status 200. */
const ERROR_KEYS = ['statusCode', 'error', 'errors', 'message'];

/**
 * Starts of all days, as sent. Days without slots are absent, so an answer without any day is told from a
 * failure only by its trace id.
 */
export const freeSlotsSchema = checkedBy((answer): Starts => {
  const body = recordAt(answer);
  const startsMs: number[] = [];
  let days = 0;
  for (const key of Object.keys(body)) {
    if (!DATE_KEY.test(key)) continue;
    days += 1;
    readDay(key, body[key], startsMs);
  }
  if (days === 0) {
    const errorKey = ERROR_KEYS.find((key) => Object.hasOwn(body, key));
    if (errorKey !== undefined) throw new WrongShape([errorKey], 'is part of an error, not of free slots');
    if (typeof body[TRACE_ID] !== 'string') throw new WrongShape([TRACE_ID], 'is missing where there is no day either');
  }
  return new Float64Array(startsMs);
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
