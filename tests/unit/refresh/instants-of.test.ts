import { describe, expect, it } from 'vitest';
import { instantsOf } from '@/lib/refresh/read';

/** What PostgreSQL 18 answered to `SELECT encode(array_send('{…}'::timestamptz[]), 'hex')`. */
const SENT = {
  '{2000-01-01Z,1999-12-31Z,2026-11-26T12:30:00Z}':
    '0000000100000000000004a0000000030000000100000008000000000000000000000008ffffffebe228a000000000080003042bdee84200',
  '[5:5]={2026-11-26T12:30:00Z}': '0000000100000000000004a00000000100000005000000080003042bdee84200',
  '{}': '0000000000000000000004a0',
  '{2026-11-26T12:30:00Z,NULL}': '0000000100000001000004a00000000200000001000000080003042bdee84200ffffffff',
  '{{2026-11-26T12:30:00Z}}': '0000000200000000000004a000000001000000010000000100000001000000080003042bdee84200',
};
const HALF_PAST_NOON = Date.UTC(2026, 10, 26, 12, 30);

describe('instantsOf', () => {
  it('reads instants after and before 2000, whatever the first index', () => {
    const sent = instantsOf(SENT['{2000-01-01Z,1999-12-31Z,2026-11-26T12:30:00Z}']);
    expect([...sent]).toEqual([Date.UTC(2000, 0, 1), Date.UTC(1999, 11, 31), HALF_PAST_NOON]);
    expect([...instantsOf(SENT['[5:5]={2026-11-26T12:30:00Z}'])]).toEqual([HALF_PAST_NOON]);
  });

  it('reads an empty array, and none at all, as no instants', () => {
    expect(instantsOf(SENT['{}'])).toHaveLength(0);
    expect(instantsOf(null)).toHaveLength(0);
  });

  it.each([
    ['NULLs', SENT['{2026-11-26T12:30:00Z,NULL}']],
    ['several dimensions', SENT['{{2026-11-26T12:30:00Z}}']],
    ['an end in the middle', SENT['{2000-01-01Z,1999-12-31Z,2026-11-26T12:30:00Z}'].slice(0, -8)],
    ['nothing', ''],
  ])('refuses %s', (_, hex) => {
    expect(() => instantsOf(hex)).toThrow();
  });
});
