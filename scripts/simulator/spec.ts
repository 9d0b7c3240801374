import { z } from 'zod';
import { isZone, parseDay } from './zones';

/** What a simulated calendar is. Tests, the populations and `POST /calendars` all speak this. */

export const clockMinutes = z.union([
  z.number().int().min(0).max(48 * 60),
  z
    .string()
    .regex(/^\d{1,2}:[0-5]\d$/, 'a wall clock time looks like "09:00"')
    .transform((text) => {
      const [hours = '0', minutes = '0'] = text.split(':');
      return Number(hours) * 60 + Number(minutes);
    }),
]);
/** From, to; an end beyond 24:00 runs into the next day. */
const openWindow = z.tuple([clockMinutes, clockMinutes]);
const dayOpenings = z.array(openWindow);
const localDate = z.string().refine((text) => parseDay(text) !== undefined, 'a date looks like "2026-11-24"');

const workingHours = z.object({
  sun: dayOpenings.default([]),
  mon: dayOpenings.default([]),
  tue: dayOpenings.default([]),
  wed: dayOpenings.default([]),
  thu: dayOpenings.default([]),
  fri: dayOpenings.default([]),
  sat: dayOpenings.default([]),
});
export type WorkingHours = z.output<typeof workingHours>;

const nineToFive: [number, number][] = [[9 * 60, 17 * 60]];
export const OFFICE_HOURS: WorkingHours = {
  sun: [],
  mon: nineToFive,
  tue: nineToFive,
  wed: nineToFive,
  thu: nineToFive,
  fri: nineToFive,
  sat: [],
};

export const calendarSpecSchema = z.strictObject({
  /** Stable: bookings, provider ids and links are derived from it. */
  id: z.string().min(1).max(100),
  provider: z.enum(['calendly', 'hubspot', 'ghl']),
  zone: z.string().refine(isZone, 'not an IANA time zone'),
  name: z.string().default('Intro'),
  /** Who hosts it; an invented name. */
  hostName: z.string().default('Ada'),

  workingHours: workingHours.default(OFFICE_HOURS),
  incrementMinutes: z.number().int().min(1).max(1440).default(30),
  /** HubSpot offers all of them; elsewhere the first is the event type's only duration. */
  durationsMinutes: z.array(z.number().int().min(1).max(1440)).min(1).default([30]),
  /** Kept free before and after every booking. */
  bufferMinutes: z.number().int().min(0).max(1440).default(0),
  minimumNoticeMinutes: z.number().int().min(0).default(0),
  /** The last bookable local date is today + this many days. */
  horizonDays: z.number().int().min(0).max(800).default(90),
  holidays: z.array(localDate).default([]),
  /** Days on which everything is booked out. */
  fullDays: z.array(localDate).default([]),
  /** The share of slots that gets booked before it begins. Each booking has its own arrival instant. */
  bookingRate: z.number().min(0).max(1).default(0),
  /** More than one: a group event. */
  seats: z.number().int().min(1).max(1000).default(1),
  /** Replaces working hours, holidays and horizon: exactly these starts (epoch ms), in the future only. */
  slots: z.array(z.number().int()).optional(),
  /** The same for a duration in minutes; wins over `slots`. */
  slotsByDuration: z.record(z.string(), z.array(z.number().int())).optional(),

  /** One login: calendars of an account share its token, its profile and its rate limit. Default: the id. */
  account: z.string().optional(),
  tokenState: z.enum(['valid', 'revoked', 'missingScope']).default('valid'),
  /** The public page refuses everybody (403); only the official API answers. */
  credentialRequired: z.boolean().default(false),
  /** The page exists but is switched off. */
  paused: z.boolean().default(false),
  /** The page is gone: 404 everywhere. */
  deleted: z.boolean().default(false),

  /** Fixes the id that the provider gives it (event type uuid, meeting link id, GHL calendar id). */
  providerId: z.string().optional(),
  /** First path segment: Calendly's profile, HubSpot's user. */
  profileSlug: z.string().optional(),
  /** Last path segment: Calendly's event, HubSpot's link, GHL's widget. */
  slug: z.string().optional(),

  calendlyIdForm: z.enum(['uuid', 'legacy']).default('uuid'),
  /** What its scheduling link belongs to. */
  calendlyLinkOwner: z.enum(['Share', 'EventType']).default('Share'),
  calendlyLinkCode: z.string().optional(),
  calendlyShareUuid: z.string().optional(),
  /** Reachable through its scheduling link only. */
  calendlyShareOnly: z.boolean().default(false),

  hubspotSlugSegments: z.union([z.literal(1), z.literal(2)]).default(2),
  /** `eu1`, …: only changes the link's host. */
  hubspotHublet: z.string().optional(),
  hubspotLinkType: z.enum(['PERSONAL_LINK', 'GROUP_CALENDAR', 'ROUND_ROBIN_CALENDAR']).default('PERSONAL_LINK'),
  /** Refuses callers without Origin or Referer, as some pages do. */
  hubspotNeedsBrowser: z.boolean().default(false),
  /** Leave `linkAvailability` out when neither this month nor a later one has a slot. */
  hubspotOmitsEmpty: z.boolean().default(true),
  /** List the host's busy times: personal data that nobody may store. */
  hubspotBusyTimes: z.boolean().default(true),

  ghlShape: z.enum(['strings', 'objects', 'seats', 'array']).default('strings'),
  /** Which page its link opens. Calendars with one `ghlGroup` share a group page. */
  ghlPage: z.enum(['booking', 'bookings', 'group']).default('booking'),
  /** `decoys`: a location id of the same look stands before it; `none`: the page names no id. */
  ghlPageIds: z.enum(['plain', 'decoys', 'none']).default('plain'),
  ghlGroup: z.string().optional(),
});

export type CalendarSpec = z.input<typeof calendarSpecSchema>;
export type ResolvedSpec = z.output<typeof calendarSpecSchema>;
