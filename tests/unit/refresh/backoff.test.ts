import { describe, expect, it } from 'vitest';
import { ALL_ERROR_KINDS, ERROR_KINDS, type ErrorKind } from '@/lib/providers/errors';
import { decideFailure, shouldRespectBackoff, type FailureFacts } from '@/lib/refresh/backoff';

const NOW = Date.UTC(2026, 10, 23, 12, 0);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SETTINGS = { ttlMs: MINUTE_MS, maxAgeMs: 15 * MINUTE_MS };
const CAP_MS = SETTINGS.maxAgeMs / 3;
const ALMOST_ONE = 1 - Number.EPSILON;

const SOON = ALL_ERROR_KINDS.filter((kind) => ERROR_KINDS[kind].retry === 'soon');
const PERSON = ALL_ERROR_KINDS.filter((kind) => ERROR_KINDS[kind].retry === 'person');
const MAYBE_PASSING: ErrorKind[] = ['unauthorized', 'not_found'];

function facts(over: Partial<FailureFacts> & { failuresBefore?: number; errorBefore?: ErrorKind | null } = {}): FailureFacts {
  const { failuresBefore = 0, errorBefore = null, ...rest } = over;
  return {
    errorKind: 'server_error', retryAfterMs: undefined, fingerprint: 'fp', hasSucceeded: true, breakerOpen: false,
    status: { consecutiveFailures: failuresBefore, errorKind: errorBefore, attemptFingerprint: 'fp' },
    ...rest,
  };
}

const waitOf = (over: Parameters<typeof facts>[0], random: number, settings = SETTINGS): number => decideFailure(facts(over), settings, NOW, random).retryAt - NOW;

describe('the wait after a failure that passes', () => {
  it.each([
    [0, MINUTE_MS], [1, 2 * MINUTE_MS], [2, 4 * MINUTE_MS], [3, CAP_MS], [10, CAP_MS], [1_000_000, CAP_MS],
  ])('after %i failures before is anywhere from nothing to %i ms', (failuresBefore, ceilingMs) => {
    for (const errorKind of SOON.filter((kind) => kind !== 'forbidden')) {
      expect(waitOf({ errorKind, failuresBefore }, 0)).toBe(0);
      expect(waitOf({ errorKind, failuresBefore }, 0.5)).toBe(ceilingMs / 2);
      expect(waitOf({ errorKind, failuresBefore }, ALMOST_ONE)).toBeCloseTo(ceilingMs, 3);
    }
  });

  it.each([[0, MINUTE_MS, 2 * MINUTE_MS], [1, 2 * MINUTE_MS, 4 * MINUTE_MS], [2, CAP_MS / 2, CAP_MS]])(
    'at a bot wall is minutes, never nothing (%i failures before)', (failuresBefore, leastMs, mostMs) => {
      expect(waitOf({ errorKind: 'forbidden', failuresBefore }, 0)).toBe(leastMs);
      expect(waitOf({ errorKind: 'forbidden', failuresBefore }, ALMOST_ONE)).toBeCloseTo(mostMs, 3);
    });

  it.each([
    [{ ttlMs: 10_000, maxAgeMs: 15 * MINUTE_MS }, 10_000],
    [{ ttlMs: 5 * MINUTE_MS, maxAgeMs: 15 * MINUTE_MS }, MINUTE_MS],
    [{ ttlMs: 60_000, maxAgeMs: 120_000 }, 40_000],
  ])('begins at the lesser of TTL and a minute, within a third of the age limit: %o', (settings, mostMs) => {
    expect(waitOf({}, ALMOST_ONE, settings)).toBeCloseTo(mostMs, 3);
  });

  it('is never beyond a third of the age limit unless the provider asks for it, so that a recovered calendar does not become unavailable', () => {
    for (const errorKind of SOON) {
      for (let failuresBefore = 0; failuresBefore < 40; failuresBefore++) {
        for (const maxAgeMs of [2 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS]) {
          expect(waitOf({ errorKind, failuresBefore }, ALMOST_ONE, { ttlMs: MINUTE_MS, maxAgeMs })).toBeLessThanOrEqual(maxAgeMs / 3);
        }
      }
    }
  });

  it('starts anew with a changed configuration', () => {
    const status = { consecutiveFailures: 9, errorKind: 'timeout' as const, attemptFingerprint: 'old' };
    expect(waitOf({ status }, ALMOST_ONE)).toBeCloseTo(MINUTE_MS, 3);
  });
});

