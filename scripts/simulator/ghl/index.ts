import { html } from '../http';
import type { CalendarProviderModule } from '../provider';
import { matchApi } from './api';
import { matchBackend } from './backend';
import { ghlError } from './errors';
import { identifyGhl } from './identity';
import { matchPage } from './pages';

export const ghl = {
  name: 'ghl',
  origins: [
    { name: 'ghlBackend', env: 'GHL_BACKEND_ORIGIN' },
    { name: 'ghlBooking', env: 'GHL_BOOKING_ORIGIN' },
    { name: 'ghlApi', env: 'GHL_API_ORIGIN' },
  ],
  identify: identifyGhl,
  match: (context, origin, request) => {
    if (origin === 'ghlApi') return matchApi(context, request);
    return origin === 'ghlBooking' ? matchPage(context, request) : matchBackend(context, request);
  },
  errorAnswer: (origin, status, detail) =>
    origin === 'ghlBooking'
      ? html(`<!DOCTYPE html><html><body><h1>${status}</h1></body></html>`, status)
      : ghlError(status, detail),
} as const satisfies CalendarProviderModule;
