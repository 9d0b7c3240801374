/** One workspace's open slots, for an agency's own tools: GET /api/availability/{workspaceId}. Reads the cache only. */
import { availabilityRoute } from '@/lib/reader/routes';

export const dynamic = 'force-dynamic';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = availabilityRoute();
