import type { FetchOptions } from '../types';
import { apiUrl, type MeetingPageApi } from './api';
import { availabilityPageSchema, bookInfoSchema } from './schema';

/** HubSpot's documented meetings API: one host for every region, with the account's token. */
export function officialApi(slug: string, credential: string, options: FetchOptions): MeetingPageApi {
  // The slug of a team page contains a slash and is one segment of the path.
  const path = encodeURIComponent(slug);
  const base = '/scheduler/v3/meetings/meeting-links/book';
  const request = { vendor: 'hubspot' as const, credential, signal: options.signal };
  return {
    via: 'official',
    bookInfo: (timezone) =>
      options.http.getJson({
        ...request,
        url: apiUrl(options.origins.hubspotApi, `${base}/${path}`, { timezone }),
        schema: bookInfoSchema,
      }),
    month: (offset, timezone) =>
      options.http.getJson({
        ...request,
        url: apiUrl(options.origins.hubspotApi, `${base}/availability-page/${path}`, { timezone, monthOffset: String(offset) }),
        schema: availabilityPageSchema,
        remember: {},
      }),
  };
}
