/** Every form a Calendly link comes in. Pure; says nothing about whether the page exists. */
export type CalendlyLink =
  | { kind: 'event'; profile: string; event: string }
  /** A person's or team's page: leads to one event type only if it has one. */
  | { kind: 'profile'; profile: string }
  /** A single-use or share link; its code goes into every request for its slots. */
  | { kind: 'schedulingLink'; code: string }
  | { kind: 'eventType'; id: string }
  | { kind: 'unsupported'; reason: string };

export const CALENDLY_HOSTS: ReadonlySet<string> = new Set(['calendly.com', 'www.calendly.com', 'api.calendly.com']);

/** First segments of calendly.com that are not somebody's profile. */
const NOT_A_PROFILE: ReadonlySet<string> = new Set([
  'api', 'app', 'cancellations', 'reschedulings', 'scheduled_events', 'invitees', 'users', 'organizations',
  'login', 'signup', 'integrations', 'event_types', 'd', 's',
]);

/** A UUID, or a legacy code such as `EBAXZXNO5XL6LLRJ`. */
const EVENT_TYPE_ID = /^[A-Za-z0-9-]{4,64}$/;

/** The deep link to one start time: `/{profile}/{event}/2026-11-24T15:00:00Z`. */
const DATE_SEGMENT = /^\d{4}-\d{2}(?:-\d{2})?/;

export function parseCalendlyLink(url: string): CalendlyLink {
  const text = url.trim();
  if (!URL.canParse(text)) return unsupported('it is not a URL');
  const parsed = new URL(text);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return unsupported('it is not a web address');
  const host = parsed.hostname.replace(/\.$/, '');
  if (!CALENDLY_HOSTS.has(host)) return unsupported('its host is not calendly.com');
  const segments = decodePath(parsed.pathname);
  if (segments === undefined) return unsupported('its path is not readable');
  return host === 'api.calendly.com' ? parseApiPath(segments) : parsePagePath(segments);
}

/** The id at the end of an event type's URI; a bare id is itself. */
export function eventTypeIdOf(uriOrId: string): string {
  return uriOrId.replace(/\/+$/, '').replace(/^.*\//, '');
}

function parseApiPath([resource, id, ...rest]: string[]): CalendlyLink {
  if (resource === 'event_types' && id !== undefined && rest.length === 0) return eventType(id);
  return unsupported('of api.calendly.com only /event_types/{id} is a calendar');
}

function parsePagePath(segments: string[]): CalendlyLink {
  const [first, second, third, ...rest] = segments;
  if (first === undefined) return unsupported('it names no page');
  if (rest.length > 0) return unsupported('its path is too long');
  const resource = first.toLowerCase();
  if (resource === 'event_types' && second !== undefined && third === undefined) return eventType(second);
  // The code is the second segment; the event's name after it is decoration.
  if ((resource === 'd' || resource === 's') && second !== undefined) return { kind: 'schedulingLink', code: second };
  if (NOT_A_PROFILE.has(resource)) return unsupported(`/${resource} is not a booking page`);
  if (second === undefined) return { kind: 'profile', profile: first };
  if (third !== undefined && !DATE_SEGMENT.test(third)) return unsupported('its path is too long');
  return { kind: 'event', profile: first, event: second };
}

function eventType(id: string): CalendlyLink {
  return EVENT_TYPE_ID.test(id) ? { kind: 'eventType', id } : unsupported('its event type id is not one');
}

function decodePath(pathname: string): string[] | undefined {
  try {
    return pathname.split('/').filter((segment) => segment !== '').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function unsupported(reason: string): CalendlyLink {
  return { kind: 'unsupported', reason };
}
