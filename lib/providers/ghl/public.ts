import type { FetchOptions } from '../types';
import { freeSlotsUrl, type CalendarApi } from './api';
import { freeSlotsSchema, TRACE_ID } from './schema';

/** What the booking widget sends with its own requests. */
const WIDGET_HEADERS = {
  channel: 'APP',
  source: 'WEB_USER',
  version: '2021-04-15',
  origin: 'https://api.leadconnectorhq.com',
  referer: 'https://api.leadconnectorhq.com/',
};

/** The undocumented interface of the booking widget; needs no token. */
export function publicApi({ http, origins, signal }: FetchOptions): CalendarApi {
  return {
    via: 'public',
    freeSlots: (calendarId, window) =>
      http.getJson({
        vendor: 'ghl',
        url: freeSlotsUrl(origins.ghlBackend, calendarId, window),
        schema: freeSlotsSchema,
        remember: { changingField: TRACE_ID },
        headers: WIDGET_HEADERS,
        signal,
      }),
  };
}
