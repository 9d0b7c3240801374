/** The API's routes: which handler each method of an address has. Tests give them parts of their own. */
import { apiRoute, type ApiDeps } from './api-route';
import { storedAvailability } from '../refresh/read';
import { getAvailability, workspaceOf } from './availability';
import { deleteBookingHandler, putBookingHandler } from './bookings';
import { getChanges } from './changes';
import { postFollowUpHandler } from './followups';

type Route = ReturnType<typeof apiRoute>;

export const availabilityRoute = (deps?: () => ApiDeps): Route => apiRoute({ workspaceOf, reading: storedAvailability, handlers: { GET: getAvailability } }, deps);
export const changesRoute = (deps?: () => ApiDeps): Route => apiRoute({ handlers: { GET: getChanges } }, deps);
export const bookingRoute = (deps?: () => ApiDeps): Route => apiRoute({ handlers: { PUT: putBookingHandler, DELETE: deleteBookingHandler } }, deps);
export const followUpsRoute = (deps?: () => ApiDeps): Route => apiRoute({ handlers: { POST: postFollowUpHandler } }, deps);
