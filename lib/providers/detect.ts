import type { CalendarProvider } from './errors';
import { CALENDLY_HOSTS } from './calendly/link';
import { pageUrlOf } from './page-url';

/** GoHighLevel's own booking hosts; every subdomain counts, as agencies are given one. */
const GHL_DOMAINS = ['leadconnectorhq.com', 'msgsndr.com'];

const HUBSPOT_MEETINGS_HOST = /^meetings(?:-[a-z0-9]+)?\.hubspot\.com$/;
const HUBSPOT_APP_HOST = /^app(?:-[a-z0-9]+)?\.hubspot\.com$/;

/** Agencies serve GoHighLevel's widget pages from domains of their own, under the same paths. */
const GHL_WIDGET_PATH = /^\/widget\/(?:bookings?|groups?)\/[^/]/;

/** HubSpot customers do so with meeting pages. */
const HUBSPOT_MEETINGS_PATH = /^\/meetings\/[^/]/;

/**
 * Whose calendar a booking link opens. By the parsed host name, never by a part of the text:
 * `calendly.com.evil.example` is not Calendly. On a host of the customer's own the path decides.
 */
export function detectCalendarType(link: string): CalendarProvider | 'unknown' {
  const text = link.trim();
  if (!URL.canParse(text)) return 'unknown';
  const url = new URL(text);
  const { protocol, hostname } = url;
  if (protocol !== 'https:' && protocol !== 'http:') return 'unknown';
  const host = hostname.replace(/\.$/, '');
  const { pathname } = pageUrlOf(url);
  if (CALENDLY_HOSTS.has(host)) return 'calendly';
  if (HUBSPOT_MEETINGS_HOST.test(host)) return 'hubspot';
  if (HUBSPOT_APP_HOST.test(host)) return HUBSPOT_MEETINGS_PATH.test(pathname) ? 'hubspot' : 'unknown';
  if (GHL_DOMAINS.some((domain) => isWithin(host, domain))) return 'ghl';
  // The vendors' other hosts carry no booking pages, whatever their paths look like.
  if (isWithin(host, 'calendly.com') || isWithin(host, 'hubspot.com')) return 'unknown';
  // Such a host is fetched itself, hence over https only; HubSpot's custom domains only name the page.
  if (GHL_WIDGET_PATH.test(pathname)) return protocol === 'https:' ? 'ghl' : 'unknown';
  return HUBSPOT_MEETINGS_PATH.test(pathname) ? 'hubspot' : 'unknown';
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
