import type { CalendarProviderModule } from '../provider';
import { matchApi } from './api';
import { matchBooking } from './booking';
import { calendlyError } from './errors';
import { identifyCalendly } from './identity';

export const calendly = {
  name: 'calendly',
  origins: [
    { name: 'calendlyBooking', env: 'CALENDLY_BOOKING_ORIGIN' },
    { name: 'calendlyApi', env: 'CALENDLY_API_ORIGIN' },
  ],
  identify: identifyCalendly,
  match: (context, origin, request) =>
    origin === 'calendlyApi' ? matchApi(context, request) : matchBooking(context, request),
  errorAnswer: (_origin, status, detail) => calendlyError(status, detail),
} as const satisfies CalendarProviderModule;
