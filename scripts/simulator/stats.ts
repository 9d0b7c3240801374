import { type ProviderOrigin, providerOrigins } from './providers';

export interface OriginStats {
  requests: number;
  bytes: number;
  /** Answers of 400 and above, and requests that got no whole answer. */
  errors: number;
  rateLimited: number;
  inFlight: number;
  maxInFlight: number;
}

export interface SimulatorStats {
  byOrigin: Record<ProviderOrigin, OriginStats>;
  /** Requests; calendars that nobody asked for are absent. */
  byCalendar: Record<string, number>;
}

const nothing = (): OriginStats => ({
  requests: 0,
  bytes: 0,
  errors: 0,
  rateLimited: 0,
  inFlight: 0,
  maxInFlight: 0,
});

export class Stats {
  private readonly origins = new Map<ProviderOrigin, OriginStats>(
    providerOrigins.map(({ name }) => [name, nothing()]),
  );
  private readonly calendars = new Map<string, number>();

  begin(origin: ProviderOrigin, calendarId: string | undefined): OriginStats {
    const entry = this.origins.get(origin) ?? nothing();
    entry.requests += 1;
    entry.inFlight += 1;
    entry.maxInFlight = Math.max(entry.maxInFlight, entry.inFlight);
    if (calendarId !== undefined) this.calendars.set(calendarId, (this.calendars.get(calendarId) ?? 0) + 1);
    return entry;
  }

  read(): SimulatorStats {
    return {
      byOrigin: Object.fromEntries([...this.origins].map(([origin, entry]) => [origin, { ...entry }])) as Record<
        ProviderOrigin,
        OriginStats
      >,
      byCalendar: Object.fromEntries(this.calendars),
    };
  }

  /** What is in flight stays counted. */
  reset(): void {
    this.calendars.clear();
    for (const entry of this.origins.values()) {
      Object.assign(entry, { requests: 0, bytes: 0, errors: 0, rateLimited: 0, maxInFlight: entry.inFlight });
    }
  }
}
