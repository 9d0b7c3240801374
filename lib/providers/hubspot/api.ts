import type { AvailabilityPage, BookInfo } from './schema';

/** What both interfaces of HubSpot can say of one meeting page. */
export interface MeetingPageApi {
  via: 'public' | 'official';
  /** What is on offer, and whether the page is live. */
  bookInfo(zone: string): Promise<BookInfo>;
  /** One calendar month of slots, counted from the month that is current in the zone. */
  month(offset: number, zone: string): Promise<AvailabilityPage>;
}

/** A configured origin may end in a path of its own, as that of a proxy does. */
export function apiUrl(origin: string, path: string, query: Record<string, string>): URL {
  return new URL(`${origin.replace(/\/+$/, '')}${path}?${new URLSearchParams(query).toString()}`);
}
