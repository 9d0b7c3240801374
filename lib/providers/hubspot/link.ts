import { pageUrlOf } from '../page-url';

/** What a pasted HubSpot meetings link says, read without asking anybody. */
export type HubSpotLink =
  | {
      kind: 'hosted';
      slug: string;
      /** Region of the account in the host's name; undefined is na1. */
      hublet: string | undefined;
      pageUrl: URL;
    }
  /** A company's own domain: it tells nothing of the region. */
  | { kind: 'custom'; slug: string; hublet: undefined; pageUrl: URL }
  | { kind: 'unsupported'; reason: string };

export type SupportedHubSpotLink = Exclude<HubSpotLink, { kind: 'unsupported' }>;

const HUBSPOT_HOST = /^(meetings|app)(?:-([a-z]{2,4}\d{1,3}))?\.hubspot\.com$/;

/** A page is `user` or `user/link`; anything deeper is another page of the app. */
const MAX_SLUG_SEGMENTS = 2;

export function parseHubSpotLink(text: string): HubSpotLink {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return unsupported('it is not a URL');
  const url = new URL(trimmed);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return unsupported('it is not a web address');

  const segments = decodeSegments(url.pathname);
  if (segments === undefined) return unsupported('its path is not properly encoded');
  const host = HUBSPOT_HOST.exec(url.hostname);
  const app = host?.[1];
  const region = host?.[2];
  if (app === undefined && isHubSpotHost(url.hostname)) {
    return unsupported(`${url.hostname} serves no meeting pages; they are at meetings.hubspot.com`);
  }

  const isMeetingsHost = app === 'meetings';
  if (!isMeetingsHost && segments[0] !== 'meetings') return unsupported('its path does not begin with /meetings/');
  const slugSegments = isMeetingsHost ? segments : segments.slice(1);
  if (slugSegments.length === 0) return unsupported('it names no meeting page');
  if (slugSegments.length > MAX_SLUG_SEGMENTS) return unsupported('its path is longer than that of a meeting page');

  const slug = slugSegments.join('/');
  const pageUrl = pageUrlOf(url);
  if (app === undefined) return { kind: 'custom', slug, hublet: undefined, pageUrl };
  return { kind: 'hosted', slug, hublet: region === 'na1' ? undefined : region, pageUrl };
}

function isHubSpotHost(hostname: string): boolean {
  return hostname === 'hubspot.com' || hostname.endsWith('.hubspot.com');
}

function decodeSegments(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function unsupported(reason: string): HubSpotLink {
  return { kind: 'unsupported', reason };
}
