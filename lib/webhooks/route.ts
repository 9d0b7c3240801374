/** `POST /api/webhooks/emailbison/{token}`: from an HTTP request to an outcome and back. */
import { db, type Db } from '../db';
import { env } from '../env';
import { log } from '../log';
import { createHttpTransport } from '../providers/http';
import type { ApiTransport } from '../providers/types';
import { receiveEmailBisonEvent, workspaceOfToken, type WebhookDeps, type WebhookOutcome } from './emailbison';

/** An email with a long thread below it; more is no reply. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** A sender that trickles holds a worker for no longer. */
const BODY_TIMEOUT_MS = 10_000;
const RETRY_AFTER_SECONDS = '60';

let shared: { transport: ApiTransport; db: Db } | undefined;

/** The process's own. @throws EnvError */
function processDeps(): WebhookDeps {
  const settings = env();
  shared ??= { transport: createHttpTransport({ allowHosts: settings.OUTBOUND_ALLOW_HOSTS, trustedOrigins: [] }), db: db() };
  return { db: shared.db, http: shared.transport.apiClient(), credentialsKey: settings.CREDENTIALS_KEY };
}

/**
 * 200 acted on, ignored, or a duplicate · 400 unreadable · 404 no such address · 413 too long · 422 EmailBison has no
 * such reply · 503 it cannot be verified now: deliver it again. Only a 200 was acted on.
 */
export async function emailBisonWebhook(request: Request, token: string, depsOf: () => WebhookDeps = processDeps): Promise<Response> {
  try {
    const deps = depsOf();
    const workspaceId = await workspaceOfToken(deps.db, token);
    if (workspaceId === null) return answerOf({ kind: 'unknown_address' });
    const read = await readBody(request);
    if (read.kind === 'too_long') return answer(413, { error: 'too_long' });
    const outcome = read.kind === 'json' ? await receiveEmailBisonEvent(deps, workspaceId, read.body) : { kind: 'bad_payload' as const };
    log().info({ workspaceId, outcome: outcome.kind, ...('followUps' in outcome ? { followUps: outcome.followUps } : {}) }, 'webhook');
    return answerOf(outcome);
  } catch (error) {
    log().error({ error: error instanceof Error ? error.name : 'unknown' }, 'webhook_failed');
    return answerOf({ kind: 'unverified' });
  }
}

function answerOf(outcome: WebhookOutcome): Response {
  switch (outcome.kind) {
    case 'unknown_address': return answer(404, { error: 'not_found' });
    case 'bad_payload': return answer(400, { error: 'bad_payload' });
    case 'not_there': return answer(422, { error: 'no_such_reply' });
    case 'unverified': return answer(503, { error: 'unverified' }, { 'retry-after': RETRY_AFTER_SECONDS });
    case 'duplicate':
    case 'ignored':
    case 'cancelled': return answer(200, { outcome: outcome.kind });
  }
}

function answer(status: number, body: Record<string, string>, headers: Record<string, string> = {}): Response {
  return Response.json({ success: status === 200, ...body }, { status, headers: { 'cache-control': 'no-store', ...headers } });
}

type ReadBody = { kind: 'json'; body: unknown } | { kind: 'not_json' } | { kind: 'too_long' };

async function readBody(request: Request): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  const timer = setTimeout(() => void reader?.cancel().catch(() => undefined), BODY_TIMEOUT_MS);
  try {
    for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
      bytes += read.value.byteLength;
      if (bytes > MAX_BODY_BYTES) {
        void reader?.cancel().catch(() => undefined);
        return { kind: 'too_long' };
      }
      chunks.push(read.value);
    }
    return { kind: 'json', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'not_json' };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
