import type { ErrorKind, Vendor } from './errors';
import { kindOfStatus, ProviderError, safeUrl } from './errors';
import { BlockedAddressError } from './guard';
import { BodyTooLargeError, type Exchange } from './http-exchange';
import { readRetryAfterMs } from './http-retry-after';

/** What was asked of whom; enough to word any failure without a query string or a token. */
export interface Asked {
  vendor: Vendor;
  url: URL;
  /** Undefined when none was sent, as after a redirect to another origin. */
  credential: string | undefined;
}

export const VENDOR_NAME: Record<Vendor, string> = {
  calendly: 'Calendly',
  hubspot: 'HubSpot',
  ghl: 'GoHighLevel',
  emailbison: 'EmailBison',
  webhook: 'The webhook',
};

/** A longer text is a page or a dump, not a sentence for an operator. */
const MAX_PROVIDER_TEXT = 200;

export function fail(asked: Asked, kind: ErrorKind, what: string, more: { status?: number | undefined; cause?: unknown } = {}): ProviderError {
  return new ProviderError({
    vendor: asked.vendor,
    kind,
    message: `${VENDOR_NAME[asked.vendor]} ${what} (${safeUrl(asked.url)})`,
    url: safeUrl(asked.url),
    ...(more.status === undefined ? {} : { status: more.status }),
    cause: more.cause,
  });
}

/** The answer is an error status. */
export function failureOfStatus(asked: Asked, answer: Exchange, status: number, now: number): ProviderError {
  const body = parseQuietly(answer.body);
  const said = readProviderText(asked.vendor === 'emailbison' ? laravelTexts(body) : collectTexts(body), asked.credential);
  const retryAfterMs = readRetryAfterMs({ vendor: asked.vendor, status, headers: answer.headers, body, now });
  return new ProviderError({
    vendor: asked.vendor,
    kind: isVersionComplaint(asked.vendor, status, body) ? 'rejected_request' : kindOfStatus(status, asked.credential !== undefined),
    message: `${VENDOR_NAME[asked.vendor]} answered ${status} (${safeUrl(asked.url)})${said === undefined ? '' : `: ${said}`}`,
    status,
    url: safeUrl(asked.url),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The exchange broke before its answer was complete. */
export function failureOfExchange(asked: Asked, error: unknown, status: number | undefined): ProviderError {
  if (error instanceof BlockedAddressError) return blocked(asked, 'it does not lead to public addresses only');
  if (error instanceof BodyTooLargeError) {
    return fail(asked, 'invalid_response', `sent more than the cap of ${error.maxBytes} bytes`, { status, cause: error });
  }
  const code = codeOf(error);
  const known = EXCHANGE_FAILURES[code];
  if (known !== undefined) return fail(asked, known.kind, known.what, { status, cause: error });
  if (code.startsWith('HPE_') || code === 'HTTPParserError') return fail(asked, 'invalid_response', 'sent something that is not HTTP', { status, cause: error });
  return fail(asked, 'network', status === undefined ? `could not be reached: ${code}` : `broke off its answer: ${code}`, { status, cause: error });
}

const EXCHANGE_FAILURES: Record<string, { kind: ErrorKind; what: string }> = {
  UND_ERR_HEADERS_TIMEOUT: { kind: 'timeout', what: 'did not begin to answer in time' },
  UND_ERR_BODY_TIMEOUT: { kind: 'timeout', what: 'stopped in the middle of its answer' },
  UND_ERR_CONNECT_TIMEOUT: { kind: 'timeout', what: 'did not accept a connection in time' },
  ETIMEDOUT: { kind: 'timeout', what: 'did not accept a connection in time' },
  UND_ERR_HEADERS_OVERFLOW: { kind: 'invalid_response', what: 'sent headers that are too large' },
};

export function blocked(asked: Asked, why: string): ProviderError {
  return new ProviderError({
    vendor: asked.vendor,
    kind: 'blocked_address',
    message: `${asked.url.hostname} may not be fetched: ${why}. Use the public https address of the booking page.`,
    url: safeUrl(asked.url),
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Several addresses were tried: the first failure speaks for all.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.name;
}

/** GoHighLevel answers 401 for a missing or unknown Version header; the token is not at fault. */
function isVersionComplaint(vendor: Vendor, status: number, body: unknown): boolean {
  return vendor === 'ghl' && status === 401 && collectTexts(body).some((text) => /\bversion\b/i.test(text));
}

function parseQuietly(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The provider's own sentence, scrubbed; undefined when there is none that is short. */
function readProviderText(texts: readonly string[], credential: string | undefined): string | undefined {
  const text = texts.join('; ');
  if (text === '' || text.length > MAX_PROVIDER_TEXT) return undefined;
  return scrub(credential === undefined || credential === '' ? text : text.replaceAll(credential, '[token]'));
}

/** EmailBison has three shapes of error: `{data:{message}}`, `{message, errors}` and `{error}`. */
function laravelTexts(body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return [];
  const inData = 'data' in body ? collectTexts(body.data) : [];
  if (inData.length > 0) return inData;
  const inMessage = collectTexts(body);
  if (inMessage.length > 0) return inMessage;
  return 'error' in body ? stringsOf(body.error) : [];
}

/** Messages of an error and of its details; those nest once in real answers, and anything in a hostile one. */
const MAX_DETAIL_DEPTH = 4;

function collectTexts(body: unknown, depth = 0): string[] {
  if (typeof body !== 'object' || body === null || depth > MAX_DETAIL_DEPTH) return [];
  const texts: string[] = 'message' in body ? stringsOf(body.message) : [];
  const details: unknown[] = 'details' in body && Array.isArray(body.details) ? body.details : [];
  return texts.concat(...details.map((detail) => collectTexts(detail, depth + 1)));
}

function stringsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((item) => typeof item === 'string');
}

/** Providers echo what they were sent: addresses of people, tokens and query strings must not reach a log. */
export function scrub(text: string): string {
  return text
    .replace(/\S+@\S+/g, '[email]')
    .replace(/\?[^\s;,]+/g, '')
    .replace(/\b(?:bearer|token|key)[\s:=]+\S*\d\S*/gi, '[token]')
    .replace(/[A-Za-z0-9_\-+/=.]{24,}/g, '[…]')
    .replace(/\p{Cc}+/gu, ' ');
}
