import { z } from 'zod';
import { isRecord, itemList, readStarts, type Complaint } from '../starts';

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

const durationSchema = z
  .object({ meetingDurationMillis: z.int().positive(), availabilities: itemList })
  .transform(({ meetingDurationMillis, availabilities }, context) => ({
    meetingDurationMillis,
    startsMs: readStarts(availabilities, context, ['availabilities'], (slot) => readSlot(slot, meetingDurationMillis)),
  }));

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

const byDurationSchema = z.record(z.string().regex(/^\d+$/), durationSchema).superRefine((byDuration, context) => {
  for (const [key, { meetingDurationMillis }] of Object.entries(byDuration)) {
    if (key !== String(meetingDurationMillis)) {
      context.addIssue({
        code: 'custom',
        path: [key, 'meetingDurationMillis'],
        message: `is ${meetingDurationMillis} under the key ${key}`,
      });
    }
  }
});

export const availabilityPageSchema = z
  .looseObject({
    /** Required, so that an error object with status 200 is not taken for a month without slots. */
    allUsersBusyTimes: z.array(z.object({ isOffline: z.boolean() })),
    /** Left out when there is nothing to offer. */
    linkAvailability: z.object({ linkAvailabilityByDuration: byDurationSchema }).optional(),
  })
  .superRefine((page, context) => {
    // Under another name it is not left out, and the month not empty.
    const renamed = page.linkAvailability === undefined && Object.keys(page).find((key) => /availab/i.test(key));
    if (renamed) context.addIssue({ code: 'custom', path: ['linkAvailability'], message: `is missing beside ${renamed}` });
  })
  .transform(({ allUsersBusyTimes, linkAvailability }) => ({ allUsersBusyTimes, linkAvailability }));

export type AvailabilityPage = z.output<typeof availabilityPageSchema>;
