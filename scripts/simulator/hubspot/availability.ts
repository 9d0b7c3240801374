import type { Rendered } from '../body-cache';
import { bookableIn, type Snapshot } from '../calendar';
import type { AnswerOptions } from '../provider';
import type { CalendarState, World } from '../world';
import { DAY_MS, localDayOf, MINUTE_MS, monthAt, startOfDay } from '../zones';

/** One calendar month of a meeting link, as the availability page and the book page both show it. */

export interface MonthPage {
  fields: Record<string, unknown>;
  validUntilMs: number;
}

export function monthPage(
  world: World,
  calendar: CalendarState,
  timezone: string,
  monthOffset: number,
  { nowMs, isEmpty }: AnswerOptions,
): MonthPage {
  const month = monthAt(timezone, nowMs, monthOffset);
  const byDuration: Record<string, unknown> = {};
  let hasSlots = false;
  let hasMore = false;
  // "This month" moves on at the zone's midnight.
  let validUntilMs = startOfDay(timezone, localDayOf(timezone, nowMs) + 1);
  let busy: Snapshot | undefined;
  for (const minutes of calendar.spec.durationsMinutes) {
    const snapshot = world.view(calendar, minutes, nowMs, isEmpty);
    if (!isEmpty) validUntilMs = Math.min(validUntilMs, snapshot.validUntilMs);
    busy ??= snapshot;
    const durationMs = minutes * MINUTE_MS;
    const availabilities = bookableIn(snapshot, month.fromMs, month.toMs).map((start) => ({
      startMillisUtc: start,
      endMillisUtc: start + durationMs,
    }));
    hasSlots ||= availabilities.length > 0;
    hasMore ||= bookableIn(snapshot, month.toMs, Infinity).length > 0;
    byDuration[String(durationMs)] = { meetingDurationMillis: durationMs, availabilities };
  }
  const fields: Record<string, unknown> = {
    allUsersBusyTimes: busy ? busyTimes(calendar, busy, month.fromMs, month.toMs) : [],
  };
  if (hasSlots || hasMore || !calendar.spec.hubspotOmitsEmpty) {
    fields.linkAvailability = { hasMore, linkAvailabilityByDuration: byDuration };
  }
  return { fields, validUntilMs };
}

export function renderMonthPage(page: MonthPage): Rendered {
  return { text: JSON.stringify(page.fields), validUntilMs: page.validUntilMs };
}

/** Who is busy when, by name and address: what a client must drop on sight. */
function busyTimes(calendar: CalendarState, snapshot: Snapshot, fromMs: number, toMs: number): unknown[] {
  const { spec, identity } = calendar;
  if (!spec.hubspotBusyTimes) return [];
  const times = snapshot.bookings
    .filter((booking) => booking.startMs < toMs && booking.endMs > Math.max(fromMs, snapshot.computedAtMs - DAY_MS))
    .map((booking) => ({ start: booking.startMs, end: booking.endMs }));
  const [firstName = 'Ada', lastName = 'L'] = spec.hostName.split(' ');
  const host = {
    isOffline: false,
    meetingsUser: {
      id: identity.ids.meetingsUserId,
      userId: identity.ids.userId,
      calendarProvider: 'GOOGLE',
      isSalesStarter: false,
      userProfile: {
        email: `${firstName.toLowerCase()}@acme.test`,
        firstName,
        lastName,
        fullName: `${firstName} ${lastName}`,
      },
    },
    busyTimes: times,
  };
  if (spec.hubspotLinkType === 'PERSONAL_LINK') return [host];
  const colleague = {
    isOffline: false,
    meetingsUser: {
      id: `${identity.ids.meetingsUserId ?? ''}2`,
      userId: `${identity.ids.userId ?? ''}2`,
      calendarProvider: 'OFFICE365',
      isSalesStarter: true,
      userProfile: { email: 'brook@acme.test', firstName: 'Brook', lastName: 'M', fullName: 'Brook M' },
    },
    busyTimes: times.slice(0, 3),
  };
  return [host, colleague];
}
