import type { Identity } from '../provider';
import { idLike } from '../random';
import type { ResolvedSpec } from '../spec';

/** Calendly's names for a calendar: an event type of a profile, with a scheduling link beside it. */
export const calendlyKey = {
  eventType: (id: string): string => `calendly:event-type:${id}`,
  slugs: (profile: string, event: string): string => `calendly:slugs:${profile}/${event}`,
  profile: (slug: string): string => `calendly:profile:${slug}`,
  linkCode: (code: string): string => `calendly:link:${code}`,
  share: (uuid: string): string => `calendly:share:${uuid}`,
  token: (token: string): string => `calendly:token:${token}`,
};

const API = 'https://api.calendly.com';

function calendlyIds(spec: ResolvedSpec, seed: number) {
  const account = spec.account ?? spec.id;
  const own = `calendly ${seed} ${spec.id}`;
  const login = `calendly ${seed} account ${account}`;
  const eventTypeId =
    spec.providerId ?? (spec.calendlyIdForm === 'legacy' ? idLike.upper(own, 16) : idLike.uuid(own));
  return {
    eventTypeId,
    eventTypeUri: `${API}/event_types/${eventTypeId}`,
    profileSlug: spec.profileSlug ?? account.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
    eventSlug: spec.slug ?? 'intro',
    linkCode: spec.calendlyLinkCode ?? `c${idLike.uuid(`${own} link`).slice(0, 11)}`,
    shareUuid: spec.calendlyShareUuid ?? idLike.uuid(`${own} share`),
    userUri: `${API}/users/${idLike.upper(`${login} user`, 16)}`,
    organizationUri: `${API}/organizations/${idLike.upper(`${login} organization`, 16)}`,
  };
}

export function identifyCalendly(spec: ResolvedSpec, seed: number): Identity {
  const ids = calendlyIds(spec, seed);
  const token = `calendly-pat-${idLike.alphanumeric(`calendly ${seed} account ${spec.account ?? spec.id} token`, 32)}`;
  const page = `https://calendly.com/${ids.profileSlug}/${ids.eventSlug}`;
  const link = `https://calendly.com/d/${ids.linkCode}/${ids.eventSlug}`;
  return {
    keys: [
      calendlyKey.eventType(ids.eventTypeId),
      calendlyKey.slugs(ids.profileSlug, ids.eventSlug),
      calendlyKey.profile(ids.profileSlug),
      calendlyKey.linkCode(ids.linkCode),
      calendlyKey.share(ids.shareUuid),
      calendlyKey.token(token),
    ],
    url: spec.calendlyShareOnly ? link : page,
    links: {
      event: page,
      profile: `https://calendly.com/${ids.profileSlug}`,
      share: link,
      short: `https://calendly.com/s/${ids.linkCode}`,
      eventType: `https://calendly.com/event_types/${ids.eventTypeId}`,
      apiUri: ids.eventTypeUri,
    },
    ids,
    token,
  };
}
