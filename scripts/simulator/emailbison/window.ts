import { instantsAt, localDayOf, offsetMs, DAY_MS, MINUTE_MS, weekdayOf } from '../zones';
import type { Campaign } from './state';

/** The hours of a local day in which a campaign sends, as instants. */
export interface SendingWindow {
  day: number;
  fromMs: number;
  toMs: number;
}

export function windowOn({ zone, windowMinutes: [from, to] }: Campaign, day: number): SendingWindow {
  return { day, fromMs: wallInstant(zone, day, from, 'first'), toMs: wallInstant(zone, day, to, 'last') };
}

/** Where the clock skips this minute: as long after the jump as the minute lies in the skipped hour. */
function wallInstant(zone: string, day: number, minute: number, which: 'first' | 'last'): number {
  const instants = instantsAt(zone, day, minute);
  const found = which === 'first' ? instants[0] : instants.at(-1);
  if (found !== undefined) return found;
  const wall = day * DAY_MS + minute * MINUTE_MS;
  return wall - offsetMs(zone, wall - DAY_MS);
}

export function sendsOnDay({ sendsOn }: Campaign, day: number): boolean {
  return sendsOn[weekdayOf(day)] ?? false;
}

/** What a queue filled at `nowMs` is filled for: the rest of today, else the next day with sending hours. */
export function nextWindow(campaign: Campaign, nowMs: number): SendingWindow | undefined {
  // An evening window may run past midnight: yesterday's can still be open.
  const today = localDayOf(campaign.zone, nowMs);
  for (let day = today - 1; day <= today + 7; day += 1) {
    if (!sendsOnDay(campaign, day)) continue;
    const window = windowOn(campaign, day);
    if (window.toMs > nowMs && window.toMs > window.fromMs) return window;
  }
  return undefined;
}
