import { z } from 'zod';
import { bookableIn } from '../calendar';
import { type Answer, json } from '../http';
import { idLike } from '../random';
import type { CalendarState, World } from '../world';
import { isoUtc, MINUTE_MS } from '../zones';
import { hubspotError } from './errors';

/** A booking made through the API: the one request that changes a calendar. */
const bookingRequest = z.looseObject({
  email: z.string(),
  startTime: z.union([z.number(), z.string()]),
  duration: z.number().int(),
  timezone: z.string().optional(),
});

export function bookMeeting(world: World, calendar: CalendarState, body: string, nowMs: number): Answer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return hubspotError(400, 'Unable to parse JSON');
  }
  const result = bookingRequest.safeParse(parsed);
  if (!result.success) return hubspotError(400);
  const { email, startTime, duration, timezone } = result.data;
  if (email.endsWith('@example.com')) return hubspotError(400, 'Email address is invalid', 'INVALID_EMAIL');
  const start = typeof startTime === 'number' ? startTime : Date.parse(startTime);
  const minutes = duration / MINUTE_MS;
  const isOffered =
    calendar.spec.durationsMinutes.includes(minutes) &&
    bookableIn(world.snapshot(calendar, minutes, nowMs), start, start + 1).length === 1;
  if (!isOffered) {
    const subCategory = 'MeetingsBookingSchedulingError.MEETING_START_TIME_NOT_VALID';
    return hubspotError(400, 'The meeting start time is not valid', subCategory);
  }
  world.addBooking(calendar.spec.id, start, start + duration);
  return json({
    calendarEventId: idLike.digits(`event ${calendar.spec.id} ${start}`, 10),
    contactId: idLike.digits(`contact ${email}`, 8),
    start: isoUtc(start),
    end: isoUtc(start + duration),
    duration,
    subject: calendar.spec.name,
    location: null,
    webConferenceUrl: 'https://meet.test/abc',
    bookingTimezone: timezone ?? 'UTC',
    isOffline: false,
    guestEmails: [],
    formFields: [],
  });
}
