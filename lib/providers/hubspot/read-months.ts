import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { Starts } from '../starts';
import type { AvailabilityPage } from './schema';

export { MINUTE_MS };

export interface MonthsReading {
  /** Starts of the wanted duration, a part a month, the first month first. */
  starts: Starts[];
  /** Every duration that any month lists. */
  listedMinutes: Set<number>;
  /** Nobody behind the page has a calendar that HubSpot can see. */
  isOffline: boolean;
}

export function emptyReading(): MonthsReading {
  return { starts: [], listedMinutes: new Set(), isOffline: false };
}

/**
 * Merges a month of a page into the reading for one duration, before the months that are there: they are asked for last
 * first. A month that does not list the duration has no slots of it.
 */
export function addMonth(reading: MonthsReading, { isOffline, durations }: AvailabilityPage, durationMinutes: number): void {
  if (isOffline) reading.isOffline = true;
  for (const { meetingDurationMillis, startsMs } of durations) {
    const listedMinutes = meetingDurationMillis / MINUTE_MS;
    reading.listedMinutes.add(listedMinutes);
    if (listedMinutes !== durationMinutes) continue;
    reading.starts.unshift(startsMs);
  }
}
