/**
 * The text with the times, in the lead's zone when known, else the workspace's. Dates, times, zone names and
 * "or" come from `Intl` alone. Pure.
 */
import { fitSentences } from './sentences';
import { parseTemplate } from './template';
import { knownZone, MINUTE_MS } from './zone';
import { zoneName } from './zone-name';

export const DEFAULT_LOCALE = 'en-US';

export interface FormatOptions {
  leadZone: string | null;
  workspaceZone: string;
  /** BCP 47; what is no locale counts as the default, English of the United States. */
  locale?: string | null;
  template: string;
  bookingLink: string;
}

export interface FormattedSlots {
  text: string;
  /** Each time as it stands in the text. */
  options: string[];
  zone: string;
}

/** @param slotsMs at least one start, in the order they are numbered */
export function formatSlots(slotsMs: readonly number[], given: FormatOptions): FormattedSlots {
  if (slotsMs.length === 0) throw new RangeError('No times to say: use the fallback.');
  const zone = knownZone(given.leadZone) ?? given.workspaceZone;
  const locale = knownLocale(given.locale);
  const options = slotsMs.map((startMs) => formatSlot(startMs, zone, locale));
  const either = new Intl.ListFormat(locale, { type: 'disjunction' });
  const list = (texts: readonly string[]): string => either.format(texts);
  const text = fitSentences(parseTemplate(given.template), options.length)
    .map((part) => {
      switch (part.kind) {
        case 'text': return part.text;
        case 'bookingLink': return given.bookingLink;
        case 'options': return list(options);
        case 'run': return list(options.slice(part.from - 1, part.to));
      }
    })
    .join('');
  return { text: text.trim(), options, zone };
}

/** The sentence without times. */
export function formatFallback(template: string, bookingLink: string): string {
  return parseTemplate(template).map((part) => (part.kind === 'text' ? part.text : part.kind === 'bookingLink' ? bookingLink : '')).join('').trim();
}

export function formatSlot(startMs: number, zone: string, locale: string): string {
  const clock: Intl.DateTimeFormatOptions = { timeZone: zone, hour: 'numeric' };
  // "10 AM" is a time, "10" alone is not: a 24-hour clock keeps its minutes.
  const is12Hour = new Intl.DateTimeFormat(locale, clock).resolvedOptions().hour12 === true;
  const minutes: Intl.DateTimeFormatOptions = is12Hour && isFullHour(startMs, zone) ? {} : { minute: '2-digit' };
  const format = new Intl.DateTimeFormat(locale, { ...clock, ...minutes, weekday: 'long', month: 'long', day: 'numeric', timeZoneName: 'short' });
  const text = format
    .formatToParts(startMs)
    .map(({ type, value }) => (type === 'timeZoneName' ? zoneName(startMs, zone, locale) : value))
    .join('');
  // Unbreakable spaces come back from mail tools as entities or garbage, and a comparison fails.
  return text.replace(/[\u00a0\u202f]/g, ' ');
}

function isFullHour(startMs: number, zone: string): boolean {
  const minute = new Intl.DateTimeFormat('en-US', { timeZone: zone, minute: 'numeric' }).format(startMs);
  return Number(minute) === 0 && startMs % MINUTE_MS === 0;
}

function knownLocale(locale: string | null | undefined): string {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale?.trim() ?? [])[0] ?? DEFAULT_LOCALE;
  } catch {
    return DEFAULT_LOCALE;
  }
}
