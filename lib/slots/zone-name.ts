/** The short name of a zone at an instant, as `Intl` says it. Pure. */

/**
 * Intl knows abbreviations only where a locale's own people use them: to en-US Berlin is "GMT+1", to en-GB
 * "CET". English text takes the first of these that has a name, and the offset when none has. Left out on
 * purpose: en-IN and en-IE, whose IST is three different zones.
 */
const ENGLISH = ['en-US', 'en-GB', 'en-AU', 'en-ZA'];
const OFFSET = /\d/;

/** @returns for example "EST" or "EDT", by the instant; "GMT+1" or the locale's like of it without a name */
export function zoneName(instantMs: number, zone: string, locale: string): string {
  const own = nameIn(instantMs, zone, locale);
  if (!OFFSET.test(own) || !/^en\b/i.test(locale)) return own;
  return ENGLISH.map((english) => nameIn(instantMs, zone, english)).find((name) => !OFFSET.test(name)) ?? own;
}

function nameIn(instantMs: number, zone: string, locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(instantMs);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}
