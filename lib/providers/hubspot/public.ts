import type { FetchOptions, ProviderOrigins } from '../types';
import { apiUrl, type MeetingPageApi } from './api';
import type { SupportedHubSpotLink } from './link';
import { availabilityPageSchema, bookInfoSchema } from './schema';

const DEFAULT_ORIGIN = 'https://api.hubspot.com';
const DEFAULT_HREF = new URL(DEFAULT_ORIGIN).href;

/** Some pages refuse callers that do not look like the browser that their own script runs in. */
const BROWSER_USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** Where the booking pages of an account's region are served from; a configured origin replaces them all. */
export function publicOrigin(hublet: string | undefined, origins: ProviderOrigins): string {
  const configured = origins.hubspotMeetings;
  if (configured !== undefined && new URL(configured).href !== DEFAULT_HREF) return configured;
  return hublet === undefined ? DEFAULT_ORIGIN : `https://api-${hublet}.hubspot.com`;
}

/** The undocumented interface of the booking pages themselves; needs no token. Inactive links are not asked for. */
export function publicApi(link: SupportedHubSpotLink, slug: string, options: FetchOptions): MeetingPageApi {
  const origin = publicOrigin(link.hublet, options.origins);
  const request = {
    vendor: 'hubspot' as const,
    headers: { origin: link.pageUrl.origin, referer: link.pageUrl.href, 'user-agent': BROWSER_USER_AGENT },
    signal: options.signal,
  };
  return {
    via: 'public',
    bookInfo: (timezone) =>
      options.http.getJson({
        ...request,
        url: apiUrl(origin, '/meetings-public/v3/book', { slug, now: String(options.now), timezone }),
        schema: bookInfoSchema,
      }),
    month: (offset, timezone) =>
      options.http.getJson({
        ...request,
        url: apiUrl(origin, '/meetings-public/v3/book/availability-page', { slug, monthOffset: String(offset), timezone }),
        schema: availabilityPageSchema,
        remember: {},
      }),
  };
}
