/**
 * How many refreshes may be under way at one host. No public figure exists for booking pages, so the limit
 * finds itself: it doubles each round while latency and errors stay good, then grows by one a round, and
 * shrinks when latency rises or errors come. Each host has its own, so a slow one does not slow the others.
 */
export interface LimitState {
  limit: number;
  /** Doubling until the first sign of congestion. */
  isSlowStart: boolean;
  /** Samples of the current round. */
  count: number;
  failures: number;
  totalMs: number;
  /** Mean latency of the best round, drifting up so that a slower normal is accepted in time. */
  baselineMs: number | null;
}

export interface LimitBounds {
  initial: number;
  min: number;
  max: number;
}

export const DEFAULT_BOUNDS = { initial: 16, min: 2 } as const;
/** Latency above this multiple of the best round is congestion. Log-normal latency varies far less in the mean of a round. */
const LATENCY_TOLERANCE = 2.5;
/** Errors above this share of a round are congestion. */
const ERROR_TOLERANCE = 0.2;
const SHRINK = 0.7;
const BASELINE_DRIFT = 1.05;
const MIN_ROUND = 16;

export function initialLimit(bounds: LimitBounds, learned: number | null): LimitState {
  const limit = Math.min(bounds.max, Math.max(bounds.min, learned ?? bounds.initial));
  return { limit, isSlowStart: true, count: 0, failures: 0, totalMs: 0, baselineMs: null };
}

/** The state after one exchange. Pure. */
export function afterSample(state: LimitState, sample: { durationMs: number; failed: boolean }, bounds: LimitBounds): LimitState {
  const next = {
    ...state,
    count: state.count + 1,
    failures: state.failures + (sample.failed ? 1 : 0),
    totalMs: state.totalMs + sample.durationMs,
  };
  if (next.count < Math.max(MIN_ROUND, state.limit)) return next;

  const meanMs = next.totalMs / next.count;
  const isCongested =
    next.failures / next.count > ERROR_TOLERANCE ||
    (state.baselineMs !== null && meanMs > state.baselineMs * LATENCY_TOLERANCE);
  const grown = state.isSlowStart ? state.limit * 2 : state.limit + Math.max(1, state.limit / 16);
  const limit = isCongested ? state.limit * SHRINK : grown;
  return {
    limit: Math.min(bounds.max, Math.max(bounds.min, limit)),
    isSlowStart: state.isSlowStart && !isCongested,
    count: 0,
    failures: 0,
    totalMs: 0,
    baselineMs: Math.min(meanMs, (state.baselineMs ?? meanMs) * BASELINE_DRIFT),
  };
}

/** The limits of one run, by host. */
export class HostLimits {
  private readonly states = new Map<string, LimitState>();

  /** @param fixed a number set by the operator instead: every host's limit, adapting to nothing */
  constructor(
    private readonly bounds: LimitBounds,
    private readonly fixed: number | undefined,
    private readonly learned: ReadonlyMap<string, number>,
  ) {}

  limitOf(host: string): number {
    return this.fixed ?? Math.floor(this.stateOf(host).limit);
  }

  record(host: string, sample: { durationMs: number; failed: boolean }): void {
    if (this.fixed !== undefined) return;
    this.states.set(host, afterSample(this.stateOf(host), sample, this.bounds));
  }

  /** What this run found, for the next one to begin with. */
  found(): { host: string; concurrency: number }[] {
    return [...this.states].map(([host, state]) => ({ host, concurrency: Math.floor(state.limit) }));
  }

  private stateOf(host: string): LimitState {
    let state = this.states.get(host);
    if (!state) {
      state = initialLimit(this.bounds, this.learned.get(host) ?? null);
      this.states.set(host, state);
    }
    return state;
  }
}
