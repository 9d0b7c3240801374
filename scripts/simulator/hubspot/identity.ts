import type { Identity } from '../provider';
import { idLike } from '../random';
import type { ResolvedSpec } from '../spec';

/** HubSpot's names for a calendar: a meeting link, found by its slug of one or two segments. */
export const hubspotKey = {
  slug: (slug: string): string => `hubspot:slug:${slug}`,
  token: (token: string): string => `hubspot:token:${token}`,
};

export function identifyHubspot(spec: ResolvedSpec, seed: number): Identity {
  const account = spec.account ?? spec.id;
  const own = `hubspot ${seed} ${spec.id}`;
  const login = `hubspot ${seed} account ${account}`;
  const user = spec.profileSlug ?? account.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const slug = spec.hubspotSlugSegments === 1 ? (spec.slug ?? user) : `${user}/${spec.slug ?? 'intro'}`;
  const token = `pat-na1-${idLike.uuid(`${login} token`)}`;
  const hublet = spec.hubspotHublet === undefined ? '' : `-${spec.hubspotHublet}`;
  return {
    keys: [hubspotKey.slug(slug), hubspotKey.token(token)],
    url: `https://meetings${hublet}.hubspot.com/${slug}`,
    links: {
      page: `https://meetings${hublet}.hubspot.com/${slug}`,
      app: `https://app${hublet}.hubspot.com/meetings/${slug}`,
      customDomain: `https://book.acme.test/meetings/${slug}`,
    },
    ids: {
      linkId: spec.providerId ?? idLike.digits(own, 8),
      slug,
      userId: idLike.digits(`${own} user`, 7),
      meetingsUserId: idLike.digits(`${own} meetings user`, 6),
      portalId: idLike.digits(`${login} portal`, 8),
    },
    token,
  };
}
