/** What each cause means and what a person can do, in the console's words. */
import type { CauseKind } from './freshness';

const ADVICE: Record<CauseKind, string> = {
  rate_limited: 'The provider asked us to wait. It is tried again by itself.',
  timeout: 'The provider is too slow. It is tried again by itself.',
  network: 'The provider cannot be reached. It is tried again by itself; if it goes on, check the way out of your network.',
  server_error: 'The provider is in trouble. It is tried again by itself; its status page may say more.',
  invalid_response: 'The provider answers in an unexpected form. It is tried again by itself; open the link in a browser if it goes on.',
  forbidden: 'The provider blocks this host for some minutes. A token for its official API avoids that.',
  internal_error: 'A defect of this app: see its log.',
  unauthorized: 'The token was refused. Enter a valid one.',
  not_found: 'The booking page is gone. Ask for the current link and set it.',
  unsupported_link: 'It is not a booking link of Calendly, HubSpot Meetings or GoHighLevel. Set the booking link itself.',
  ambiguous_link: 'Several calendars are behind the link. Choose one of them.',
  unsupported_duration: 'The page does not offer this meeting length. Choose one that it offers.',
  rejected_request: 'The provider refuses the request as it is configured. Check link, length and zone.',
  blocked_address: 'The link leads to an address that is not public. Set a public https link.',
  no_link: 'There is no calendar link. Set one.',
  not_read_yet: 'New or changed, and not read yet. The next sweep does.',
  behind: 'Nothing is wrong with it: sweeps do not come to it. See the last sweep.',
};

export function adviceFor(kind: string): string | undefined {
  return kind in ADVICE ? ADVICE[kind as CauseKind] : undefined;
}
