import type { Identity } from '../provider';
import { idLike } from '../random';
import type { ResolvedSpec } from '../spec';

/** HighLevel's names for a calendar: an id of 20 characters, in a location. */
export const ghlKey = {
  calendar: (id: string): string => `ghl:calendar:${id}`,
  widget: (slug: string): string => `ghl:widget:${slug}`,
  group: (slug: string): string => `ghl:group:${slug}`,
  token: (token: string): string => `ghl:token:${token}`,
};

const PAGES = 'https://api.leadconnectorhq.com/widget';

export function identifyGhl(spec: ResolvedSpec, seed: number): Identity {
  const account = spec.account ?? spec.id;
  const login = `ghl ${seed} account ${account}`;
  const calendarId = spec.providerId ?? idLike.alphanumeric(`ghl ${seed} ${spec.id}`, 20);
  const widgetSlug = spec.slug ?? spec.id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const groupSlug = spec.ghlGroup ?? `${widgetSlug}-group`;
  const token = `pit-${idLike.uuid(`${login} token`)}`;
  const links = {
    booking: `${PAGES}/booking/${calendarId}`,
    bookings: `${PAGES}/bookings/${widgetSlug}`,
    group: `${PAGES}/group/${groupSlug}`,
    customDomain: `https://book.acme.test/widget/booking/${calendarId}`,
  };
  return {
    keys: [
      ghlKey.calendar(calendarId),
      ghlKey.widget(widgetSlug),
      ghlKey.group(groupSlug),
      ghlKey.token(token),
    ],
    url: links[spec.ghlPage],
    links,
    ids: { calendarId, widgetSlug, groupSlug, locationId: idLike.alphanumeric(`${login} location`, 20) },
    token,
  };
}
