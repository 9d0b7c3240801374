import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agencyKeyOf, lastTurnsOf, orderFairly, standingOf } from '@/lib/refresh/order';
import type { WorkItem } from '@/lib/refresh/types';
import { factsOf, itemOf } from './facts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const idsOf = (items: WorkItem[]): string[] => items.map((item) => item.workspaceId);
const ordered = (items: WorkItem[]): WorkItem[] => orderFairly(items, lastTurnsOf(items.map((item) => ({ ...item, paused: false }))));

describe('the standing of a workspace', () => {
  it.each([
    ['paused before anything else', factsOf({ paused: true, link: null }), 'all', { kind: 'skip', reason: 'paused' }],
    ['not configured without a link', factsOf({ link: null }), 'all', { kind: 'skip', reason: 'notConfigured' }],
    ['claimed while another refreshes it', factsOf({ status: { refreshingUntil: NOW + 1 } }), 'all', { kind: 'skip', reason: 'claimed' }],
    ['work when the claim has ended', factsOf({ status: { refreshingUntil: NOW } }), 'all', { kind: 'work' }],
    ['in backoff until its retry time', factsOf({ status: { attemptFingerprint: 'fp', fetchedAt: 1, retryAt: NOW + 1 } }), 'all', { kind: 'skip', reason: 'backoff' }],
    ['work at its retry time', factsOf({ status: { attemptFingerprint: 'fp', fetchedAt: 1, retryAt: NOW } }), 'all', { kind: 'work' }],
    ['work at once after a change of configuration', factsOf({ status: { attemptFingerprint: 'old', fetchedAt: 1, retryAt: NOW + 1 } }), 'all', { kind: 'work' }],
    ['work in mode=all though fresh', factsOf({ status: { attemptFingerprint: 'fp', fetchedAt: 1, staleAt: NOW + 1 } }), 'all', { kind: 'work' }],
    ['not due in mode=due while fresh', factsOf({ status: { attemptFingerprint: 'fp', fetchedAt: 1, staleAt: NOW + 1 } }), 'due', { kind: 'notDue' }],
    ['due when stale', factsOf({ status: { attemptFingerprint: 'fp', fetchedAt: 1, staleAt: NOW } }), 'due', { kind: 'work' }],
    ['due when never attempted', factsOf(), 'due', { kind: 'work' }],
    ['due when fresh but reconfigured', factsOf({ status: { attemptFingerprint: 'old', fetchedAt: 1, staleAt: NOW + 1 } }), 'due', { kind: 'work' }],
  ] as const)('is %s', (_name, facts, mode, standing) => {
    expect(standingOf(facts, mode, NOW)).toEqual(standing);
  });
});

