import { describe, expect, it } from 'vitest';
import { orderOf } from '@/lib/first-touch/order';

const workspace = (workspaceId: string, agencyId: string | null, visitedAt: number | null) => ({ workspaceId, agencyId, visitedAt });
const idsOf = (workspaces: Parameters<typeof orderOf>[0]): string => orderOf(workspaces).map(({ workspaceId }) => workspaceId).join(' ');

describe('the order of a run', () => {
  it('agencies take turns, however many workspaces they have', () => {
    expect(idsOf([workspace('a1', 'a', null), workspace('a2', 'a', null), workspace('a3', 'a', null), workspace('b1', 'b', null)])).toBe('a1 b1 a2 a3');
  });

  it('the agency whose last turn is longest ago begins, and within one who was visited longest ago', () => {
    expect(idsOf([workspace('a1', 'a', 5), workspace('a2', 'a', 9), workspace('b1', 'b', 7), workspace('b2', 'b', null), workspace('c1', 'c', null)])).toBe('c1 b2 a1 b1 a2');
  });

  it('a workspace without an agency is one of its own', () => {
    expect(idsOf([workspace('x', null, null), workspace('y', null, null), workspace('a1', 'a', null), workspace('a2', 'a', null)])).toBe('a1 x y a2');
  });
});
