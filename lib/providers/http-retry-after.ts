import { millisecondsInHour as HOUR_MS } from 'date-fns/constants';
import type { IncomingHttpHeaders } from 'node:http';
import type { Vendor } from './errors';

/** What a refusal tells about the time to wait. Pure; `now` in epoch milliseconds. */
export interface Refusal {
  vendor: Vendor;
  status: number;
  headers: IncomingHttpHeaders;
  /** The parsed error body, where there is one. */
  body: unknown;
  now: number;
}

const SECOND_MS = 1000;

/** No quota of any vendor lasts longer than a day; a larger figure is a mistake of theirs. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/** A daily quota returns at midnight in the account's zone, which the answer does not name: ask again hourly. */
const DAILY_QUOTA_WAIT_MS = HOUR_MS;

/** HubSpot's and GoHighLevel's burst window, used where the header that states it is missing. */
const BURST_WINDOW_MS = 10 * SECOND_MS;

/** Retry-After wins; then, for a 429, the vendor's own way of saying it. */
export function readRetryAfterMs(refusal: Refusal): number | undefined {
  const wait = fromRetryAfter(refusal) ?? (refusal.status === 429 ? VENDOR_WAIT[refusal.vendor](refusal) : undefined);
  return wait === undefined ? undefined : Math.min(Math.max(0, Math.ceil(wait)), MAX_RETRY_AFTER_MS);
}

function fromRetryAfter({ headers, now }: Refusal): number | undefined {
  const value = readHeader(headers, 'retry-after');
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * SECOND_MS;
  // Only a date that begins with its weekday: Date.parse would make one of a bare negative number, too.
  const until = /^[A-Za-z]{3}/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(until)) return undefined;
  // Against the provider's own clock when it shows one: ours may be off.
  const theirNow = Date.parse(readHeader(headers, 'date') ?? '');
  return until - (Number.isNaN(theirNow) ? now : theirNow);
}

const VENDOR_WAIT: Record<Vendor, (refusal: Refusal) => number | undefined> = {
  // Seconds until the reset, not an epoch.
  calendly: ({ headers }) => scale(readNumber(headers, 'x-ratelimit-reset'), SECOND_MS),
  hubspot: ({ headers, body }) =>
    isDailyPolicy(body) ? DAILY_QUOTA_WAIT_MS : (readNumber(headers, 'x-hubspot-ratelimit-interval-milliseconds') ?? BURST_WINDOW_MS),
  ghl: ({ headers }) =>
    readNumber(headers, 'x-ratelimit-daily-remaining') === 0
      ? DAILY_QUOTA_WAIT_MS
      : (readNumber(headers, 'x-ratelimit-interval-milliseconds') ?? BURST_WINDOW_MS),
  emailbison: () => undefined,
  webhook: () => undefined,
};

const QUOTA_HEADER: Record<Vendor, string | undefined> = {
  calendly: 'x-ratelimit-limit',
  hubspot: 'x-hubspot-ratelimit-max',
  ghl: 'x-ratelimit-max',
  emailbison: undefined,
  webhook: undefined,
};

/** Requests the vendor allows in one window (Calendly a minute, the others ten seconds), if the answer says so. */
export function readQuotaLimit(vendor: Vendor, headers: IncomingHttpHeaders): number | undefined {
  const name = QUOTA_HEADER[vendor];
  const limit = name === undefined ? undefined : readNumber(headers, name);
  return limit !== undefined && limit > 0 ? limit : undefined;
}

function isDailyPolicy(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'policyName' in body && body.policyName === 'DAILY';
}

function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const single = Array.isArray(value) ? value[0] : value;
  return single?.trim();
}

function readNumber(headers: IncomingHttpHeaders, name: string): number | undefined {
  const value = readHeader(headers, name);
  return value !== undefined && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function scale(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
