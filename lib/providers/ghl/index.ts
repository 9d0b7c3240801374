import { safeUrl } from '../errors';
import type { FetchAvailability, FetchOptions, ProviderOrigins } from '../types';
import type { Starts } from '../starts';
import { joined, slotsInWindow, splitWindow, windowOf } from '../window';
import { MAX_WINDOW_DAYS, type CalendarApi } from './api';
import { calendarSwitchedOff, unsupportedLink, wrongCalendar } from './errors';
import { parseGhlLink, type SupportedGhlLink } from './link';
import { officialApi, type OfficialCalendarApi } from './official';
import { publicApi } from './public';
import { confirmByPage, isRejection, resolveFromPage } from './resolve';

/** The calendar that slots are asked of. */
interface Target {
  calendarId: string;
  durationMinutes: number;
  /** A call other than that for slots has, in this very fetch, said that it is live. */
  isConfirmed: boolean;
}

/**
 * All free slots of a GoHighLevel calendar, in windows of at most 30 days.
 *
 * The length of a meeting is the calendar's own with a credential. The public interface states none, so it is
 * then `durationMinutes` of the options.
 */
export const fetchGHLAvailabilityWithMeta: FetchAvailability = async (url, days, options) => {
  const link = parseGhlLink(url);
  if (link.kind === 'unsupported') throw unsupportedLink(safeUrl(url.trim()), link.reason);
  const official = options.credential ? officialApi(options, options.credential) : undefined;
  const api = official ?? publicApi(options);

  const remembered = recall(link, api, options);
  let target = remembered ?? (await resolve(link, api, official, options));
  let slots: number[];
  try {
    slots = await readWindow(api, target.calendarId, days, options);
  } catch (error) {
    if (remembered === undefined || !isRejection(error)) throw error;
    target = await resolve(link, api, official, options);
    // Nothing was learned: asking the same again would be answered the same.
    if (target.calendarId === remembered.calendarId && !target.isConfirmed) throw error;
    slots = await readWindow(api, target.calendarId, days, options);
  }

  if (slots.length === 0 && options.confirmEmpty === true && !target.isConfirmed) {
    const confirmed = await confirm(target, link, api, official, options);
    if (confirmed.calendarId !== target.calendarId) slots = await readWindow(api, confirmed.calendarId, days, options);
    target = confirmed;
  }

  return {
    slots,
    durationMinutes: target.durationMinutes,
    meta: {
      resolvedId: target.calendarId,
      resolvedFrom: safeUrl(link.pageUrl),
      via: api.via,
      ...(official === undefined ? {} : { durationMinutes: target.durationMinutes }),
    },
  };
};

/** Host of the API that answers for the link: the lane of its breaker and its concurrency. */
export function hostOf(_url: string, origins: ProviderOrigins, hasCredential: boolean): string {
  return new URL(hasCredential ? origins.ghlApi : origins.ghlBackend).host;
}

/** An id that a person chose, or that stands in the link, needs no looking up and is never overruled. */
function statedId(link: SupportedGhlLink, { chosenId }: FetchOptions): string | undefined {
  return chosenId ?? (link.kind === 'calendar' ? link.calendarId : undefined);
}

function recall(link: SupportedGhlLink, api: CalendarApi, options: FetchOptions): Target | undefined {
  const { meta } = options;
  if (meta?.via !== api.via || meta.resolvedId === undefined) return undefined;
  if (meta.resolvedFrom !== undefined && meta.resolvedFrom !== safeUrl(link.pageUrl)) return undefined;
  const stated = statedId(link, options);
  if (stated !== undefined && stated !== meta.resolvedId) return undefined;
  const durationMinutes = api.via === 'official' ? meta.durationMinutes : options.durationMinutes;
  return durationMinutes === undefined ? undefined : { calendarId: meta.resolvedId, durationMinutes, isConfirmed: false };
}

async function resolve(
  link: SupportedGhlLink,
  api: CalendarApi,
  official: OfficialCalendarApi | undefined,
  options: FetchOptions,
): Promise<Target> {
  const stated = statedId(link, options);
  const calendarId = stated ?? (await resolveFromPage(link, api, options));
  if (official === undefined) return { calendarId, durationMinutes: options.durationMinutes, isConfirmed: stated === undefined };
  return describe(official, calendarId);
}

async function describe(official: OfficialCalendarApi, calendarId: string): Promise<Target> {
  const { id, isActive, durationMinutes } = await official.calendar(calendarId);
  if (id !== calendarId) throw wrongCalendar(calendarId, id);
  if (!isActive) throw calendarSwitchedOff(calendarId);
  return { calendarId, durationMinutes, isConfirmed: true };
}

/** @throws unless an independent call says that the calendar is live; a page may by now lead to another one. */
async function confirm(
  target: Target,
  link: SupportedGhlLink,
  api: CalendarApi,
  official: OfficialCalendarApi | undefined,
  options: FetchOptions,
): Promise<Target> {
  if (official !== undefined) return describe(official, target.calendarId);
  if (statedId(link, options) === undefined) return resolve(link, api, official, options);
  await confirmByPage(target.calendarId, link, options);
  return { ...target, isConfirmed: true };
}

/** All windows or nothing. */
async function readWindow(api: CalendarApi, calendarId: string, days: number, { now }: FetchOptions): Promise<number[]> {
  const window = windowOf(now, days);
  const startsMs: Starts[] = [];
  for (const part of splitWindow(window, MAX_WINDOW_DAYS)) startsMs.push(await api.freeSlots(calendarId, part));
  return slotsInWindow(joined(startsMs), window);
}
