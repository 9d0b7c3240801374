import { expect, it } from 'vitest';
import { freshnessOf } from '@/lib/console/freshness';
import type { Standing } from '@/lib/console/standings';

const NOW = Date.UTC(2027, 0, 15, 12);
const LIMIT_MS = 900_000;

let number = 0;
function standing(given: Partial<Standing> & { ageMs?: number | null }): Standing {
  const { ageMs = 20_000, ...rest } = given;
  number++;
  return {
    workspaceId: `w${String(number)}`, name: `Workspace ${String(number)}`, agencyId: 'a', provider: 'calendly', state: 'fresh', pausedBy: null, hasCredential: false,
    errorKind: null, lastError: null, isUntried: false, succeededAt: ageMs === null ? null : NOW - ageMs, ...rest,
  };
}
const of = (...workspaces: Standing[]) => freshnessOf({ workspaces, now: NOW }, LIMIT_MS);

it('shares are of those that should be fresh: paused ones and those that need a person are told apart', () => {
  const freshness = of(
    standing({}), standing({ ageMs: 60_000 }), standing({ ageMs: 200_000, state: 'stale' }), standing({ ageMs: 600_000, state: 'stale' }),
    standing({ ageMs: 1_000_000, state: 'unavailable' }), standing({ ageMs: null, state: 'unavailable' }),
    standing({ state: 'paused', pausedBy: 'agency', ageMs: 9_000_000 }), standing({ state: 'misconfigured', errorKind: 'not_found', ageMs: 9_000_000 }),
  );
  expect(freshness).toMatchObject({ workspaces: 8, counted: 6, within1Min: 2, within5Min: 3, withinLimit: 4, overLimit: 1, neverRead: 1, oldest: { ageMs: 1_000_000 } });
});

it('every calendar that is not fresh stands under one cause, the unusable ones first', () => {
  const freshness = of(
    standing({}), standing({ state: 'paused', errorKind: 'timeout' }),
    standing({ ageMs: 400_000, state: 'stale', errorKind: 'timeout' }), standing({ ageMs: 350_000, state: 'stale' }),
    standing({ state: 'misconfigured', errorKind: 'not_found', agencyId: 'b', lastError: 'gone' }), standing({ state: 'misconfigured', errorKind: 'not_found', agencyId: 'b' }), standing({ state: 'misconfigured', errorKind: 'not_found' }),
    standing({ state: 'misconfigured', provider: null, ageMs: null }), standing({ state: 'unavailable', ageMs: null, isUntried: true }),
  );
  expect(freshness.causes.map(({ kind, count, needsPerson }) => [kind, count, needsPerson])).toEqual([
    ['not_found', 3, true], ['no_link', 1, true], ['not_read_yet', 1, false], ['timeout', 1, false], ['behind', 1, false],
  ]);
  expect(freshness.causes[0]).toMatchObject({ agencies: [{ agencyId: 'b', count: 2 }, { agencyId: 'a', count: 1 }], example: { message: 'gone' }, providers: ['calendly'] });
});

it('a calendar that fails and was read within five minutes is no cause for concern yet', () => {
  expect(of(standing({ ageMs: 200_000, state: 'stale', errorKind: 'timeout' })).causes).toEqual([]);
});

it('agencies stand in the order of how far behind they are; one with a calendar that was never read is the furthest', () => {
  const freshness = of(
    standing({ agencyId: 'near' }), standing({ agencyId: 'far', ageMs: 800_000, state: 'stale' }), standing({ agencyId: 'never', ageMs: null, state: 'unavailable' }),
    standing({ agencyId: 'off', state: 'paused', ageMs: 5_000_000 }), standing({ agencyId: 'far' }),
  );
  expect(freshness.agencies.map(({ agencyId, counted, behind }) => [agencyId, counted, behind])).toEqual([['never', 1, 1], ['far', 2, 1], ['near', 1, 0], ['off', 0, 0]]);
});

it('nothing is not a hundred per cent of something', () => {
  expect(of()).toMatchObject({ workspaces: 0, counted: 0, oldest: null, medianAgeMs: null, causes: [], agencies: [] });
});
