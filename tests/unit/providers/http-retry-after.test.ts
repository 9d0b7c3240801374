import { describe, expect, test } from 'vitest';
import type { Vendor } from '../../../lib/providers/errors';
import { readQuotaLimit, readRetryAfterMs } from '../../../lib/providers/http-retry-after';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const HOUR_MS = 3_600_000;

describe('readRetryAfterMs', () => {
  type Row = [name: string, vendor: Vendor, status: number, headers: Record<string, string>, body: unknown, expected: number | undefined];
  const rows: Row[] = [
    ['seconds', 'calendly', 429, { 'retry-after': '7' }, undefined, 7000],
    ['a fraction is rounded up', 'calendly', 429, { 'retry-after': '0.0005' }, undefined, 1],
    ['zero', 'ghl', 503, { 'retry-after': '0' }, undefined, 0],
    ['an HTTP date', 'calendly', 503, { 'retry-after': 'Mon, 23 Nov 2026 12:02:00 GMT' }, undefined, 120_000],
    ["an HTTP date by the provider's clock", 'calendly', 503, { 'retry-after': 'Mon, 23 Nov 2026 12:02:00 GMT', date: 'Mon, 23 Nov 2026 12:01:50 GMT' }, undefined, 10_000],
    ['a date that has passed', 'calendly', 503, { 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, undefined, 0],
    ['nonsense', 'calendly', 503, { 'retry-after': 'soon' }, undefined, undefined],
    ['a negative number', 'calendly', 503, { 'retry-after': '-5' }, undefined, undefined],
    ['an absurd time is capped at a day', 'calendly', 503, { 'retry-after': '31536000' }, undefined, 24 * HOUR_MS],
    ['it wins over the vendor header', 'calendly', 429, { 'retry-after': '7', 'x-ratelimit-reset': '42' }, undefined, 7000],
    ['Calendly: seconds until the reset', 'calendly', 429, { 'x-ratelimit-limit': '500', 'x-ratelimit-reset': '42' }, undefined, 42_000],
    ['Calendly: only for a 429', 'calendly', 500, { 'x-ratelimit-reset': '42' }, undefined, undefined],
    ['Calendly: no header', 'calendly', 429, {}, undefined, undefined],
    ['HubSpot: ten seconds', 'hubspot', 429, {}, { policyName: 'TEN_SECONDLY_ROLLING' }, 10_000],
    ['HubSpot: the interval of the header', 'hubspot', 429, { 'x-hubspot-ratelimit-interval-milliseconds': '8000' }, { policyName: 'TEN_SECONDLY_ROLLING' }, 8000],
    ['HubSpot: the day', 'hubspot', 429, { 'x-hubspot-ratelimit-interval-milliseconds': '10000' }, { policyName: 'DAILY' }, HOUR_MS],
    ['HubSpot: no body', 'hubspot', 429, {}, undefined, 10_000],
    ['GoHighLevel: the interval', 'ghl', 429, { 'x-ratelimit-interval-milliseconds': '9000', 'x-ratelimit-daily-remaining': '12' }, undefined, 9000],
    ['GoHighLevel: the day', 'ghl', 429, { 'x-ratelimit-interval-milliseconds': '9000', 'x-ratelimit-daily-remaining': '0' }, undefined, HOUR_MS],
    ['GoHighLevel: no header', 'ghl', 429, {}, undefined, 10_000],
  ];
  test.each(rows)('%s (%s %i)', (_name, vendor, status, headers, body, expected) => {
    expect(readRetryAfterMs({ vendor, status, headers, body, now: NOW })).toBe(expected);
  });
});

describe('readQuotaLimit', () => {
  test.each([
    ['calendly', { 'x-ratelimit-limit': '500' }, 500],
    ['hubspot', { 'x-hubspot-ratelimit-max': '190' }, 190],
    ['ghl', { 'x-ratelimit-max': '100' }, 100],
    ['ghl', { 'x-ratelimit-max': '0' }, undefined],
    ['calendly', { 'x-ratelimit-limit': 'many' }, undefined],
    ['hubspot', {}, undefined],
  ] as const)('%s %j → %s', (vendor, headers, expected) => {
    expect(readQuotaLimit(vendor, headers)).toBe(expected);
  });
});
