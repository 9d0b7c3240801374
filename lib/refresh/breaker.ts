/**
 * A circuit breaker for each provider host. It opens when a public host limits us, or when many workspaces in
 * a row fail with no success between; while open nothing starts there and failures are not held against
 * workspaces. After its time one attempt probes: success closes it, failure opens it for longer.
 */
import { ERROR_KINDS, type ErrorKind } from '../providers/errors';

export interface HostFacts {
  host: string;
  /** Epoch milliseconds; null: never opened, or closed again. */
  openUntil: number | null;
  /** How often it opened in a row. */
  opens: number;
  /** Concurrency that the last run found good. */
  concurrency: number | null;
}

export interface BreakerState {
  openUntil: number | null;
  opens: number;
  failuresInARow: number;
  errorKind: ErrorKind | null;
}

/** Ten workspaces in a row: at a failure share of 30 % that is chance once in 170,000. */
const FAILURES_TO_OPEN = 10;
const FIRST_OPEN_MS = 15_000;
/** A public host that says 429 without a time. */
const DEFAULT_LIMITED_MS = 30_000;
const LONGEST_LIMITED_MS = 3_600_000;

export type BreakerEvent =
  | { kind: 'success' }
  | { kind: 'failure'; errorKind: ErrorKind; retryAfterMs: number | undefined; hasCredential: boolean };

export const CLOSED: BreakerState = { openUntil: null, opens: 0, failuresInARow: 0, errorKind: null };

/** The state after an event. Pure. @param longestOpenMs a third of the age limit, as for backoff */
export function afterEvent(state: BreakerState, event: BreakerEvent, now: number, longestOpenMs: number): BreakerState {
  if (event.kind === 'success') {
    // A success that began before it opened does not close it early.
    return isOpen(state, now) ? state : CLOSED;
  }
  const { errorKind, retryAfterMs, hasCredential } = event;
  // Only the provider's own trouble counts; a credential's limit is that credential's.
  if (ERROR_KINDS[errorKind].retry !== 'soon' || errorKind === 'internal_error') return state;
  if (errorKind === 'rate_limited') {
    if (hasCredential) return state;
    const until = now + Math.min(retryAfterMs ?? DEFAULT_LIMITED_MS, LONGEST_LIMITED_MS);
    return { ...state, openUntil: Math.max(state.openUntil ?? 0, until), opens: Math.max(1, state.opens), errorKind };
  }
  if (isOpen(state, now)) return state;
  const failuresInARow = state.failuresInARow + 1;
  const isProbe = state.opens > 0;
  if (!isProbe && failuresInARow < FAILURES_TO_OPEN) return { ...state, failuresInARow };
  const openMs = Math.min(FIRST_OPEN_MS * 2 ** Math.min(state.opens, 10), longestOpenMs);
  return { openUntil: now + openMs, opens: state.opens + 1, failuresInARow: 0, errorKind };
}

export function isOpen(state: BreakerState, now: number): boolean {
  return state.openUntil !== null && state.openUntil > now;
}

/** The breakers of one run. */
export class Breakers {
  private readonly states = new Map<string, BreakerState>();
  private readonly touched = new Set<string>();
  private readonly closedHosts = new Set<string>();

  constructor(
    hosts: readonly HostFacts[],
    private readonly longestOpenMs: number,
    private readonly now: () => number,
  ) {
    for (const { host, openUntil, opens } of hosts) {
      if (openUntil !== null) this.states.set(host, { ...CLOSED, openUntil, opens });
    }
  }

  isOpen(host: string): boolean {
    return isOpen(this.stateOf(host), this.now());
  }

  /** Epoch milliseconds from which the host may be asked; null: at once. */
  opensAgainAt(host: string): number | null {
    const state = this.stateOf(host);
    return isOpen(state, this.now()) ? state.openUntil : null;
  }

  /** After its open time one attempt alone tries the host. */
  isProbing(host: string): boolean {
    const state = this.stateOf(host);
    return state.opens > 0 && !isOpen(state, this.now());
  }

  record(host: string, event: BreakerEvent): void {
    const before = this.stateOf(host);
    const after = afterEvent(before, event, this.now(), this.longestOpenMs);
    if (after === before) return;
    this.states.set(host, after);
    if (after.openUntil === before.openUntil) return;
    this.touched.add(host);
    if (after.openUntil === null) this.closedHosts.add(host);
    else this.closedHosts.delete(host);
  }

  /** Hosts whose breaker moved, to be stored. */
  changed(): { host: string; state: BreakerState }[] {
    return [...this.touched].map((host) => ({ host, state: this.stateOf(host) }));
  }

  /** Hosts whose breaker closed: their workspaces' waits are over. */
  closed(): ReadonlySet<string> {
    return this.closedHosts;
  }

  /** Hosts that are open now. */
  open(): string[] {
    return [...this.states.keys()].filter((host) => this.isOpen(host));
  }

  private stateOf(host: string): BreakerState {
    return this.states.get(host) ?? CLOSED;
  }
}
