/** Fair order over owners of work. Pure. */

export interface Turns<T> {
  /** Whose turn an item takes. */
  keyOf: (item: T) => string;
  /** When an owner last had a turn; undefined: never, which comes first. */
  lastTurnOf: (key: string) => number | undefined;
  /** Order of one owner's items. */
  compare: (a: T, b: T) => number;
}

/**
 * One item of each owner, then a second of each that has one, and so on: in every prefix two owners that both
 * still have work differ by at most one. Who had a turn longest ago begins.
 */
export function roundRobin<T>(items: readonly T[], { keyOf, lastTurnOf, compare }: Turns<T>): T[] {
  const queues = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const queue = queues.get(key);
    if (queue) queue.push(item);
    else queues.set(key, [item]);
  }
  for (const queue of queues.values()) queue.sort(compare);
  let turn = [...queues.entries()]
    .sort(([a], [b]) => (lastTurnOf(a) ?? -Infinity) - (lastTurnOf(b) ?? -Infinity) || compareText(a, b))
    .map(([, queue]) => queue);

  const ordered: T[] = [];
  for (let round = 0; turn.length > 0; round++) {
    const withMore: T[][] = [];
    for (const queue of turn) {
      const item = queue[round];
      if (item !== undefined) ordered.push(item);
      if (queue.length > round + 1) withMore.push(queue);
    }
    turn = withMore;
  }
  return ordered;
}

/** By code unit: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
