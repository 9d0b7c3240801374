/** Rate limits and size caps as the vendors publish them; all of them can be lowered for a test. */
export interface LimitOptions {
  /** `real` (default): windows pass by the monotonic clock, whatever the simulated date. */
  limitClock?: 'real' | 'simulated';
  calendlyApi?: { perMinute?: number };
  /** The most dates one range may list. Clients were refused "more than about a month". */
  calendlyRangeDates?: number;
  /** 31 since July 2026; 7 exercises the fallback of clients that meet an older account. */
  calendlyAvailableTimesDays?: number;
  hubspotApi?: { burst?: number; daily?: number };
  ghlApi?: { burst?: number; daily?: number };
  ghlSpanDays?: number;
  /** Counted for each token. The vendor documents none: off unless set, and then 3,000 by default. */
  emailbisonApi?: { perMinute?: number; retryAfterSeconds?: number };
  /** No vendor publishes one for its booking pages; off unless set. Counted for each public host. */
  publicHosts?: { requests: number; windowMs: number; retryAfterSeconds?: number };
}

export interface WindowUse {
  isAllowed: boolean;
  limit: number;
  remaining: number;
  resetInMs: number;
}

/** A rolling window: the log of what was let through. Refused requests do not count. */
class RollingWindow {
  private log: number[] = [];
  private head = 0;

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  take(atMs: number): WindowUse {
    while (this.head < this.log.length && (this.log[this.head] ?? 0) <= atMs - this.windowMs) this.head += 1;
    if (this.head > 1024) {
      this.log = this.log.slice(this.head);
      this.head = 0;
    }
    const used = this.log.length - this.head;
    const isAllowed = used < this.limit;
    if (isAllowed) this.log.push(atMs);
    const oldest = this.log[this.head] ?? atMs;
    return {
      isAllowed,
      limit: this.limit,
      remaining: Math.max(0, this.limit - used - (isAllowed ? 1 : 0)),
      resetInMs: Math.max(0, oldest + this.windowMs - atMs),
    };
  }
}

const DAY_MS = 86_400_000;

export class Limits {
  readonly calendlyRangeDates: number;
  readonly calendlyAvailableTimesDays: number;
  readonly ghlSpanDays: number;
  private readonly windows = new Map<string, RollingWindow>();
  private readonly days = new Map<string, { day: number; used: number }>();

  constructor(
    readonly options: LimitOptions,
    private readonly simulatedNow: () => number,
  ) {
    this.calendlyRangeDates = options.calendlyRangeDates ?? 31;
    this.calendlyAvailableTimesDays = options.calendlyAvailableTimesDays ?? 31;
    this.ghlSpanDays = options.ghlSpanDays ?? 31;
  }

  /** Takes one from the rolling window of this key. */
  take(key: string, limit: number, windowMs: number): WindowUse {
    let window = this.windows.get(key);
    if (!window) {
      window = new RollingWindow(limit, windowMs);
      this.windows.set(key, window);
    }
    return window.take(this.clock());
  }

  /** Takes one from the key's day (UTC, by the same clock). */
  takeDaily(key: string, limit: number): WindowUse {
    const nowMs = this.clock();
    const day = Math.floor(nowMs / DAY_MS);
    let entry = this.days.get(key);
    if (entry?.day !== day) {
      entry = { day, used: 0 };
      this.days.set(key, entry);
    }
    const isAllowed = entry.used < limit;
    if (isAllowed) entry.used += 1;
    return { isAllowed, limit, remaining: Math.max(0, limit - entry.used), resetInMs: (day + 1) * DAY_MS - nowMs };
  }

  private clock(): number {
    return this.options.limitClock === 'simulated' ? this.simulatedNow() : performance.now();
  }
}
