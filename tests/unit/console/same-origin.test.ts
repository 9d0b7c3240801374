import { expect, it } from 'vitest';
import { isSameOrigin } from '@/lib/console/same-origin';

const ask = (headers: Record<string, string>): boolean => isSameOrigin(new Headers(headers));

it('a change that a page of ours asks for is done', () => {
  expect(ask({ host: 'console.example.com', origin: 'https://console.example.com', 'sec-fetch-site': 'same-origin' })).toBe(true);
  expect(ask({ host: 'localhost:3000', origin: 'http://localhost:3000' })).toBe(true);
  expect(ask({ host: '10.0.0.7:3000', 'x-forwarded-host': 'console.example.com', origin: 'https://console.example.com' })).toBe(true);
});

it.each([
  ['another site', { origin: 'https://evil.example' }],
  ['a sibling domain', { origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' }],
  ['another port', { origin: 'https://console.example.com:8443' }],
  ['a page without an origin', { origin: 'null' }],
  ['no page at all', {}],
  ['a link from elsewhere', { origin: 'https://console.example.com', 'sec-fetch-site': 'cross-site' }],
  ['a typed address', { origin: 'https://console.example.com', 'sec-fetch-site': 'none' }],
])('a change that %s asks for is not', (_who, headers) => {
  expect(ask({ host: 'console.example.com', ...headers })).toBe(false);
});
