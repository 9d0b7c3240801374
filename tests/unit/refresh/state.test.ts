import { describe, expect, it } from 'vitest';
import { isUsable, stateOf, type StateFacts, type WorkspaceState } from '@/lib/refresh/state';

const NOW = Date.UTC(2026, 10, 23, 12, 0);
const MAX_AGE_MS = 900_000;

const FRESH: StateFacts = {
  isPaused: false, hasLink: true, fingerprint: 'fp', attemptFingerprint: 'fp', actionRequired: false, errorKind: null, lastError: null,
  succeededAt: NOW - 1_000, staleAt: NOW + 59_000, slotsFingerprint: 'fp', storedCount: 3,
};

describe('the state of a workspace is the first that holds', () => {
  // Each case also has everything that stands below it in the table, which must not show.
  const misconfigured: Partial<StateFacts> = { actionRequired: true, errorKind: 'not_found', lastError: 'No such page. Set another link.' };
  const old: Partial<StateFacts> = { succeededAt: NOW - MAX_AGE_MS - 1, staleAt: NOW - MAX_AGE_MS };
  const empty: Partial<StateFacts> = { storedCount: 0 };
  const stale: Partial<StateFacts> = { staleAt: NOW };

  it.each<[string, Partial<StateFacts>, WorkspaceState, RegExp | undefined]>([
    ['paused, whatever else', { isPaused: true, hasLink: false, fingerprint: null, ...misconfigured, ...old, ...empty }, 'paused', /paused/],
    ['no link', { hasLink: false, fingerprint: null, ...misconfigured, ...old, ...empty }, 'misconfigured', /no default calendar link/],
    ['a person must act', { ...misconfigured, ...old, ...empty }, 'misconfigured', /No such page\. Set another link\./],
    ['a person must act, though slots are young', misconfigured, 'misconfigured', /No such page/],
    ['a person must act, without a sentence', { actionRequired: true, errorKind: 'not_found' }, 'misconfigured', /not_found/],
    ['a person had to act on another configuration', { ...misconfigured, attemptFingerprint: 'old', slotsFingerprint: 'old' }, 'unavailable', /configuration changed/],
    ['never succeeded', { succeededAt: null, staleAt: null, slotsFingerprint: null, storedCount: 0, lastError: 'Timeout.', errorKind: 'timeout' }, 'unavailable', /not been read successfully yet\. Last error: Timeout\./],
    ['never attempted', { succeededAt: null, staleAt: null, slotsFingerprint: null, storedCount: 0, attemptFingerprint: null }, 'unavailable', /not been read successfully yet\.$/],
    ['slots of another configuration', { slotsFingerprint: 'old', ...empty }, 'unavailable', /configuration changed/],
    ['older than the limit, even if empty', { ...old, ...empty }, 'unavailable', /15 min old/],
    ['exactly at the limit', { succeededAt: NOW - MAX_AGE_MS, ...stale }, 'stale', undefined],
    ['empty and stale', { ...empty, ...stale }, 'empty', /says that no time is open/],
    ['empty, and a failure since', { ...empty, errorKind: 'timeout', lastError: 'Timeout.' }, 'empty', /says that no time is open/],
    ['at staleAt', stale, 'stale', undefined],
    ['just before staleAt', { staleAt: NOW + 1 }, 'fresh', undefined],
    ['a failure since, slots young', { errorKind: 'timeout', lastError: 'Timeout.' }, 'fresh', undefined],
    ['attempted for another configuration since, which was put back', { attemptFingerprint: 'other', ...misconfigured }, 'fresh', undefined],
    ['all well', {}, 'fresh', undefined],
  ])('%s', (_name, over, state, reason) => {
    const verdict = stateOf({ ...FRESH, ...over }, NOW, MAX_AGE_MS);
    expect(verdict.state).toBe(state);
    if (reason) expect(verdict.reason).toMatch(reason);
    else expect(verdict).not.toHaveProperty('reason');
  });

  it('is usable when fresh or stale, and in no other case', () => {
    const states: WorkspaceState[] = ['paused', 'misconfigured', 'unavailable', 'empty', 'stale', 'fresh'];
    expect(states.filter(isUsable)).toEqual(['stale', 'fresh']);
  });

  it('does not know a clock that is behind the last success as an age', () => {
    expect(stateOf({ ...FRESH, succeededAt: NOW + 600_000, staleAt: NOW + 660_000 }, NOW, MAX_AGE_MS).state).toBe('fresh');
  });
});
