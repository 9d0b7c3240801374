/** Every way a calendar can fail, and what each way means for the next try. */

export type ErrorKind = keyof typeof ERROR_KINDS;

/**
 * `retry: 'soon'`: the provider may answer differently in a while; backs off with jitter.
 * `retry: 'person'`: the same request will fail until somebody changes something.
 * `sameRun`: worth one more try later in the run before it counts as a failure.
 */
export const ERROR_KINDS = {
  rate_limited: { retry: 'soon', sameRun: false },
  timeout: { retry: 'soon', sameRun: true },
  network: { retry: 'soon', sameRun: true },
  server_error: { retry: 'soon', sameRun: true },
  invalid_response: { retry: 'soon', sameRun: false },
  forbidden: { retry: 'soon', sameRun: false },
  /** A defect of ours: kept apart, so that it is seen and does not end the run. */
  internal_error: { retry: 'soon', sameRun: false },
  unauthorized: { retry: 'person', sameRun: false },
  not_found: { retry: 'person', sameRun: false },
  unsupported_link: { retry: 'person', sameRun: false },
  ambiguous_link: { retry: 'person', sameRun: false },
  unsupported_duration: { retry: 'person', sameRun: false },
  rejected_request: { retry: 'person', sameRun: false },
  blocked_address: { retry: 'person', sameRun: false },
} as const satisfies Record<string, { retry: 'soon' | 'person'; sameRun: boolean }>;

export const ALL_ERROR_KINDS = Object.keys(ERROR_KINDS) as ErrorKind[];

export type CalendarProvider = 'calendly' | 'hubspot' | 'ghl';

/** `webhook`: an agency's own address. */
export type Vendor = CalendarProvider | 'emailbison' | 'webhook';

/** One of several event types or calendars behind an ambiguous link. */
export interface LinkChoice {
  id: string;
  name: string;
}

export interface ProviderErrorInit {
  vendor: Vendor;
  kind: ErrorKind;
  /** A sentence for an operator: what, which value, the way out. No token, no personal data. */
  message: string;
  status?: number;
  /** How long the provider asked us to wait, from the moment of its answer. */
  retryAfterMs?: number;
  /** Origin and path only; see `safeUrl`. */
  url?: string;
  /** Event types or calendars to choose from, for `ambiguous_link`. */
  choices?: LinkChoice[];
  cause?: unknown;
}

/** Of a text that is stored with a row and shown in lists. */
const MAX_MESSAGE_LENGTH = 1_000;
/** More than a person would read through, or a page really has. */
const MAX_CHOICES = 50;
const MAX_CHOICE_LENGTH = 200;

/** Names and texts of others stand in messages: what a database or a terminal cannot take is left out of them. */
function shown(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return cut.replace(/\p{Cs}/gu, '').replace(/\p{Cc}+/gu, ' ');
}

/** The one error that leaves a provider module. */
export class ProviderError extends Error {
  readonly vendor: Vendor;
  readonly kind: ErrorKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly url: string | undefined;
  readonly choices: LinkChoice[] | undefined;
  /** Uncut: half of a token is not found any more. */
  readonly #init: ProviderErrorInit;

  constructor(init: ProviderErrorInit) {
    super(shown(init.message, MAX_MESSAGE_LENGTH), { cause: init.cause });
    this.name = 'ProviderError';
    this.#init = init;
    this.vendor = init.vendor;
    this.kind = init.kind;
    this.status = init.status;
    this.retryAfterMs = init.retryAfterMs;
    this.url = init.url;
    this.choices = init.choices?.slice(0, MAX_CHOICES).map(({ id, name }) => ({ id: shown(id, MAX_CHOICE_LENGTH), name: shown(name, MAX_CHOICE_LENGTH) }));
  }

  /**
   * The same error, telling nothing of the token: providers say again what they were sent, in messages, in names
   * and in the addresses that they redirect to.
   */
  without(token: string): ProviderError {
    if (token === '') return this;
    const hide = (text: string): string => text.replaceAll(token, '[token]').replaceAll(encodeURIComponent(token), '[token]');
    const { message, url, choices } = this.#init;
    return new ProviderError({
      ...this.#init,
      message: hide(message),
      ...(url === undefined ? {} : { url: hide(url) }),
      ...(choices === undefined ? {} : { choices: choices.map(({ id, name }) => ({ id: hide(id), name: hide(name) })) }),
    });
  }
}

/**
 * The kind of an HTTP status that is not a success.
 * @param hasCredential a 403 without one is a bot wall and passes; with one, the token lacks a right.
 */
export function kindOfStatus(status: number, hasCredential: boolean): ErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return hasCredential ? 'unauthorized' : 'forbidden';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 425 || status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  if (status >= 400) return 'rejected_request';
  return 'invalid_response';
}

/** A URL that may be shown and stored: no query (it can hold tokens and emails), no userinfo. */
export function safeUrl(url: string | URL): string {
  if (typeof url === 'string' && !URL.canParse(url)) return '(not a URL)';
  const { protocol, host, pathname } = typeof url === 'string' ? new URL(url) : url;
  return `${protocol}//${host}${pathname}`;
}
