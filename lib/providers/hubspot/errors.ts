import type { ErrorKind } from '../errors';
import { ProviderError } from '../errors';

export function unsupportedLink(url: string, reason: string): ProviderError {
  return fail(
    'unsupported_link',
    `“${url}” is not a link to a HubSpot meeting page: ${reason}. ` +
      'Use the address of the scheduling page, such as https://meetings.hubspot.com/name/meeting.',
  );
}

export function unsupportedDuration(slug: string, wishedMinutes: number, offeredMinutes: readonly number[]): ProviderError {
  const offered = [...offeredMinutes].sort((a, b) => a - b).join(', ');
  return fail(
    'unsupported_duration',
    `HubSpot meeting page “${slug}” does not offer ${wishedMinutes} minutes; it offers ${offered}. ` +
      'Set the meeting duration of the workspace to one of these, or add it to the page in HubSpot.',
  );
}

/**
 * Without a connected calendar HubSpot offers all working hours, unaware of what is booked, and a booking is
 * only a request. Such times are not known to be open, so they are not slots.
 */
export function offlinePage(slug: string): ProviderError {
  return fail(
    'unsupported_link',
    `HubSpot meeting page “${slug}” is in offline mode: no calendar is connected, so its times are not checked ` +
      'against one. Reconnect the calendar in HubSpot, then refresh.',
  );
}

/** An account in another region is unknown to the default host, and a custom domain does not tell its region. */
export function notFoundBehindCustomDomain(host: string, slug: string, cause: ProviderError): ProviderError {
  return new ProviderError({
    vendor: 'hubspot',
    kind: 'not_found',
    message:
      `HubSpot knows no meeting page “${slug}” behind ${host}. If the account is not in North America, use the ` +
      'page’s address on HubSpot’s own host, such as https://meetings-eu1.hubspot.com/name/meeting.',
    ...(cause.status === undefined ? {} : { status: cause.status }),
    ...(cause.url === undefined ? {} : { url: cause.url }),
    cause,
  });
}

function fail(kind: ErrorKind, message: string): ProviderError {
  return new ProviderError({ vendor: 'hubspot', kind, message });
}
