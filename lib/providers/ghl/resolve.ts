import { ProviderError, safeUrl, type LinkChoice } from '../errors';
import type { FetchOptions } from '../types';
import { DAY_MS } from '../window';
import type { CalendarApi } from './api';
import { ambiguousPage, calendarGone, malformedPage, noBookingData, noCalendarOnPage, unconfirmedEmpty } from './errors';
import type { SupportedGhlLink } from './link';
import { readBookingPage, type BookingPage } from './page';

/** Beyond this, trying each id costs more than asking a person, who is needed anyway. */
const MAX_CANDIDATES_TRIED = 12;

/** The one calendar behind a page whose path does not tell it. */
export async function resolveFromPage(link: SupportedGhlLink, api: CalendarApi, options: FetchOptions): Promise<string> {
  const url = pageUrl(link, options);
  const page = readBookingPage(await getPage(url, options));
  if (page.kind === 'other') throw unreadable(page, url);
  const { candidates } = page;
  const calendars =
    candidates.length > 1 && candidates.length <= MAX_CANDIDATES_TRIED ? await onlyCalendars(candidates, api, options) : candidates;
  const [first] = calendars;
  if (first === undefined) throw noCalendarOnPage(safeUrl(url));
  if (calendars.length > 1) throw ambiguousPage(safeUrl(url), calendars);
  return first.id;
}

/**
 * An answer without slots is believed only if the page of that calendar is live: it shows the calendar, or it
 * is the page of that very id, served without an error.
 */
export async function confirmByPage(calendarId: string, link: SupportedGhlLink, options: FetchOptions): Promise<void> {
  const url = pageUrl(link, options);
  const html = await getPage(url, options);
  const page = readBookingPage(html);
  if (page.kind === 'booking') {
    if (page.candidates.some(({ id }) => id === calendarId)) return;
    if (page.missingIds.has(calendarId)) throw calendarGone(calendarId, safeUrl(url));
    if (link.kind === 'calendar' && link.calendarId === calendarId) return;
    if (page.candidates.length > 0) throw calendarGone(calendarId, safeUrl(url));
  }
  if (page.kind === 'other' && page.reason === 'error-page') throw calendarGone(calendarId, safeUrl(url));
  if (!html.includes(calendarId)) throw unconfirmedEmpty(calendarId, safeUrl(url));
}

/** The provider knows no such calendar, or refuses the id as such. */
export function isRejection(error: unknown): boolean {
  return error instanceof ProviderError && (error.kind === 'not_found' || error.kind === 'rejected_request');
}

/** Leaves out ids of locations and users: there are no free slots to be asked of them. */
async function onlyCalendars(candidates: readonly LinkChoice[], api: CalendarApi, { now }: FetchOptions): Promise<LinkChoice[]> {
  const calendars: LinkChoice[] = [];
  for (const candidate of candidates) {
    try {
      await api.freeSlots(candidate.id, { startMs: now, endMs: now + DAY_MS });
      calendars.push(candidate);
    } catch (error) {
      if (!isRejection(error)) throw error;
    }
  }
  return calendars;
}

function pageUrl(link: SupportedGhlLink, { origins }: FetchOptions): URL {
  if (origins.ghlBooking === undefined) return link.pageUrl;
  return new URL(origins.ghlBooking.replace(/\/+$/, '') + link.pageUrl.pathname);
}

async function getPage(url: URL, { http, origins, signal }: FetchOptions): Promise<string> {
  // A configured origin is ours to choose; a link's host is anybody's.
  return http.getHtml({ vendor: 'ghl', url, signal, guarded: origins.ghlBooking === undefined });
}

function unreadable(page: Extract<BookingPage, { kind: 'other' }>, url: URL): ProviderError {
  if (page.reason === 'malformed') return malformedPage(safeUrl(url));
  return page.reason === 'no-data' ? noBookingData(safeUrl(url)) : noCalendarOnPage(safeUrl(url));
}
