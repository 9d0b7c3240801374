import { decodeSegment, type SimRequest } from '../http';
import { pageOf } from '../page';
import type { Call, ProviderContext } from '../provider';
import { DAY_MS } from '../zones';
import { ghlError } from './errors';
import { freeSlots } from './free-slots';
import { ghlKey } from './identity';

/** backend.leadconnectorhq.com: what the booking widget asks, without a credential. */
export function matchBackend(context: ProviderContext, request: SimRequest): Call {
  const [first, second = '', third] = request.segments;
  let id: string | undefined;
  if (first === 'calendars' && third === 'free-slots') id = decodeSegment(second);
  if (first === 'appengine' && second === 'appointment' && third === 'free-slots') {
    id = request.query.get('calendar_id') ?? undefined;
  }
  if (id === undefined) {
    return { endpoint: 'unknown', page: 1, requiredFields: [], answer: () => ghlError(404, 'Cannot GET this path') };
  }
  const calendar = context.world.find(ghlKey.calendar(id))[0];
  return {
    endpoint: 'free-slots',
    calendar,
    page: windowPage(context, request),
    requiredFields: ['slots'],
    answer: (options) => {
      if (!calendar || calendar.spec.deleted) return ghlError(404);
      if (calendar.spec.credentialRequired) return ghlError(403);
      return freeSlots(context, calendar, request, options);
    },
  };
}

export function windowPage({ world }: ProviderContext, request: SimRequest): number {
  return pageOf((Number(request.query.get('startDate')) - world.now()) / DAY_MS);
}
