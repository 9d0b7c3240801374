import { fetchCalendlyAvailabilityWithMeta, hostOf as calendlyHostOf } from './providers/calendly';
import type { CalendarProvider } from './providers/errors';
import { fetchGHLAvailabilityWithMeta, hostOf as ghlHostOf } from './providers/ghl';
import { fetchHubSpotAvailability, hostOf as hubSpotHostOf } from './providers/hubspot';
import type { FetchAvailability, FetchOptions, FetchResult, ProviderOrigins } from './providers/types';

/**
 * The face of the fetchers: from a booking link to its open slots.
 *
 * Every fetcher has one shape: `(url, days, options) → { slots, durationMinutes, meta }`. `slots` are all
 * bookable starts in [now, now + days × 24 h) as epoch milliseconds, sorted and unique; an empty list means that
 * the provider says there are none. `meta`, passed back with the next call, saves the requests that resolve
 * the link. A failure of any kind is a `ProviderError` and never a part of the window; only the reason of an
 * aborted `signal` (unless it is a timeout) passes through unchanged.
 */

export { detectCalendarType } from './providers/detect';

/** Calendly: the official API with a credential, else the booking page's endpoints; scheduling links always the latter. */
export { fetchCalendlyAvailabilityWithMeta };

/** HubSpot Meetings: one request for each calendar month of the window; `options.durationMinutes` must be on offer. */
export { fetchHubSpotAvailability };

/** GoHighLevel: windows of 30 days; without a credential the duration is the workspace's own. */
export { fetchGHLAvailabilityWithMeta };

interface Provider {
  fetch: FetchAvailability;
  /** The API host that a link's slot requests go to: the lane of its circuit breaker and its concurrency. */
  hostOf: (url: string, origins: ProviderOrigins, hasCredential: boolean) => string;
}

/** Every vendor. A new one is its folder, its line here, and its hosts in `detectCalendarType`. */
export const PROVIDERS: Record<CalendarProvider, Provider> = {
  calendly: { fetch: fetchCalendlyAvailabilityWithMeta, hostOf: calendlyHostOf },
  hubspot: { fetch: fetchHubSpotAvailability, hostOf: hubSpotHostOf },
  ghl: { fetch: fetchGHLAvailabilityWithMeta, hostOf: ghlHostOf },
};

/**
 * Fetches a link of a known type.
 * @throws ProviderError
 */
export function fetchAvailability(type: CalendarProvider, url: string, days: number, options: FetchOptions): Promise<FetchResult> {
  return PROVIDERS[type].fetch(url, days, options);
}

/** The host that a link's slot requests will go to; makes no request. */
export function hostOf(type: CalendarProvider, url: string, origins: ProviderOrigins, hasCredential: boolean): string {
  return PROVIDERS[type].hostOf(url, origins, hasCredential);
}
