/**
 * Metrics in Prometheus' text format: GET /api/metrics, with the cron secret. Read from Postgres each time, in bounded time; two
 * at once are two reads.
 */
import { authorise } from '@/lib/cron/authorise';
import { db } from '@/lib/db';
import { env, EnvError } from '@/lib/env';
import { log } from '@/lib/log';
import { readMetricsText } from '@/lib/metrics';
import { requestIdOf } from '@/lib/request-id';

export const dynamic = 'force-dynamic';

const TIMEOUT_MS = 8_000;

export async function GET(request: Request): Promise<Response> {
  const requestId = requestIdOf(request.headers);
  const text = (status: number, body: string, headers: Record<string, string> = {}): Response =>
    new Response(body, { status, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store', 'x-request-id': requestId, ...headers } });
  try {
    const authorisation = authorise(request.headers, env());
    if (authorisation.kind === 'unconfigured') return text(503, `${authorisation.message}\n`);
    if (authorisation.kind === 'denied') return text(401, 'Send the header Authorization: Bearer $CRON_SECRET.\n', { 'www-authenticate': 'Bearer' });
    return text(200, await readMetricsText(db(), TIMEOUT_MS));
  } catch (error) {
    if (error instanceof EnvError) return text(503, `${error.message}\n`);
    log().error({ requestId, error: error instanceof Error ? error.name : 'unknown' }, 'metrics_failed');
    return text(503, 'The database cannot be reached or did not answer in time.\n');
  }
}
