import type { LinkChoice } from '../errors';
import { GHL_ID } from './link';
import { extractNuxtData, membersOf, valueAt, type NuxtData } from './nuxt-data';

/** What a booking page tells of the calendars behind it. */
export type BookingPage =
  | { kind: 'other'; reason: 'no-data' | 'malformed' | 'error-page' }
  | {
      kind: 'booking';
      /** May hold ids of locations and users too, which look the same: only the free slots tell them apart. */
      candidates: LinkChoice[];
      /** Asked for by the page, and not there. */
      missingIds: Set<string>;
    };

/** Fields that calendars have, and users and locations do not. */
const CALENDAR_FIELDS = ['calendarType', 'slotDuration', 'widgetSlug', 'widgetType'];

export function readBookingPage(html: string): BookingPage {
  const data = extractNuxtData(html);
  if (data === undefined) return { kind: 'other', reason: 'no-data' };
  if (data === 'malformed') return { kind: 'other', reason: 'malformed' };
  if (data.some((value) => Array.isArray(value) && value[0] === 'NuxtError')) return { kind: 'other', reason: 'error-page' };

  const names = new Map<string, string>();
  const missingIds = new Set<string>();
  for (const value of data) {
    const members = membersOf(value);
    if (members === undefined) continue;
    for (const [key, position] of members) {
      if (!GHL_ID.test(key)) continue;
      const keyed = valueAt(data, position);
      const keyedMembers = membersOf(keyed);
      if (keyedMembers !== undefined) note(names, key, nameIn(data, keyedMembers));
      else if (keyed === null || keyed === undefined) missingIds.add(key);
    }
    const ownId = memberIn(data, members, 'id');
    const isCalendar = members.some(([key]) => CALENDAR_FIELDS.includes(key));
    if (isCalendar && typeof ownId === 'string' && GHL_ID.test(ownId)) note(names, ownId, nameIn(data, members));
  }
  for (const id of names.keys()) missingIds.delete(id);
  return { kind: 'booking', candidates: [...names].map(([id, name]) => ({ id, name })), missingIds };
}

/** The same id may be met twice, once without a name. */
function note(names: Map<string, string>, id: string, name: string | undefined): void {
  if (name !== undefined) names.set(id, name);
  else if (!names.has(id)) names.set(id, '(no name)');
}

type Members = [key: string, position: unknown][];

function nameIn(data: NuxtData, members: Members): string | undefined {
  const name = memberIn(data, members, 'name');
  return typeof name === 'string' ? name : undefined;
}

function memberIn(data: NuxtData, members: Members, wanted: string): unknown {
  return valueAt(data, members.find(([key]) => key === wanted)?.[1]);
}
