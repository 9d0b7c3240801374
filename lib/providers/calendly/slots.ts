import type { ErrorKind, LinkChoice } from '../errors';
import { ProviderError } from '../errors';

/** How a Calendly failure is worded. Pure. */

export function calendlyFailure(kind: ErrorKind, message: string, choices?: LinkChoice[]): ProviderError {
  return new ProviderError({ vendor: 'calendly', kind, message, ...(choices === undefined ? {} : { choices }) });
}

export function ambiguous(choices: LinkChoice[]): ProviderError {
  const names = choices.map(({ name }) => name).join(', ');
  return calendlyFailure('ambiguous_link', `The link leads to ${choices.length} event types: ${names}. Use the link of one, or choose one.`, choices);
}
