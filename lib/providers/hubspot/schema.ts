import { z } from 'zod';

/**
 * Only what is read is named here. Unknown fields are let go, and with them the names, email addresses and
 * busy times that both answers carry.
 */

export const bookInfoSchema = z.object({
  isOffline: z.boolean(),
  customParams: z.object({
    durations: z.array(z.int().positive()).min(1),
    timezone: z.string().nullish(),
  }),
});

export type BookInfo = z.output<typeof bookInfoSchema>;

const durationSchema = z
  .object({
    meetingDurationMillis: z.int().positive(),
    availabilities: z.array(z.object({ startMillisUtc: z.int(), endMillisUtc: z.int() })),
  })
  .superRefine(({ meetingDurationMillis, availabilities }, context) => {
    for (const [index, { startMillisUtc, endMillisUtc }] of availabilities.entries()) {
      // A span of several meetings read as one slot would lose all but its first.
      if (endMillisUtc - startMillisUtc !== meetingDurationMillis) {
        context.addIssue({
          code: 'custom',
          path: ['availabilities', index, 'endMillisUtc'],
          message: `is not ${meetingDurationMillis} ms after the start`,
        });
      }
    }
  });

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
