import type { Starts } from '../starts';
import type { Window } from '../window';

/** What both interfaces of GoHighLevel can say of a calendar. */
export interface CalendarApi {
  via: 'public' | 'official';
  /** Starts as sent, for at most `MAX_WINDOW_DAYS`. */
  freeSlots(calendarId: string, window: Window): Promise<Starts>;
}

/** The provider's cap is 31 days; a day less stays inside it when the clocks change. */
export const MAX_WINDOW_DAYS = 30;

/** A configured origin may end in a path of its own, as that of a proxy does. */
export function apiUrl(origin: string, path: string): URL {
  return new URL(origin.replace(/\/+$/, '') + path);
}

/** Times in epoch milliseconds: seconds are taken for 1970. In UTC, so that no answer depends on a calendar's zone. */
export function freeSlotsUrl(origin: string, calendarId: string, { startMs, endMs }: Window): URL {
  return apiUrl(origin, `/calendars/${encodeURIComponent(calendarId)}/free-slots?startDate=${startMs}&endDate=${endMs}&timezone=UTC`);
}
