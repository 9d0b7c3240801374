/**
 * The engine of today: runs work items in one process, in their order, until the run's end.
 *
 * Every host is a lane with a limit of its own, so a slow provider does not hold the others up; among lanes
 * with room the earliest item in the order goes first. An item that is slow beyond `parkAfterMs` stops
 * counting against its lane (up to `maxParked` of them): otherwise as many hanging calendars as there are
 * places would keep every healthy one waiting until their deadlines.
 */
export interface PoolItem {
  /** Epoch milliseconds before which it must not start; null: at once. */
  notBefore: number | null;
}

export interface PoolOptions<T extends PoolItem> {
  items: readonly T[];
  laneOf: (item: T) => string;
  /** Places of a lane at this moment. */
  limitOf: (lane: string) => number;
  /** Places of all lanes together; undefined: the lanes' limits are the only ones. */
  maxInFlight: number | undefined;
  /** Epoch milliseconds from which a lane may be used; null: now. */
  closedUntil: (lane: string) => number | null;
  /** Asked when an item's turn has come: epoch milliseconds before which it must not start after all; null: now. */
  heldUntil?: (item: T) => number | null;
  /**
   * Does one item and settles; never rejects. `again`: to be done once more later in this run, as `retry`;
   * where that is not possible any more `giveUp` is called instead.
   */
  work: (item: T, options: { isRetry: boolean }) => Promise<'done' | 'again'>;
  giveUp: (item: T) => void;
  now: () => number;
  /** End of starting, epoch milliseconds by `now`; what waits beyond is not started. */
  endsAt: number;
  signal: AbortSignal;
  parkAfterMs: number;
  maxParked: number;
}

export interface PoolReport<T> {
  /** Held back by a closed lane. */
  closedOut: T[];
  /** Held back by `notBefore` or `heldUntil`. */
  tooLate: T[];
  /** The run ended first. */
  notReached: T[];
}

interface Queued<T> {
  item: T;
  index: number;
  isRetry: boolean;
  /** Epoch milliseconds; of those that wait in `later`. */
  readyAt: number;
}

interface Lane<T> {
  name: string;
  queue: Queued<T>[];
  /** Position in `queue`; the array is not shifted. */
  head: number;
  /** Retries, behind everything else. */
  retries: Queued<T>[];
  inFlight: number;
}

