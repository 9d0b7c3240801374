import type { FaultRule } from './faults';
import type { PopulationWorkspace } from './population';
import { providerNamed } from './providers';
import type { Identity } from './provider';
import { type CalendarSpec, calendarSpecSchema } from './spec';

/** The workspaces of the demo that are special: official credentials, wrong settings, failing calendars. */

export interface Trouble {
  patch?: Partial<CalendarSpec>;
  moreCalendars?: CalendarSpec[];
  faults?: FaultRule[];
  workspace?: Partial<PopulationWorkspace>;
}

/** The table below repeats after this many workspaces; a multiple of 3 keeps each entry at its provider. */
const ROUND = 150;

type MakeTrouble = (spec: CalendarSpec, identity: Identity) => Trouble;

/** Position 0 modulo 3 is a Calendly workspace, 1 HubSpot, 2 GoHighLevel. */
const TROUBLES: Record<number, MakeTrouble> = {
  3: (spec, identity) => ({
    moreCalendars: [{ ...spec, id: `${spec.id}/other`, account: spec.id, slug: 'other-event', name: 'Deep dive', calendlyShareOnly: false }],
    patch: { calendlyShareOnly: false },
    workspace: { url: identity.links.profile ?? identity.url, note: 'profile link with two event types' },
  }),
  18: (_spec, identity) => withCredential('calendly', identity, 'official API'),
  33: (_spec, identity) => ({
    patch: { tokenState: 'revoked' },
    ...withCredential('calendly', identity, 'revoked credential: 401'),
  }),
  48: (_spec, identity) => ({
    patch: { credentialRequired: true },
    ...withCredential('calendly', identity, 'private page: official API only'),
  }),
  63: (spec) => failing(spec, { kind: 'html' }, 'bot wall: HTML with status 200'),
  78: () => ({ patch: { paused: true }, workspace: { note: 'page switched off' } }),
  93: () => ({ workspace: { url: 'https://booking.acme.test/pick-a-time', note: 'unsupported link' } }),
  108: (spec) => failing(spec, { kind: 'status', status: 429, retryAfterSeconds: 120 }, 'rate limited now and then', 0.2),
  7: () => ({ patch: { deleted: true }, workspace: { note: 'dead link: 404' } }),
  22: (_spec, identity) => withCredential('hubspot', identity, 'official API'),
  37: () => ({
    patch: { durationsMinutes: [15] },
    workspace: { durationMinutes: 45, note: 'asks for 45 minutes, the link offers 15' },
  }),
  52: (spec) => failing(spec, { kind: 'hang' }, 'never answers'),
  67: (spec) => failing(spec, { kind: 'slow', ms: 3_000 }, 'slow: 3 s an answer'),
  82: () => ({ patch: { bookingRate: 1 }, workspace: { note: 'nearly everything gets booked' } }),
  97: (spec) => failing(spec, { kind: 'cut', variant: 'chunked' }, 'answers are cut off now and then', 0.3),
  11: (spec, identity) => {
    const ghlGroup = `${identity.ids.widgetSlug ?? 'team'}-team`;
    const other: CalendarSpec = { ...spec, id: `${spec.id}/other`, slug: 'other-widget', ghlGroup, name: 'Second calendar' };
    const url = `https://api.leadconnectorhq.com/widget/group/${ghlGroup}`;
    return {
      patch: { ghlGroup, ghlPage: 'group' },
      moreCalendars: [other],
      workspace: { url, note: 'group page with two calendars' },
    };
  },
  26: (_spec, identity) => withCredential('ghl', identity, 'official API'),
  41: (spec) => failing(spec, { kind: 'status', status: 500 }, 'every third answer is a 500', 0.3),
  56: (_spec, identity) => ({ patch: { ghlPage: 'bookings', ghlPageIds: 'decoys' }, workspace: { url: identity.links.bookings ?? identity.url, note: 'page names other ids too' } }),
  71: () => ({ patch: { ghlShape: 'seats', seats: 6, bookingRate: 0.6 }, workspace: { note: 'class with seats' } }),
  86: (spec) => failing(spec, { kind: 'reset', when: 'mid-body' }, 'connections break now and then', 0.3),
};

export function troubleAt(number: number, spec: CalendarSpec, seed: number): Trouble {
  const make = TROUBLES[number % ROUND];
  if (!make) return {};
  return make(spec, providerNamed(spec.provider).identify(calendarSpecSchema.parse(spec), seed));
}

function withCredential(provider: CalendarSpec['provider'], identity: Identity, note: string): Trouble {
  return { workspace: { credential: { provider, token: identity.token }, note } };
}

function failing(spec: CalendarSpec, fault: FaultRule['fault'], note: string, share?: number): Trouble {
  const rule: FaultRule = { match: { calendarId: spec.id }, fault, ...(share === undefined ? {} : { share }) };
  return { faults: [rule], workspace: { note } };
}
