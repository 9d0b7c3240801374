import type { SimRequest } from '../http';
import type { Call, ProviderContext } from '../provider';
import { availabilityPage, bookCall, bookPage, notFound, type Refuse } from './endpoints';
import { hubspotError } from './errors';

/** The meeting page's own API: `/meetings-public/…`, on the meetings host and its aliases. */

export function isPublicPath(request: SimRequest): boolean {
  return publicSegments(request)[0] === 'meetings-public';
}

function publicSegments(request: SimRequest): readonly string[] {
  return request.segments[0] === 'api' ? request.segments.slice(1) : request.segments;
}

export function matchPublic({ world }: ProviderContext, request: SimRequest): Call {
  const [root, version, book, page] = publicSegments(request);
  const slug = request.query.get('slug');
  if (root !== 'meetings-public' || book !== 'book' || slug === null) return notFound();
  const isKnownVersion = version === 'v1' || version === 'v3';
  const refuse: Refuse = ({ spec }) => {
    if (spec.credentialRequired) return hubspotError(403);
    const isBrowserLike = request.headers.origin !== undefined || request.headers.referer !== undefined;
    return spec.hubspotNeedsBrowser && !isBrowserLike ? hubspotError(403, 'Forbidden') : undefined;
  };
  if (request.method === 'POST') return isKnownVersion ? bookCall(world, slug, request, refuse) : notFound();
  if (version === 'v3' && page === 'availability-page') return availabilityPage(world, slug, request, refuse);
  if (isKnownVersion && page === undefined) {
    return bookPage(world, slug, request, refuse, { hasAvailability: true });
  }
  return notFound();
}
