import type { ErrorKind } from '../../lib/providers/errors';

/** What a person can do about each kind of failure; the error's own message says what happened. */
const ADVICE: Record<ErrorKind, string> = {
  rate_limited: 'The provider asked us to wait; it is tried again by itself. If it goes on, fewer tools should share the token or the address.',
  timeout: 'The provider was too slow; it is tried again by itself.',
  network: 'The provider could not be reached; it is tried again by itself. If it goes on, check this machine\'s network and DNS.',
  server_error: 'The provider is in trouble; it is tried again by itself. Its status page may say more.',
  invalid_response: 'The provider answered in an unexpected form; it is tried again by itself. If it goes on, open the link in a browser: it may show a block page, or the provider has changed its format.',
  forbidden: 'The provider blocks this machine; it is tried again in some minutes. A credential for the official API avoids such blocks.',
  internal_error: 'This is a defect of ours: see the server\'s log and report it.',
  unauthorized: 'Enter a valid token: npm run workspaces -- credential <workspace> --provider <provider>',
  not_found: 'The page does not exist (any more): get the current link and set it: npm run workspaces -- set <workspace> --url <url>',
  unsupported_link: 'Use a booking link of Calendly, HubSpot Meetings or GoHighLevel: npm run workspaces -- set <workspace> --url <url>',
  ambiguous_link: 'Choose one of those behind the link: npm run workspaces -- choose <workspace> <id>',
  unsupported_duration: 'Use a duration that the page offers: npm run workspaces -- set <workspace> --duration <minutes>',
  rejected_request: 'The provider refuses the request as it is configured: check link, duration and time zone.',
  blocked_address: 'The link leads to an address that is not public and is not fetched. Use a public https link.',
};

export function adviceFor(kind: string): string | undefined {
  return kind in ADVICE ? ADVICE[kind as ErrorKind] : undefined;
}
