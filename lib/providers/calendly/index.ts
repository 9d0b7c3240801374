import { ProviderError, safeUrl } from '../errors';
import type { FetchAvailability, FetchOptions, FetchResult, ProviderOrigins } from '../types';
import { slotsInWindow, windowOf } from '../window';
import { eventTypeIdOf, parseCalendlyLink, type CalendlyLink } from './link';
import { createOfficialSource } from './official';
import { createPublicSource } from './public';
import { calendlyFailure } from './slots';
import type { CalendlySource, Target } from './source';

/**
 * Every bookable start of a Calendly link in [now, now + days × 24 h).
 *
 * With a credential the official API answers, without one the endpoints of the booking page. A scheduling
 * link (`/d/…`, `/s/…`) is always asked for at the booking page: it can have hours of its own, which the
 * official API does not know.
 * @throws ProviderError
 */
export const fetchCalendlyAvailabilityWithMeta: FetchAvailability = async (url, days, options) => {
  const link = parseCalendlyLink(url);
  if (link.kind === 'unsupported') {
    throw calendlyFailure('unsupported_link', `This is not a Calendly booking link: ${link.reason}. Use the address of the booking page.`);
  }
  const source = openSource(link, days, options);
  const resolvedFrom = safeUrl(url.trim());
  const listSlots = async (target: Target): Promise<number[]> => slotsInWindow(await source.listStarts(target), windowOf(options.now, days));
  const toResult = ({ id, ...facts }: Target, slots: number[]): FetchResult => ({
    slots,
    durationMinutes: facts.durationMinutes,
    meta: { resolvedId: id, resolvedFrom, via: source.via, ...facts },
  });

  const known = recall(resolvedFrom, link, source.via, options);
  if (known !== undefined) {
    try {
      const slots = await listSlots(known);
      const isDoubtful = slots.length === 0 && options.confirmEmpty === true;
      return toResult(isDoubtful ? await source.confirmLive(known) : known, slots);
    } catch (error) {
      if (!isRejectedId(error)) throw error;
      // The event type may have been replaced behind the same link.
      const target = await source.resolve();
      if (target.id === known.id) throw error;
      return toResult(target, await listSlots(target));
    }
  }
  // Resolving asks another endpoint, in this very call, whether the page is live: that confirms an empty list, too.
  const target = await source.resolve();
  return toResult(target, await listSlots(target));
};

/** Host of the API that answers for the link: the lane of its breaker and its concurrency. */
export function hostOf(url: string, origins: ProviderOrigins, hasCredential: boolean): string {
  const isOfficial = hasCredential && parseCalendlyLink(url).kind !== 'schedulingLink';
  return new URL(isOfficial ? origins.calendlyApi : origins.calendlyBooking).host;
}

function openSource(link: CalendlyLink, days: number, options: FetchOptions): CalendlySource {
  const { credential } = options;
  if (credential === undefined || link.kind === 'schedulingLink') return createPublicSource(link, days, options);
  return createOfficialSource(link, days, credential, options);
}

/** What an earlier refresh resolved, if it is for this interface, this link and this choice. */
function recall(resolvedFrom: string, link: CalendlyLink, via: CalendlySource['via'], { meta, chosenId }: FetchOptions): Target | undefined {
  if (meta?.via !== via || meta.resolvedId === undefined || meta.durationMinutes === undefined) return undefined;
  if (meta.resolvedFrom !== undefined && meta.resolvedFrom !== resolvedFrom) return undefined;
  if (chosenId !== undefined && eventTypeIdOf(chosenId) !== meta.resolvedId) return undefined;
  const { resolvedId: id, durationMinutes, zone, schedulingLinkCode } = meta;
  if (schedulingLinkCode !== (link.kind === 'schedulingLink' ? link.code : undefined)) return undefined;
  return {
    id,
    durationMinutes,
    ...(zone === undefined ? {} : { zone }),
    ...(schedulingLinkCode === undefined ? {} : { schedulingLinkCode }),
  };
}

/** The provider does not know the id, or does not accept it. */
function isRejectedId(error: unknown): boolean {
  return error instanceof ProviderError && (error.status === 404 || error.status === 400);
}