describe('what the provider asks for', () => {
  it.each(ALL_ERROR_KINDS)('is never undercut: %s', (errorKind) => {
    for (const retryAfterMs of [1, 90_000, CAP_MS + 1, 24 * HOUR_MS]) {
      for (const random of [0, 0.5, ALMOST_ONE]) {
        for (const errorBefore of [null, errorKind]) {
          expect(waitOf({ errorKind, errorBefore, retryAfterMs }, random)).toBeGreaterThanOrEqual(retryAfterMs);
        }
      }
    }
  });
  it('does not shorten our own wait', () => {
    expect(waitOf({ retryAfterMs: 1, failuresBefore: 2 }, 0.5)).toBe(2 * MINUTE_MS);
  });
});

describe('a failure that a person must end', () => {
  it.each(PERSON.filter((kind) => !MAYBE_PASSING.includes(kind)))('%s is so at once, and looked at again in hours', (errorKind) => {
    expect(decideFailure(facts({ errorKind }), SETTINGS, NOW, 0)).toMatchObject({ actionRequired: true, retryAt: NOW + HOUR_MS / 2 });
    expect(waitOf({ errorKind, failuresBefore: 20 }, ALMOST_ONE)).toBeCloseTo(12 * HOUR_MS, 3);
  });

  it.each<[ErrorKind, string, Partial<FailureFacts> & { errorBefore?: ErrorKind; failuresBefore?: number }, boolean]>(MAYBE_PASSING.flatMap((kind) => [
    [kind, 'never succeeded', { hasSucceeded: false }, true],
    [kind, 'the first after a success', {}, false],
    [kind, 'the first after a success and a timeout', { errorBefore: 'timeout', failuresBefore: 3 }, false],
    [kind, 'the second in a row', { errorBefore: kind, failuresBefore: 1 }, true],
    [kind, 'the second in a row, of the other kind', { errorBefore: kind === 'unauthorized' ? 'not_found' : 'unauthorized', failuresBefore: 1 }, true],
    [kind, 'the second in a row, but of another configuration',
      { status: { consecutiveFailures: 1, errorKind: kind, attemptFingerprint: 'old' } }, false],
  ]))('%s, %s', (errorKind, _name, over, actionRequired) => {
    const decision = decideFailure(facts({ errorKind, ...over }), SETTINGS, NOW, 0);
    expect(decision.actionRequired).toBe(actionRequired);
    if (!actionRequired) expect(decision.retryAt).toBe(NOW + SETTINGS.ttlMs);
    else expect(decision.retryAt).toBeGreaterThanOrEqual(NOW + HOUR_MS / 2);
  });
});

describe('an open breaker', () => {
  it.each(ALL_ERROR_KINDS)('keeps a failure from counting up: %s', (errorKind) => {
    expect(decideFailure(facts({ errorKind, breakerOpen: true }), SETTINGS, NOW, 0).countsUp).toBe(false);
    expect(decideFailure(facts({ errorKind }), SETTINGS, NOW, 0).countsUp).toBe(true);
  });
});

describe('shouldRespectBackoff', () => {
  it.each<[string, Parameters<typeof shouldRespectBackoff>[0], boolean]>([
    ['no retry time', { retryAt: null }, false],
    ['one in the future', { retryAt: NOW + 1 }, true],
    ['one that is now', { retryAt: NOW }, false],
    ['one in the past', { retryAt: NOW - 1 }, false],
    ['a date', { retryAt: new Date(NOW + 1) }, true],
    ['for the same configuration', { retryAt: NOW + 1, attemptFingerprint: 'a', configuredFingerprint: 'a' }, true],
    ['for another configuration', { retryAt: NOW + HOUR_MS, attemptFingerprint: 'a', configuredFingerprint: 'b' }, false],
    ['nothing was attempted', { retryAt: NOW + 1, attemptFingerprint: null, configuredFingerprint: 'b' }, true],
    ['nothing is configured', { retryAt: NOW + 1, attemptFingerprint: 'a', configuredFingerprint: null }, true],
  ])('%s', (_name, status, expected) => {
    expect(shouldRespectBackoff(status, NOW)).toBe(expected);
    expect(shouldRespectBackoff(status, new Date(NOW))).toBe(expected);
  });
});
