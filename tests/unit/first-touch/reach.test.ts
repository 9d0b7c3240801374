import { describe, expect, it } from 'vitest';
import { describeReach, NOTHING_SEEN, reachOf, type Reach, type Seen } from '@/lib/first-touch/reach';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const RECENTLY = NOW - 60_000;
const LONG_AGO = NOW - 8 * 24 * 60 * 60_000;

const table: [string, Partial<Seen>, Partial<Reach>][] = [
  ['nothing seen: not known', {}, { early: null, late: null, rowsTell: null }],
  ['a row that showed a late sentence', { lateShownAt: RECENTLY }, { late: true, rowsTell: true }],
  ['a row that did not', { lateNotShownAt: RECENTLY }, { late: false, rowsTell: null }],
  ['a row that did not, and an email that carried it: rows do not tell', { lateNotShownAt: RECENTLY, lateCarriedAt: RECENTLY }, { late: true, rowsTell: false }],
  ['one late miss does not outweigh a hit', { lateMissedAt: RECENTLY, lateCarriedAt: RECENTLY }, { late: true }],
  ['a miss alone does', { lateMissedAt: RECENTLY }, { late: false }],
  ['what was seen long ago is tried again', { lateNotShownAt: LONG_AGO, earlyMissedAt: LONG_AGO }, { late: null, early: null }],
  ['early', { earlyCarriedAt: RECENTLY, earlyMissedAt: RECENTLY }, { early: true }],
];

describe('what is learned of an instance', () => {
  it.each(table)('%s', (_name, seen, expected) => {
    expect(reachOf({ ...NOTHING_SEEN, ...seen }, NOW)).toMatchObject(expected);
  });

  it('is said in words', () => {
    expect(describeReach({ early: null, late: true, rowsTell: true })).toContain('both finders count');
    expect(describeReach({ early: true, late: false, rowsTell: null })).toContain('only what is written before scheduling counts');
    expect(describeReach({ early: false, late: null, rowsTell: null })).toContain('{AVAILABILITY_SLOT}');
  });
});
