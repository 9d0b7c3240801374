/** An agency's tool asks for a message to a lead, with open times in it: POST /api/followups. May be repeated with an externalId. */
import { followUpsRoute } from '@/lib/reader/routes';

export const dynamic = 'force-dynamic';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = followUpsRoute();
