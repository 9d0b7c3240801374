import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { joined } from '../window';
import type { AvailabilityPage } from './schema';

export { MINUTE_MS };

export interface MonthsReading {
  /** Starts of the wanted duration in all months, as sent: neither clipped nor sorted. */
  startsMs: number[];
  /** Every duration that any month lists. */
  listedMinutes: Set<number>;
  /** Nobody behind the page has a calendar that HubSpot can see. */
  isOffline: boolean;
}

export function emptyReading(): MonthsReading {
  return { startsMs: [], listedMinutes: new Set(), isOffline: false };
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
    reading.startsMs = joined([startsMs, reading.startsMs]);
  }
}