describe('the order', () => {
  it('takes, within an agency, changed configuration, then never attempted, then the oldest attempt', () => {
    const items = [
      itemOf({ workspaceId: 'newer', status: { fetchedAt: 200, attemptFingerprint: 'fp' } }),
      itemOf({ workspaceId: 'never' }),
      itemOf({ workspaceId: 'older', status: { fetchedAt: 100, attemptFingerprint: 'fp' } }),
      itemOf({ workspaceId: 'changed', status: { fetchedAt: 300, attemptFingerprint: 'before' } }),
    ];
    expect(idsOf(ordered(items))).toEqual(['changed', 'never', 'older', 'newer']);
  });

  it('gives the turn to the agency whose last one is longest ago, not to the one with the oldest workspace', () => {
    const at = (workspaceId: string, agencyId: string, fetchedAt: number): WorkItem =>
      itemOf({ workspaceId, agencyId, status: { fetchedAt, attemptFingerprint: 'fp' } });
    const large = [at('l1', 'large', 10), at('l2', 'large', 500)];
    const small = [at('s1', 'small', 400)];
    expect(idsOf(ordered([...large, ...small]))).toEqual(['s1', 'l1', 'l2']);
  });

  it('counts an agency\'s turn also by workspaces that are not due', () => {
    const items = [itemOf({ workspaceId: 'x', agencyId: 'a', status: { fetchedAt: 1, attemptFingerprint: 'fp' } }), itemOf({ workspaceId: 'y', agencyId: 'b', status: { fetchedAt: 2, attemptFingerprint: 'fp' } })];
    expect(idsOf(orderFairly(items, new Map([['agency:a', 900], ['agency:b', 2]])))).toEqual(['y', 'x']);
  });

  it('treats a workspace without an agency as an agency of its own, whatever its id is', () => {
    expect(agencyKeyOf({ agencyId: null, workspaceId: 'a1' })).not.toBe(agencyKeyOf({ agencyId: 'a1', workspaceId: 'z' }));
  });

  const population = fc.array(
    fc.record({
      agency: fc.integer({ min: 0, max: 7 }),
      fetchedAt: fc.option(fc.integer({ min: 1, max: 50 }), { nil: null }),
      isChanged: fc.boolean(),
    }),
    { maxLength: 60 },
  ).map((rows) => rows.map(({ agency, fetchedAt, isChanged }, index) =>
    itemOf({ workspaceId: `w${index}`, agencyId: agency === 7 ? null : `a${agency}`, status: { fetchedAt, attemptFingerprint: isChanged ? 'before' : 'fp' } })));

  it('keeps every workspace, once, and lets agencies with work left differ by at most one in every prefix', () => {
    fc.assert(fc.property(population, (items) => {
      const result = ordered(items);
      expect(new Set(idsOf(result))).toEqual(new Set(idsOf(items)));
      expect(result).toHaveLength(items.length);
      const total = new Map<string, number>();
      for (const item of items) total.set(agencyKeyOf(item), (total.get(agencyKeyOf(item)) ?? 0) + 1);
      const served = new Map<string, number>([...total.keys()].map((key) => [key, 0]));
      for (const item of result) {
        served.set(agencyKeyOf(item), (served.get(agencyKeyOf(item)) ?? 0) + 1);
        const counts = [...served].filter(([key, n]) => n < (total.get(key) ?? 0)).map(([, n]) => n);
        const isFinished = [...served].filter(([key, n]) => n === total.get(key)).map(([, n]) => n);
        // An agency that has run out may be behind; none that has work may be ahead of another with work by more than one.
        if (counts.length > 0) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        for (const n of isFinished) if (counts.length > 0) expect(n - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }));
  });

  it('does not depend on the order that the database gives', () => {
    fc.assert(fc.property(population, fc.infiniteStream(fc.nat()), (items, noise) => {
      const shuffled = items.map((item) => ({ item, key: Number(noise.next().value) })).sort((a, b) => a.key - b.key).map(({ item }) => item);
      expect(idsOf(ordered(shuffled))).toEqual(idsOf(ordered(items)));
    }));
  });

  it('holds the bound on waiting, 2·W·A/B + 1 runs, over cut-off runs with more agencies than attempts too', () => {
    fc.assert(fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 30 }), fc.boolean(),
      (sizes, attempts, interleaved) => {
        const items = sizes.flatMap((size, agency) => Array.from({ length: size }, (_, i) => itemOf({ workspaceId: `a${agency}-${i}`, agencyId: `a${agency}` })));
        if (interleaved) items.reverse();
        const waited = new Map(items.map((item) => [item.workspaceId, 0]));
        let clock = 1;
        for (let run = 0; run < 60; run++) {
          const served = new Set(idsOf(ordered(items).filter((_, index) => index < attempts)));
          for (const item of ordered(items)) {
            const wait = served.has(item.workspaceId) ? 0 : (waited.get(item.workspaceId) ?? 0) + 1;
            waited.set(item.workspaceId, wait);
            const size = sizes[Number(/\d+/.exec(item.agencyId ?? '')?.[0])] ?? 0;
            expect(wait).toBeLessThanOrEqual(Math.ceil((2 * size * sizes.length) / attempts) + 1);
          }
          for (const item of ordered(items)) {
            if (served.has(item.workspaceId)) item.status = { ...item.status, fetchedAt: clock++, attemptFingerprint: item.fingerprint };
          }
        }
      },
    ), { numRuns: 60 });
  });
});
