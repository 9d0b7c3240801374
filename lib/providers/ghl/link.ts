import { pageUrlOf } from '../page-url';

/** What a pasted GoHighLevel booking link says, read without asking anybody. */
export type GhlLink =
  /** The path carries the calendar's id. */
  | { kind: 'calendar'; calendarId: string; pageUrl: URL }
  /** The path carries a name; only the page knows the calendars behind it. */
  | { kind: 'page'; pageUrl: URL }
  | { kind: 'unsupported'; reason: string };

export type SupportedGhlLink = Exclude<GhlLink, { kind: 'unsupported' }>;

/** Calendars, locations and users all look like this; none is longer. */
export const GHL_ID = /^[A-Za-z0-9]{20,64}$/;

const PAGE_KINDS: ReadonlySet<string | undefined> = new Set(['booking', 'bookings', 'group', 'groups']);

/** Links may be on any host: agencies put the widget on domains of their own. */
export function parseGhlLink(text: string): GhlLink {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return { kind: 'unsupported', reason: 'it is not a URL' };
  const url = new URL(trimmed);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { kind: 'unsupported', reason: 'it is not a web address' };
  if (url.username !== '' || url.password !== '') return { kind: 'unsupported', reason: 'it carries a user name or password' };

  const [widget, kind, ...names] = url.pathname.split('/').filter((segment) => segment !== '');
  if (widget !== 'widget' || !PAGE_KINDS.has(kind)) {
    return { kind: 'unsupported', reason: 'its path is not /widget/booking/…, /widget/bookings/… or /widget/group/…' };
  }
  const [name] = names;
  if (name === undefined) return { kind: 'unsupported', reason: 'it names no calendar' };

  // The query may carry a lead's name and email address; the page does not need it.
  const pageUrl = pageUrlOf(url);
  // Booking pages are served over https everywhere, and a guarded host must be.
  if (pageUrl.protocol === 'http:' && pageUrl.port === '') pageUrl.protocol = 'https:';
  // Under /group/ the same kind of id is that of the group.
  if (kind === 'booking' && names.length === 1 && GHL_ID.test(name)) return { kind: 'calendar', calendarId: name, pageUrl };
  return { kind: 'page', pageUrl };
}
