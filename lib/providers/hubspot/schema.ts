import { z } from 'zod';
import { checkedBy, isRecord, listAt, readStarts, recordAt, WrongShape, type Complaint, type Starts } from '../starts';

/**
 * Only what is read is named here. Unknown fields are let go, and with them the names, email addresses and
 * busy times that both answers carry.
 */

/** A page offers three or four; all of them are stored. */
const MAX_DURATIONS = 50;

export const bookInfoSchema = z.object({
  isOffline: z.boolean(),
  customParams: z.object({
    durations: z.array(z.int().positive()).min(1).max(MAX_DURATIONS),
    timezone: z.string().nullish(),
  }),
});

export type BookInfo = z.output<typeof bookInfoSchema>;

function readSlot(slot: unknown, durationMs: number): number | undefined | Complaint {
  if (!isRecord(slot)) return { message: 'is not an object' };
  const { startMillisUtc, endMillisUtc } = slot;
  if (!isWholeNumber(startMillisUtc)) return { message: 'is not a whole number', field: 'startMillisUtc' };
  if (!isWholeNumber(endMillisUtc)) return { message: 'is not a whole number', field: 'endMillisUtc' };
  // A span of several meetings read as one slot would lose all but its first.
  if (endMillisUtc - startMillisUtc !== durationMs) return { message: `is not ${durationMs} ms after the start`, field: 'endMillisUtc' };
  return startMillisUtc;
}

function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

export interface DurationStarts {
  meetingDurationMillis: number;
  startsMs: Starts;
}

export interface AvailabilityPage {
  /** Nobody behind the page has a calendar that HubSpot can see. */
  isOffline: boolean;
  /** Every length that the month lists; none: there is nothing to offer. */
  durations: DurationStarts[];
}

const LINK = 'linkAvailability';
const BY_DURATION = 'linkAvailabilityByDuration';

export const availabilityPageSchema = checkedBy((body): AvailabilityPage => {
  const page = recordAt(body);
  // Required, so that an error object with status 200 is not taken for a month without slots.
  const users = listAt(page.allUsersBusyTimes, 'allUsersBusyTimes').map((user, index) => {
    const { isOffline } = recordAt(user, 'allUsersBusyTimes', index);
    if (typeof isOffline !== 'boolean') throw new WrongShape(['allUsersBusyTimes', index, 'isOffline'], 'is not true or false');
    return isOffline;
  });
  const isOffline = users.length > 0 && users.every((isUserOffline) => isUserOffline);
  // Left out when there is nothing to offer. Under another name it is not left out, and the month not empty.
  if (page[LINK] === undefined) {
    const renamed = Object.keys(page).find((key) => /availab/i.test(key));
    if (renamed !== undefined) throw new WrongShape([LINK], `is missing beside ${renamed}`);
    return { isOffline, durations: [] };
  }
  const byDuration = recordAt(recordAt(page[LINK], LINK)[BY_DURATION], LINK, BY_DURATION);
  return { isOffline, durations: Object.entries(byDuration).map(([key, listed]) => readDuration(key, listed)) };
});

function readDuration(key: string, listed: unknown): DurationStarts {
  const path = [LINK, BY_DURATION, key];
  if (!/^\d+$/.test(key)) throw new WrongShape(path, 'is not a number of milliseconds');
  const { meetingDurationMillis, availabilities } = recordAt(listed, ...path);
  if (!isWholeNumber(meetingDurationMillis) || meetingDurationMillis <= 0) {
    throw new WrongShape([...path, 'meetingDurationMillis'], 'is not a positive whole number');
  }
  if (key !== String(meetingDurationMillis)) throw new WrongShape([...path, 'meetingDurationMillis'], `is ${meetingDurationMillis} under the key ${key}`);
  const startsMs: number[] = [];
  const slots = listAt(availabilities, ...path, 'availabilities');
  readStarts(slots, startsMs, (slot) => readSlot(slot, meetingDurationMillis), () => [...path, 'availabilities']);
  return { meetingDurationMillis, startsMs: new Float64Array(startsMs) };
}
