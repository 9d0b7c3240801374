/** The workspaces of an agency whose slots changed, as a cursor feed: GET /api/availability?changedSince= */
import { changesRoute } from '@/lib/reader/routes';

export const dynamic = 'force-dynamic';

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = changesRoute();
