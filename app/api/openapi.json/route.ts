/** The description of the API that agencies' tools use: GET /api/openapi.json. Public: it tells nothing of anybody. */
import { openApiDocument } from '@/lib/reader/openapi';

// Read by editors and tools in a browser, too.
const headers = { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' };

export function GET(): Response {
  return Response.json(openApiDocument(), { headers });
}
