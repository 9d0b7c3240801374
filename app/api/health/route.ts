/**
 * Liveness and readiness: GET /api/health. 200 when the app can do its work, 503 when not. What is wrong is
 * told to who has the cron secret; everybody else learns ready or not.
 */
import { authorise } from '@/lib/cron/authorise';
import { db } from '@/lib/db';
import { env, EnvError } from '@/lib/env';
import { readHealth } from '@/lib/health';

export const dynamic = 'force-dynamic';

export async function GET(request: Request): Promise<Response> {
  const health = await readHealth(() => db());
  const body = isAuthorised(request.headers) ? { live: true, ...health } : { live: true, ready: health.ready };
  return Response.json(body, { status: health.ready ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}

function isAuthorised(headers: Headers): boolean {
  try {
    return authorise(headers, env()).kind === 'ok';
  } catch (error) {
    if (error instanceof EnvError) return false;
    throw error;
  }
}
