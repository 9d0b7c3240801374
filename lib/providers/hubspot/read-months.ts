import type { AvailabilityPage } from './schema';

export const MINUTE_MS = 60_000;

export interface MonthsReading {
  /** Starts of the wanted duration in all months, as sent: neither clipped nor sorted. */
  startsMs: number[];
  /** Every duration that any month lists. */
  listedMinutes: Set<number>;
  /** Nobody behind the page has a calendar that HubSpot can see. */
  isOffline: boolean;
}

/** Merges the months of one page for one duration. A month that does not list it has no slots of it. */
export function readMonths(pages: readonly AvailabilityPage[], durationMinutes: number): MonthsReading {
  const reading: MonthsReading = { startsMs: [], listedMinutes: new Set(), isOffline: false };
  for (const { allUsersBusyTimes, linkAvailability } of pages) {
    if (allUsersBusyTimes.length > 0 && allUsersBusyTimes.every((user) => user.isOffline)) reading.isOffline = true;
    if (linkAvailability === undefined) continue;
    for (const listed of Object.values(linkAvailability.linkAvailabilityByDuration)) {
      const listedMinutes = listed.meetingDurationMillis / MINUTE_MS;
      reading.listedMinutes.add(listedMinutes);
      if (listedMinutes !== durationMinutes) continue;
      for (const { startMillisUtc } of listed.availabilities) reading.startsMs.push(startMillisUtc);
    }
  }
  return reading;
}
