import type { FetchOptions } from '../types';
import { apiUrl, freeSlotsUrl, type CalendarApi } from './api';
import { calendarSchema, freeSlotsSchema, TRACE_ID, type Calendar } from './schema';

/** Required; without it the provider answers 401, as it does for a bad token. */
const VERSION_HEADER = { version: '2021-04-15' };

export interface OfficialCalendarApi extends CalendarApi {
  via: 'official';
  calendar(calendarId: string): Promise<Calendar>;
}

/** GoHighLevel's documented API v2, with a location's token. */
export function officialApi({ http, origins, signal }: FetchOptions, credential: string): OfficialCalendarApi {
  const request = { vendor: 'ghl' as const, headers: VERSION_HEADER, credential, signal };
  return {
    via: 'official',
    freeSlots: (calendarId, window) =>
      http.getJson({ ...request, url: freeSlotsUrl(origins.ghlApi, calendarId, window), schema: freeSlotsSchema, remember: { changingField: TRACE_ID } }),
    calendar: (calendarId) =>
      http.getJson({ ...request, url: apiUrl(origins.ghlApi, `/calendars/${encodeURIComponent(calendarId)}`), schema: calendarSchema }),
  };
}
