/**
 * The ways a follow-up reaches its lead. A delivery that may have happened is never taken for one that did not:
 * an email that went out twice cannot be called back.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { ProviderError } from '../providers/errors';
import type { ApiClient } from '../providers/types';

export type DeliveryResult =
  | { kind: 'delivered' }
  /** Certainly not sent. `isFinal`: the same request will be refused again. */
  | { kind: 'refused'; isFinal: boolean; message: string; retryAfterMs: number | undefined }
  /** It may have been sent. */
  | { kind: 'unclear'; message: string };

/** What a channel sends to, opened: never logged, never stored. */
export interface Destination {
  baseUrl: string;
  /** EmailBison's token, or the webhook's signing secret. */
  secret: string;
}

export interface Delivery {
  followUpId: string;
  workspaceId: string;
  leadEmail: string;
  leadName: string | null;
  message: string;
  thread: unknown;
}

export interface Channel {
  /** Whether the receiver tells a repetition by its key: only then is an unclear delivery made again. */
  isIdempotent: boolean;
  /** Problems of a thread when a follow-up is made; null: none. */
  checkThread(thread: unknown): string | null;
  send(delivery: Delivery, destination: Destination, http: ApiClient, signal: AbortSignal): Promise<void>;
}

const emailBisonThread = z.union([
  z.object({ replyId: z.coerce.string().regex(/^\d+$/), replyAll: z.literal(true) }),
  z.object({ replyId: z.coerce.string().regex(/^\d+$/), senderEmailId: z.coerce.string().regex(/^\d+$/) }),
]);
const replyAnswer = z.object({ data: z.object({ success: z.boolean() }) });

/** Sources: EmailBison `/master-inbox/responding-to-messages`; Standard Webhooks 1.0 for the signature. */
export const CHANNELS = {
  emailbison_reply: {
    isIdempotent: false,
    checkThread: (thread) => (emailBisonThread.safeParse(thread).success ? null : 'thread must hold replyId, and senderEmailId or replyAll: true'),
    async send({ leadEmail, leadName, message, thread }, { baseUrl, secret }, http, signal) {
      const to = emailBisonThread.parse(thread);
      const body = {
        message: toHtml(message), content_type: 'html', inject_previous_email_body: true,
        ...('replyAll' in to
          ? { reply_all: true }
          : { sender_email_id: Number(to.senderEmailId), to_emails: [{ name: leadName ?? leadEmail, email_address: leadEmail }] }),
      };
      const url = new URL(`${baseUrl.replace(/\/+$/, '').replace(/\/api$/, '')}/api/replies/${to.replyId}/reply`);
      const { data } = await http.send({ vendor: 'emailbison', method: 'POST', url, body, credential: secret, schema: replyAnswer, signal, guarded: true });
      if (!data.success) throw new ProviderError({ vendor: 'emailbison', kind: 'rejected_request', status: 200, message: 'EmailBison did not accept the reply.' });
    },
  },
  webhook: {
    isIdempotent: true,
    checkThread: () => null,
    async send({ followUpId, workspaceId, leadEmail, leadName, message, thread }, { baseUrl, secret }, http, signal) {
      const body = { type: 'followup.due', followUpId, workspaceId, lead: { email: leadEmail, name: leadName }, message, thread: thread ?? null };
      const timestamp = String(Math.floor(Date.now() / 1000));
      const headers = {
        'webhook-id': followUpId, 'webhook-timestamp': timestamp, 'idempotency-key': followUpId,
        'webhook-signature': signatureOf(secret, followUpId, timestamp, JSON.stringify(body)),
      };
      await http.send({ vendor: 'webhook', method: 'POST', url: new URL(baseUrl), body, headers, schema: z.unknown(), signal, guarded: true });
    },
  },
} satisfies Record<string, Channel>;

export type ChannelName = keyof typeof CHANNELS;

export function isChannel(name: string): name is ChannelName {
  return Object.hasOwn(CHANNELS, name);
}

/** `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body. */
export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Sends once, and says what is known of the result. */
export async function deliver(channel: ChannelName, delivery: Delivery, destination: Destination, http: ApiClient, timeoutMs: number): Promise<DeliveryResult> {
  try {
    await CHANNELS[channel].send(delivery, destination, http, AbortSignal.timeout(timeoutMs));
    return { kind: 'delivered' };
  } catch (error) {
    if (error instanceof ProviderError) return resultOf(error, channel);
    return { kind: 'unclear', message: `Unexpected ${error instanceof Error ? error.name : typeof error} while sending.` };
  }
}

/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

function resultOf(error: ProviderError, channel: ChannelName): DeliveryResult {
  const { kind, message, retryAfterMs, status } = error;
  // A webhook's answer may be anything; its status is what counts.
  if (channel === 'webhook' && kind === 'invalid_response' && status !== undefined && status >= 200 && status < 300) return { kind: 'delivered' };
  const refused = (isFinal: boolean): DeliveryResult => ({ kind: 'refused', isFinal, message, retryAfterMs });
  switch (kind) {
    case 'rate_limited':
    case 'unauthorized':
    case 'forbidden':
      return refused(false);
    case 'not_found':
    case 'rejected_request':
    case 'blocked_address':
      return refused(true);
    case 'network':
      return wasNeverConnected(error) ? refused(false) : { kind: 'unclear', message };
    default:
      return { kind: 'unclear', message };
  }
}

function wasNeverConnected(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && NEVER_CONNECTED.has(at.code)) return true;
  }
  return false;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Plain text as paragraphs. */
export function toHtml(text: string): string {
  const escaped = text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
  return escaped.split(/\n{2,}/).map((paragraph) => `<p>${paragraph.replace(/\n/g, '<br>')}</p>`).join('');
}
