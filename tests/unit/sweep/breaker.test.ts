import { describe, expect, it } from 'vitest';
import { Breakers, type BreakerEvent } from '@/lib/refresh/breaker';
import type { ErrorKind } from '@/lib/providers/errors';

const CAP_MS = 300_000;
const HOST = 'calendly.com';
const failure = (errorKind: ErrorKind, over: { retryAfterMs?: number; hasCredential?: boolean } = {}): BreakerEvent =>
  ({ kind: 'failure', errorKind, retryAfterMs: undefined, hasCredential: false, ...over });

function breakers(facts: { openUntil: number | null; opens: number } = { openUntil: null, opens: 0 }) {
  const time = { now: 1_000_000 };
  const all = new Breakers([{ host: HOST, concurrency: null, ...facts }], CAP_MS, () => time.now);
  const fail = (times: number, kind: ErrorKind = 'server_error'): void => { for (let i = 0; i < times; i++) all.record(HOST, failure(kind)); };
  return { all, time, fail };
}

describe('a breaker', () => {
  it('opens after ten failures in a row, for its host alone', () => {
    const { all, fail } = breakers();
    fail(9);
    expect(all.isOpen(HOST)).toBe(false);
    fail(1);
    expect(all.isOpen(HOST)).toBe(true);
    expect(all.isOpen('api.hubspot.com')).toBe(false);
  });

  it('starts to count again after a success', () => {
    const { all, fail } = breakers();
    fail(9);
    all.record(HOST, { kind: 'success' });
    fail(9);
    expect(all.isOpen(HOST)).toBe(false);
  });

  it.each(['unauthorized', 'not_found', 'ambiguous_link', 'rejected_request', 'internal_error'] as const)('is not moved by %s, which is one workspace\'s', (kind) => {
    const { all, fail } = breakers();
    fail(50, kind);
    expect(all.isOpen(HOST)).toBe(false);
  });

  it('closes a public host for the time that a 429 gives, and not for a credential\'s own 429', () => {
    const { all, time } = breakers();
    all.record(HOST, failure('rate_limited', { retryAfterMs: 42_000, hasCredential: true }));
    expect(all.isOpen(HOST)).toBe(false);
    all.record(HOST, failure('rate_limited', { retryAfterMs: 42_000 }));
    expect(all.opensAgainAt(HOST)).toBe(time.now + 42_000);
    time.now += 42_000;
    expect(all.isOpen(HOST)).toBe(false);
  });

  it('probes after its time; a success closes it, a failure opens it for twice as long, up to the cap', () => {
    const { all, time, fail } = breakers();
    fail(10);
    const lengths: number[] = [];
    for (let i = 0; i < 8; i++) {
      const until = all.opensAgainAt(HOST) ?? 0;
      lengths.push(until - time.now);
      time.now = until;
      expect(all.isProbing(HOST)).toBe(true);
      fail(1);
    }
    expect(lengths).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, CAP_MS, CAP_MS, CAP_MS]);
    time.now = all.opensAgainAt(HOST) ?? 0;
    all.record(HOST, { kind: 'success' });
    expect(all.isProbing(HOST)).toBe(false);
    expect([...all.closed()]).toEqual([HOST]);
    expect(all.changed()).toMatchObject([{ host: HOST, state: { openUntil: null, opens: 0 } }]);
  });

  it('is not closed early by a success that began before it opened', () => {
    const { all, fail } = breakers();
    fail(10);
    all.record(HOST, { kind: 'success' });
    expect(all.isOpen(HOST)).toBe(true);
  });

  it('goes on from what another process stored', () => {
    const { all, time } = breakers({ openUntil: 1_000_500, opens: 2 });
    expect(all.isOpen(HOST)).toBe(true);
    time.now = 1_000_500;
    expect(all.isProbing(HOST)).toBe(true);
    expect(all.changed()).toEqual([]);
  });
});
