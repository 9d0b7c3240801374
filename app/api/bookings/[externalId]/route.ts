/** What an agency's tool knows to be booked, or off again: PUT and DELETE /api/bookings/{externalId}. Both may be repeated. */
import { bookingRoute } from '@/lib/reader/routes';

export const dynamic = 'force-dynamic';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = bookingRoute();
