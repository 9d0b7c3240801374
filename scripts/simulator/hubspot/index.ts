import type { CalendarProviderModule } from '../provider';
import { matchApi } from './api';
import { hubspotError } from './errors';
import { identifyHubspot } from './identity';
import { isPublicPath, matchPublic } from './public';

export const hubspot = {
  name: 'hubspot',
  origins: [
    { name: 'hubspotMeetings', env: 'HUBSPOT_MEETINGS_ORIGIN' },
    { name: 'hubspotApi', env: 'HUBSPOT_API_ORIGIN' },
  ],
  identify: identifyHubspot,
  // The public paths are answered on the API's host too.
  match: (context, origin, request) =>
    origin === 'hubspotMeetings' || isPublicPath(request)
      ? matchPublic(context, request)
      : matchApi(context, request),
  errorAnswer: (_origin, status, detail) => hubspotError(status, detail),
} as const satisfies CalendarProviderModule;
