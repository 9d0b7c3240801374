import type { FetchOptions } from '../types';
import type { Starts } from '../starts';
import { joined, windowOf } from '../window';
import { datesOf, splitIntoDateRanges, type DateRange } from './chunks';
import { eventTypeIdOf, type CalendlyLink } from './link';
import { lookupAnswer, profileEventTypesAnswer, rangeAnswer, schedulingLinkAnswer, type LookupAnswer } from './schema';
import { ambiguous, calendlyFailure } from './slots';
import type { CalendlySource, Target } from './source';

/** What the booking page itself asks for: no token, undocumented, dates in UTC. */
export function createPublicSource(link: CalendlyLink, days: number, options: FetchOptions): CalendlySource {
  const { http, signal, now, chosenId } = options;
  const schedulingLinkCode = link.kind === 'schedulingLink' ? link.code : undefined;

  const urlOf = (path: string, query: Record<string, string> = {}): URL => {
    const search = new URLSearchParams(query).toString();
    return new URL(`/api/booking/${path}${search === '' ? '' : `?${search}`}`, options.origins.calendlyBooking);
  };

  async function lookUp(query: Record<string, string>): Promise<Target> {
    const url = urlOf('event_types/lookup', query);
    return liveTarget(await http.getJson({ vendor: 'calendly', url, schema: lookupAnswer, signal }), schedulingLinkCode);
  }

  async function resolveSchedulingLink(code: string): Promise<Target> {
    const url = urlOf(`scheduling_links/${encodeURIComponent(code)}`);
    const owner = await http.getJson({ vendor: 'calendly', url, schema: schedulingLinkAnswer, signal });
    return lookUp(owner.owner_type === 'Share' ? { share_uuid: owner.owner_uuid } : { event_type_uuid: owner.owner_uuid });
  }

  async function resolveProfile(profile: string): Promise<Target> {
    const url = urlOf(`profiles/${encodeURIComponent(profile)}/event_types`);
    const found = await http.getJson({ vendor: 'calendly', url, schema: profileEventTypesAnswer, signal });
    const [only, ...others] = found;
    if (only === undefined) throw calendlyFailure('not_found', 'The Calendly profile has no event type that can be booked.');
    // Any pick among several would be a guess, and the wrong meeting booked.
    if (others.length > 0) throw ambiguous(found.map(({ uuid, name }) => ({ id: uuid, name })));
    return lookUp({ event_type_uuid: only.uuid });
  }

  function listRange(target: Target, range: DateRange): Promise<Starts> {
    const url = urlOf(`event_types/${encodeURIComponent(target.id)}/calendar/range`, {
      timezone: 'UTC',
      diagnostics: 'false',
      range_start: range.first,
      range_end: range.last,
      ...(schedulingLinkCode === undefined ? {} : { scheduling_link_uuid: schedulingLinkCode }),
    });
    return http.getJson({ vendor: 'calendly', url, schema: rangeAnswer, remember: {}, signal }).then(({ dates, startsMs }) => {
      // Every date is listed, full ones too: a missing one means the answer is a part of what was asked for.
      const missing = datesOf(range).find((date, index) => dates[index] !== date && !dates.includes(date));
      if (missing !== undefined) throw calendlyFailure('invalid_response', `Calendly's range does not list ${missing}, which was asked for.`);
      return startsMs;
    });
  }

  return {
    via: 'public',
    resolve() {
      if (chosenId !== undefined) return lookUp({ event_type_uuid: eventTypeIdOf(chosenId) });
      switch (link.kind) {
        case 'event':
          return lookUp({ event_type_slug: link.event, profile_slug: link.profile });
        case 'profile':
          return resolveProfile(link.profile);
        case 'schedulingLink':
          return resolveSchedulingLink(link.code);
        case 'eventType':
          return lookUp({ event_type_uuid: link.id });
        case 'unsupported':
          throw calendlyFailure('unsupported_link', link.reason);
      }
    },
    async listStarts(target) {
      const startsMs: Starts[] = [];
      for (const range of splitIntoDateRanges(windowOf(now, days))) startsMs.push(await listRange(target, range));
      return joined(startsMs);
    },
    // A used-up scheduling link leaves its event type alive, so that one is asked for by its code again.
    confirmLive: (target) => (schedulingLinkCode === undefined ? lookUp({ event_type_uuid: target.id }) : resolveSchedulingLink(schedulingLinkCode)),
  };
}

function liveTarget(answer: LookupAnswer, schedulingLinkCode: string | undefined): Target {
  if (!answer.public || answer.unavailability_reason !== null) {
    throw calendlyFailure('not_found', 'Calendly says that this page is paused or not public. Switch it on in Calendly, or use another link.');
  }
  return {
    id: answer.uuid,
    durationMinutes: answer.duration,
    ...(answer.availability_timezone === null ? {} : { zone: answer.availability_timezone }),
    ...(schedulingLinkCode === undefined ? {} : { schedulingLinkCode }),
  };
}
