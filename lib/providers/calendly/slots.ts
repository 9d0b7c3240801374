import type { ErrorKind, LinkChoice } from '../errors';
import { ProviderError } from '../errors';
import type { Spot } from './schema';

/** What both interfaces share: from spots to instants, and how a Calendly failure is worded. Pure. */

const HAS_OFFSET = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** Adds the starts that can be booked, as epoch milliseconds. */
export function addBookableStarts(spots: readonly Spot[], starts: number[]): void {
  for (const { status, invitees_remaining, start_time } of spots) {
    if (status !== 'available' || invitees_remaining <= 0) continue;
    // Without an offset it would be read in this server's own zone.
    const start = HAS_OFFSET.test(start_time) ? Date.parse(start_time) : NaN;
    if (Number.isNaN(start)) throw calendlyFailure('invalid_response', 'Calendly sent a start_time that is not an instant.');
    starts.push(start);
  }
}

export function calendlyFailure(kind: ErrorKind, message: string, choices?: LinkChoice[]): ProviderError {
  return new ProviderError({ vendor: 'calendly', kind, message, ...(choices === undefined ? {} : { choices }) });
}

export function ambiguous(choices: LinkChoice[]): ProviderError {
  const names = choices.map(({ name }) => name).join(', ');
  return calendlyFailure('ambiguous_link', `The link leads to ${choices.length} event types: ${names}. Use the link of one, or choose one.`, choices);
}