export async function runPool<T extends PoolItem>(options: PoolOptions<T>): Promise<PoolReport<T>> {
  const { laneOf, limitOf, closedUntil, now, endsAt, signal } = options;
  const lanes = new Map<string, Lane<T>>();
  const later: Queued<T>[] = [];
  const report: PoolReport<T> = { closedOut: [], tooLate: [], notReached: [] };
  let inFlight = 0;
  let running = 0;
  let parked = 0;
  let wake: NodeJS.Timeout | undefined;

  const laneFor = (item: T): Lane<T> => {
    const name = laneOf(item);
    let lane = lanes.get(name);
    if (!lane) lanes.set(name, (lane = { name, queue: [], head: 0, retries: [], inFlight: 0 }));
    return lane;
  };
  options.items.forEach((item, index) => {
    const queued = { item, index, isRetry: false, readyAt: item.notBefore ?? 0 };
    if (item.notBefore === null || item.notBefore <= now()) laneFor(item).queue.push(queued);
    else if (item.notBefore >= endsAt) report.tooLate.push(item);
    else later.push(queued);
  });
  later.sort(compareLater);

  return await new Promise((resolve) => {
    const headOf = (lane: Lane<T>): Queued<T> | undefined => lane.queue[lane.head] ?? lane.retries[0];

    const start = (lane: Lane<T>, queued: Queued<T>): void => {
      if (queued.isRetry) lane.retries.shift();
      else lane.head++;
      lane.inFlight++;
      inFlight++;
      running++;
      let holdsPlace = true;
      let isParked = false;
      const freePlace = (): void => {
        if (!holdsPlace) return;
        holdsPlace = false;
        lane.inFlight--;
        inFlight--;
      };
      const parkTimer = setTimeout(() => {
        if (parked >= options.maxParked) return;
        parked++;
        isParked = true;
        freePlace();
        pump();
      }, options.parkAfterMs);
      void options.work(queued.item, { isRetry: queued.isRetry }).then((outcome) => {
        clearTimeout(parkTimer);
        freePlace();
        if (isParked) parked--;
        running--;
        if (outcome === 'again') {
          if (signal.aborted || closedUntil(lane.name) !== null) options.giveUp(queued.item);
          else lane.retries.push({ ...queued, isRetry: true });
        }
        pump();
      });
    };

    /** Its turn has come, and it may not start yet: it makes room for the next. */
    const hold = (lane: Lane<T>, queued: Queued<T>, readyAt: number): void => {
      if (queued.isRetry) lane.retries.shift();
      else lane.head++;
      if (readyAt < endsAt) {
        const held = { ...queued, readyAt };
        const at = later.findLastIndex((other) => compareLater(other, held) < 0);
        later.splice(at + 1, 0, held);
      } else if (queued.isRetry) options.giveUp(queued.item);
      else report.tooLate.push(queued.item);
    };

    const releaseLater = (): void => {
      for (let next = later.at(-1); next && next.readyAt <= now(); next = later.at(-1)) {
        later.pop();
        const lane = laneFor(next.item);
        (next.isRetry ? lane.retries : lane.queue).push(next);
      }
    };

    /** The earliest item among the lanes that have room; fills `wakeAt` with when a closed lane opens. */
    const next = (): { lane: Lane<T> | undefined; wakeAt: number } => {
      let best: Lane<T> | undefined;
      let bestRank = Infinity;
      let wakeAt = later.at(-1)?.readyAt ?? Infinity;
      for (const lane of lanes.values()) {
        const head = headOf(lane);
        if (!head || lane.inFlight >= limitOf(lane.name)) continue;
        const closed = closedUntil(lane.name);
        if (closed !== null) {
          wakeAt = Math.min(wakeAt, closed);
          continue;
        }
        // Retries come after every first try.
        const rank = head.isRetry ? options.items.length + head.index : head.index;
        if (rank < bestRank) {
          bestRank = rank;
          best = lane;
        }
      }
      return { lane: best, wakeAt };
    };

    const dropClosedLanes = (): void => {
      for (const lane of lanes.values()) {
        const closed = closedUntil(lane.name);
        if (closed === null || closed < endsAt) continue;
        for (; lane.head < lane.queue.length; lane.head++) {
          const queued = lane.queue[lane.head];
          if (queued) report.closedOut.push(queued.item);
        }
        for (const queued of lane.retries.splice(0)) options.giveUp(queued.item);
      }
    };

    const finish = (): void => {
      clearTimeout(wake);
      signal.removeEventListener('abort', pump);
      for (const lane of lanes.values()) {
        for (const queued of lane.queue.splice(lane.head)) report.notReached.push(queued.item);
        for (const queued of lane.retries.splice(0)) options.giveUp(queued.item);
      }
      for (const queued of later.splice(0)) {
        if (queued.isRetry) options.giveUp(queued.item);
        else report.notReached.push(queued.item);
      }
      resolve(report);
    };

    const pump = (): void => {
      clearTimeout(wake);
      if (!signal.aborted) {
        releaseLater();
        dropClosedLanes();
        for (;;) {
          if (options.maxInFlight !== undefined && inFlight >= options.maxInFlight) break;
          const { lane, wakeAt } = next();
          const head = lane && headOf(lane);
          if (!lane || !head) {
            if (wakeAt !== Infinity) wake = setTimeout(pump, Math.max(1, Math.min(wakeAt, endsAt) - now()));
            break;
          }
          const heldUntil = options.heldUntil?.(head.item) ?? null;
          if (heldUntil !== null && heldUntil > now()) hold(lane, head, heldUntil);
          else start(lane, head);
        }
        const hasWaiting = later.length > 0 || [...lanes.values()].some((lane) => headOf(lane) !== undefined);
        if (hasWaiting) return;
      }
      if (running === 0) finish();
    };

    signal.addEventListener('abort', pump);
    pump();
  });
}

/** The soonest last; of those ready at once the first in order. */
function compareLater(a: { readyAt: number; index: number }, b: { readyAt: number; index: number }): number {
  return b.readyAt - a.readyAt || b.index - a.index;
}
