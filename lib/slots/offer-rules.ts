/**
 * How a workspace's times are chosen and written, for first touch and follow-ups alike. Checked when saved, and again when
 * used: a rule that cannot be read is not a rule that allows. Pure.
 */
import { z } from 'zod';
import type { Preference } from './select';
import { WEEKDAYS, type WorkingHours } from './week';
import { checkWorkingHours } from './working-hours';

/** As the settings hold it. */
export interface StoredOfferRules {
  workingHours: unknown;
  offerWeekends: boolean;
  preferredDays: unknown;
  offerWithinDays: number | null;
  locale: string | null;
}

export interface OfferRules {
  /** Null: any hour. */
  hours: WorkingHours | null;
  weekends: boolean;
  /** Empty: every day alike. */
  prefer: Preference;
  /** BCP 47; null: the default. */
  locale: string | null;
}

export const NO_OFFER_RULES: StoredOfferRules = { workingHours: null, offerWeekends: false, preferredDays: null, offerWithinDays: null, locale: null };

/** Nearness further away than this is none: no calendar is read so far ahead. */
export const MAX_WITHIN_DAYS = 90;

const days = `preferred days must be a list of ${WEEKDAYS.join(', ')}, each at most once`;
/** In the order of the week. */
export const preferredDaysSchema = z.array(z.enum(WEEKDAYS, days), days).min(1, days)
  .refine((given) => new Set(given).size === given.length, days)
  .transform((given) => WEEKDAYS.filter((day) => given.includes(day)));

const within = `the nearness must be whole days from 1 to ${String(MAX_WITHIN_DAYS)}`;
export const withinDaysSchema = z.coerce.number(within).int(within).min(1, within).max(MAX_WITHIN_DAYS, within);

/** A locale that this runtime can write dates in, in its canonical spelling. */
export const localeSchema = z.string().trim().transform((tag, context) => {
  try {
    const [canonical] = Intl.getCanonicalLocales(tag);
    if (canonical !== undefined && Intl.DateTimeFormat.supportedLocalesOf(canonical).length > 0) return canonical;
  } catch {
    // Not even of the form; said below.
  }
  context.addIssue({ code: 'custom', message: `the locale ${JSON.stringify(tag.slice(0, 40))} must be a language such as en-GB or de-DE` });
  return z.NEVER;
});

export type OfferRulesCheck = { kind: 'valid'; rules: OfferRules } | { kind: 'invalid'; problem: string };

export function checkOfferRules({ workingHours, offerWeekends, preferredDays, offerWithinDays, locale }: StoredOfferRules): OfferRulesCheck {
  const hours = checkWorkingHours(workingHours);
  if (hours.kind === 'invalid') return { kind: 'invalid', problem: `Working hours cannot be read: ${hours.problems.join('; ')}` };
  const weekdays = preferredDaysSchema.nullish().safeParse(preferredDays);
  const withinDays = withinDaysSchema.nullish().safeParse(offerWithinDays);
  if (!weekdays.success || !withinDays.success) {
    const problems = [weekdays.error, withinDays.error].flatMap((error) => error?.issues.map(({ message }) => message) ?? []);
    return { kind: 'invalid', problem: `Preferred times cannot be read: ${problems.join('; ')}` };
  }
  const prefer: Preference = {
    ...(weekdays.data == null ? {} : { weekdays: weekdays.data }),
    ...(withinDays.data == null ? {} : { withinDays: withinDays.data }),
  };
  return { kind: 'valid', rules: { hours: hours.hours, weekends: offerWeekends, prefer, locale } };
}
