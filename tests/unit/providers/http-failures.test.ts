import { expect, test } from 'vitest';
import { scrub } from '../../../lib/providers/http-failures';

test.each([
  ['The supplied parameters are invalid.', 'The supplied parameters are invalid.'],
  ['lee@buyer.test is blocked', '[email] is blocked'],
  ['see https://x.test/a?token=1&b=2 now', 'see https://x.test/a now'],
  ['Bearer abc123 is wrong', '[token] is wrong'],
  ['key: pit-42 expired', '[token] expired'],
  ['token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.abc rejected', '[token] rejected'],
  ['id 0123456789abcdef0123456789abcdef unknown', 'id […] unknown'],
  ['Invalid token: access token is invalid', 'Invalid token: access token is invalid'],
  ['two\r\nlines', 'two lines'],
])('%s → %s', (text, expected) => expect(scrub(text)).toBe(expected));
