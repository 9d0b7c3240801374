import { eventTypeIdOf, parseCalendlyLink, type CalendlyLink } from './link';
import type { EventType } from './schema';
import { ambiguous } from './slots';

/**
 * The event type that a link means, among an account's. By its page address, never by its name alone:
 * colleagues all have an "intro". Undefined if none. Pure.
 * @throws ambiguous_link when a profile has several that can be booked.
 */
export function findEventType(link: CalendlyLink, eventTypes: readonly EventType[]): EventType | undefined {
  if (link.kind === 'event') {
    return eventTypes.find(({ scheduling_url }) => {
      const page = parseCalendlyLink(scheduling_url);
      return page.kind === 'event' && isSame(page.profile, link.profile) && isSame(page.event, link.event);
    });
  }
  if (link.kind !== 'profile') return undefined;
  const ofProfile = eventTypes.filter(({ active, scheduling_url }) => {
    const page = parseCalendlyLink(scheduling_url);
    return active && page.kind === 'event' && isSame(page.profile, link.profile);
  });
  if (ofProfile.length > 1) throw ambiguous(ofProfile.map(({ uri, name }) => ({ id: eventTypeIdOf(uri), name })));
  return ofProfile[0];
}

/** Calendly's addresses do not tell upper from lower case. */
function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
