import { describe, expect, it } from 'vitest';
import { knownMeta } from '@/lib/refresh/known-meta';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const HOUR_MS = 3_600_000;
const known = (fingerprint: string, ageMs: number, slotsFingerprint = fingerprint) =>
  knownMeta({ fingerprint, stored: { slotCount: 0, slotsFingerprint, meta: { resolvedId: 'x', resolvedAt: NOW - ageMs } } }, NOW);

describe('what is known of a link', () => {
  it('is used for some hours, and not at the same time for all', () => {
    expect(known('0000aa', 3 * HOUR_MS - 1)).toMatchObject({ resolvedId: 'x' });
    expect(known('0000aa', 3 * HOUR_MS)).toBeUndefined();
    expect(known('ffffaa', 8.99 * HOUR_MS)).toMatchObject({ resolvedId: 'x' });
    expect(known('ffffaa', 9 * HOUR_MS)).toBeUndefined();
  });

  it('is not used for another configuration', () => {
    expect(known('0000aa', 0, '0000bb')).toBeUndefined();
  });

  it('is not used when it does not say how old it is', () => {
    expect(knownMeta({ fingerprint: 'aa', stored: { slotCount: 0, slotsFingerprint: 'aa', meta: { resolvedId: 'x' } } }, NOW)).toBeUndefined();
    expect(knownMeta({ fingerprint: 'aa', stored: null }, NOW)).toBeUndefined();
  });
});
