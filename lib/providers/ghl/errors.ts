import type { ErrorKind, LinkChoice } from '../errors';
import { ProviderError } from '../errors';

const USE_ID_LINK =
  'Use the calendar’s permanent link, which ends in /widget/booking/ and its id, or choose the calendar’s id in the workspace.';

export function unsupportedLink(url: string, reason: string): ProviderError {
  return fail('unsupported_link', `“${url}” is not a GoHighLevel booking link: ${reason}. ${USE_ID_LINK}`, { url });
}

export function noBookingData(url: string): ProviderError {
  return fail('unsupported_link', `The page ${url} answers, but is not a GoHighLevel booking page that can be read. ${USE_ID_LINK}`, { url });
}

export function malformedPage(url: string): ProviderError {
  return fail('invalid_response', `The booking page ${url} carries data (__NUXT_DATA__) that cannot be read.`, { url });
}

export function noCalendarOnPage(url: string): ProviderError {
  return fail('not_found', `The booking page ${url} names no calendar; it may have been deleted or unpublished. ${USE_ID_LINK}`, { url });
}

export function ambiguousPage(url: string, choices: LinkChoice[]): ProviderError {
  const listed = choices.map(({ id, name }) => `${name} (${id})`).join(', ');
  return fail(
    'ambiguous_link',
    `The booking page ${url} leads to ${choices.length} calendars: ${listed}. Choose one of these ids in the workspace.`,
    { url, choices },
  );
}

export function calendarSwitchedOff(calendarId: string): ProviderError {
  return fail('not_found', `GoHighLevel calendar ${calendarId} is switched off. Activate it in GoHighLevel, or link another one.`);
}

export function wrongCalendar(asked: string, answered: string): ProviderError {
  return fail('invalid_response', `GoHighLevel answered with calendar ${answered} where ${asked} was asked for.`);
}

export function unconfirmedEmpty(calendarId: string, url: string): ProviderError {
  return fail(
    'invalid_response',
    `GoHighLevel lists no slots for calendar ${calendarId}, but its page ${url} does not show that it is live, so the ` +
      'answer is not believed. Open the page; if the calendar is gone, link another one.',
    { url },
  );
}

export function calendarGone(calendarId: string, url: string): ProviderError {
  return fail('not_found', `The booking page ${url} no longer shows calendar ${calendarId}. ${USE_ID_LINK}`, { url });
}

function fail(kind: ErrorKind, message: string, more: { url?: string; choices?: LinkChoice[] } = {}): ProviderError {
  return new ProviderError({ vendor: 'ghl', kind, message, ...more });
}
