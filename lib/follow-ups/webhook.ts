/**
 * Signed webhooks, after Standard Webhooks 1.0: for everything that is not an EmailBison reply. The follow-up's id is
 * the idempotency key: the receiver knows a repetition by it, so an unclear delivery is made again.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { ProviderError } from '../providers/errors';
import { UnusableDeliveryError, wasNeverConnected, type Channel, type Failure } from './channel';

/** Gone for good, by the convention of webhooks: nothing more is to be sent. */
const GONE = 410;

export const webhook: Channel = {
  isIdempotent: true,
  checkThread: () => null,
  prepare({ followUpId, workspaceId, leadEmail, leadName, thread, destination: { baseUrl, secret } }) {
    if (!URL.canParse(baseUrl)) throw new UnusableDeliveryError("The webhook's address is not a URL.");
    const url = new URL(baseUrl);
    return {
      receiver: `webhook ${url.href}`,
      send: async (message, http, signal) => {
        const body = { type: 'followup.due', followUpId, workspaceId, lead: { email: leadEmail, name: leadName }, message, thread: thread ?? null };
        const timestamp = String(Math.floor(Date.now() / 1000));
        const headers = {
          'webhook-id': followUpId, 'webhook-timestamp': timestamp, 'idempotency-key': followUpId,
          'webhook-signature': signatureOf(secret, followUpId, timestamp, JSON.stringify(body)),
        };
        await http.send({ vendor: 'webhook', method: 'POST', url, body, headers, schema: z.unknown(), signal, guarded: true });
      },
    };
  },
  resultOf: (error) => meaningOf(error),
};

/** The status alone counts: what a receiver answers with it is its own. */
function meaningOf(error: ProviderError): Failure | 'delivered' {
  const { status, kind } = error;
  if (status !== undefined && status >= 200 && status < 300) return 'delivered';
  if (status === GONE) return { kind: 'refused', isFinal: true };
  const isRefusal = (status !== undefined && status >= 400 && status < 500 && kind !== 'timeout') || kind === 'blocked_address' || wasNeverConnected(error);
  return isRefusal ? { kind: 'refused', isFinal: false } : { kind: 'unclear' };
}

/** `whsec_` and base64, as Standard Webhooks writes it; any other text is the key itself. */
export function signingKey(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  return encoded === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(encoded, 'base64');
}

/** `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body. */
export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', signingKey(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
