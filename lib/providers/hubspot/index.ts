import { IANAZone } from 'luxon';
import { ProviderError, safeUrl } from '../errors';
import type { FetchAvailability, FetchOptions, ProviderOrigins } from '../types';
import { joined, slotsInWindow, windowOf } from '../window';
import type { MeetingPageApi } from './api';
import { notFoundBehindCustomDomain, offlinePage, unsupportedDuration, unsupportedLink } from './errors';
import { parseHubSpotLink, type SupportedHubSpotLink } from './link';
import { monthOffsets } from './months';
import { officialApi } from './official';
import { publicApi, publicOrigin } from './public';
import { addMonth, emptyReading, MINUTE_MS, type MonthsReading } from './read-months';
import type { BookInfo } from './schema';

/** What is known of a page before its months are asked for. */
interface PageFacts {
  zone: string;
  durationsMinutes: number[];
}

interface WindowReading extends MonthsReading {
  slots: number[];
}

/**
 * All open slots of a HubSpot meeting page, in the workspace's duration: one request a calendar month, and one
 * before them when nothing is known of the page yet. `chosenId` is a slug, which wins over the link's.
 */
export const fetchHubSpotAvailability: FetchAvailability = async (url, days, options) => {
  const link = parseHubSpotLink(url);
  if (link.kind === 'unsupported') throw unsupportedLink(safeUrl(url.trim()), link.reason);
  const slug = options.chosenId ?? link.slug;
  const api = options.credential ? officialApi(slug, options.credential, options) : publicApi(link, slug, options);

  const remembered = recall(link, slug, api, options);
  let reading = remembered && (await readUnlessRejected(api, remembered, days, options));
  if (reading?.isOffline) throw offlinePage(slug);

  let facts = remembered;
  if (facts === undefined || reading === undefined || isInDoubt(reading, options)) {
    facts = await askFacts(link, slug, api, options);
    reading ??= await readAllMonths(api, facts, days, options);
    if (reading.isOffline) throw offlinePage(slug);
  }
  return {
    slots: reading.slots,
    durationMinutes: options.durationMinutes,
    meta: { resolvedId: slug, resolvedFrom: safeUrl(link.pageUrl), via: api.via, ...facts },
  };
};

/** Host of the API that answers for the link: the lane of its breaker and its concurrency. */
export function hostOf(url: string, origins: ProviderOrigins, hasCredential: boolean): string {
  if (hasCredential) return new URL(origins.hubspotApi).host;
  const link = parseHubSpotLink(url);
  return new URL(publicOrigin(link.kind === 'unsupported' ? undefined : link.hublet, origins)).host;
}

function recall(link: SupportedHubSpotLink, slug: string, api: MeetingPageApi, options: FetchOptions): PageFacts | undefined {
  const { meta, durationMinutes } = options;
  if (meta?.via !== api.via || meta.resolvedId !== slug) return undefined;
  if (meta.resolvedFrom !== undefined && meta.resolvedFrom !== safeUrl(link.pageUrl)) return undefined;
  const { zone, durationsMinutes } = meta;
  if (zone === undefined || !isKnownZone(zone)) return undefined;
  // A wish that was not on offer may be by now; only the page itself can refuse it.
  if (durationsMinutes?.includes(durationMinutes) !== true) return undefined;
  return { zone, durationsMinutes };
}

/** Not `isValidZone`, which makes a formatter for every question; this remembers. */
function isKnownZone(zone: string): boolean {
  return IANAZone.create(zone).isValid;
}

async function askFacts(link: SupportedHubSpotLink, slug: string, api: MeetingPageApi, options: FetchOptions): Promise<PageFacts> {
  const { isOffline, customParams } = await askBookInfo(link, slug, api, options);
  if (isOffline) throw offlinePage(slug);
  const durationsMinutes = customParams.durations.map((durationMs) => durationMs / MINUTE_MS);
  if (!durationsMinutes.includes(options.durationMinutes)) {
    throw unsupportedDuration(slug, options.durationMinutes, durationsMinutes);
  }
  // Any zone finds every slot, as long as the months are counted in the zone they are asked for.
  const stated = customParams.timezone;
  const zone = stated && isKnownZone(stated) ? stated : options.timezone;
  return { zone, durationsMinutes };
}

async function askBookInfo(link: SupportedHubSpotLink, slug: string, api: MeetingPageApi, options: FetchOptions): Promise<BookInfo> {
  try {
    return await api.bookInfo(options.timezone);
  } catch (error) {
    const isLost = error instanceof ProviderError && error.kind === 'not_found' && link.kind === 'custom' && api.via === 'public';
    throw isLost ? notFoundBehindCustomDomain(link.pageUrl.host, slug, error) : error;
  }
}

/** Undefined: the provider does not accept what was remembered, so it is to be asked anew. */
async function readUnlessRejected(
  api: MeetingPageApi,
  facts: PageFacts,
  days: number,
  options: FetchOptions,
): Promise<WindowReading | undefined> {
  try {
    return await readAllMonths(api, facts, days, options);
  } catch (error) {
    if (error instanceof ProviderError && (error.kind === 'not_found' || error.kind === 'rejected_request')) return undefined;
    throw error;
  }
}

/**
 * The last month first: should the provider's month turn between two requests, offsets then overlap, where in
 * ascending order they would jump over a month.
 */
async function readAllMonths(api: MeetingPageApi, { zone }: PageFacts, days: number, options: FetchOptions): Promise<WindowReading> {
  const reading = emptyReading();
  for (const offset of monthOffsets(options.now, days, zone).reverse()) {
    addMonth(reading, await api.month(offset, zone), options.durationMinutes);
  }
  return { ...reading, slots: slotsInWindow(joined(reading.starts), windowOf(options.now, days)) };
}

/** No slots at all, and either the caller must be sure of that, or the page lists other durations than remembered. */
function isInDoubt({ slots, listedMinutes }: WindowReading, { confirmEmpty, durationMinutes }: FetchOptions): boolean {
  if (slots.length > 0) return false;
  return confirmEmpty === true || (listedMinutes.size > 0 && !listedMinutes.has(durationMinutes));
}
