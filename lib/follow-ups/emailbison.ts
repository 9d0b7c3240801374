/**
 * Replies in EmailBison's threads. Sources: `/master-inbox/responding-to-messages`. A reply has no idempotency key,
 * so a delivery that may have happened is never taken for one that did not: an email cannot be called back.
 */
import { z } from 'zod';
import { ProviderError, type ErrorKind } from '../providers/errors';
import { scrub } from '../providers/http-failures';
import type { ApiClient, ApiRequest } from '../providers/types';
import { doneOrRefused } from '../providers/emailbison/schema';
import { UnusableDeliveryError, wasNeverConnected, type Channel, type Destination, type Failure } from './channel';

const idText = z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,14}$/)]).transform(Number);

export const emailBisonThread = z.union([
  z.object({ replyId: idText, replyAll: z.literal(true) }),
  z.object({ replyId: idText, senderEmailId: idText }),
]);
const sentAnswer = z.object({ data: z.object({ success: z.boolean(), message: z.string().optional().catch(undefined) }) });

export const replySchema = z.object({
  id: z.int().positive(),
  lead_id: z.int().positive().nullish(),
  from_email_address: z.string().nullish(),
  automated_reply: z.union([z.boolean(), z.literal(0), z.literal(1)]).transform(Boolean).nullish(),
  folder: z.string().nullish(),
  type: z.string().nullish(),
});
export type Reply = z.output<typeof replySchema>;

/** @throws UnusableDeliveryError */
function urlOf({ baseUrl }: Destination, path: string): URL {
  const text = `${baseUrl.replace(/\/+$/, '').replace(/\/api$/, '')}/api/${path}`;
  if (!URL.canParse(text)) throw new UnusableDeliveryError('The base URL of EmailBison is not a URL.');
  return new URL(text);
}

interface Refused {
  success: false;
  message?: string | undefined;
}

/** Asks EmailBison for one of its rows. @throws ProviderError, `not_found` when it has none of that id */
async function read<T extends object>(http: ApiClient, destination: Destination, path: string, schema: ApiRequest<{ data: T | Refused }>['schema'], signal: AbortSignal): Promise<T> {
  const { data } = await http.send({ vendor: 'emailbison', method: 'GET', url: urlOf(destination, path), credential: destination.secret, schema, signal, guarded: true });
  if (isRefused(data)) throw new ProviderError({ vendor: 'emailbison', kind: 'rejected_request', message: 'EmailBison refused to show what was asked for.' });
  return data;
}

const isRefused = (data: object): data is Refused => 'success' in data && data.success === false;

export const readReply = async (http: ApiClient, destination: Destination, replyId: number, signal: AbortSignal): Promise<Reply> =>
  await read(http, destination, `replies/${replyId}`, doneOrRefused(replySchema), signal);

export const readLeadEmail = async (http: ApiClient, destination: Destination, leadId: number, signal: AbortSignal): Promise<string> =>
  (await read(http, destination, `leads/${leadId}`, doneOrRefused(z.object({ email: z.string().min(3) })), signal)).email;

export const emailBisonReply: Channel = {
  isIdempotent: false,
  checkThread: (thread) => (emailBisonThread.safeParse(thread).success ? null : 'must hold replyId, and senderEmailId or replyAll: true'),
  prepare({ leadEmail, leadName, thread, destination }) {
    const parsed = emailBisonThread.safeParse(thread);
    if (!parsed.success) throw new UnusableDeliveryError('The thread names no reply of EmailBison that can be answered.');
    const to = parsed.data;
    const url = urlOf(destination, `replies/${to.replyId}/reply`);
    return {
      receiver: `emailbison ${url.origin}`,
      ask: async (http, signal) => { await read(http, destination, `replies/${to.replyId}`, doneOrRefused(z.looseObject({})), signal); },
      send: async (message, http, signal) => {
        const body = {
          message: toHtml(message), content_type: 'html', inject_previous_email_body: true,
          ...('replyAll' in to
            ? { reply_all: true }
            : { sender_email_id: to.senderEmailId, to_emails: [{ name: leadName ?? leadEmail, email_address: leadEmail }] }),
        };
        const { data } = await http.send({ vendor: 'emailbison', method: 'POST', url, body, credential: destination.secret, schema: sentAnswer, signal, guarded: true });
        if (!data.success) {
          const said = data.message === undefined ? '' : `: ${scrub(data.message).slice(0, 200)}`;
          throw new ProviderError({ vendor: 'emailbison', kind: 'rejected_request', status: 200, message: `EmailBison did not accept the reply${said}` });
        }
      },
    };
  },
  resultOf: (error) => failureOf(error),
};

/** Answers that refuse before anything is done. A 5xx is none of them: one was seen after the work, too. */
const REFUSALS: ReadonlySet<ErrorKind> = new Set(['rate_limited', 'unauthorized', 'forbidden', 'blocked_address']);

function failureOf(error: ProviderError): Failure {
  if (REFUSALS.has(error.kind) || wasNeverConnected(error)) return { kind: 'refused', isFinal: false };
  if (error.kind === 'not_found') return { kind: 'refused', isFinal: true };
  // `success: false` may pass, as when an inbox is disconnected; a 400 or 422 is about the request.
  if (error.kind === 'rejected_request') return { kind: 'refused', isFinal: error.status !== 200 };
  return { kind: 'unclear' };
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Plain text as paragraphs. */
export function toHtml(text: string): string {
  const escaped = text.replace(/\r\n?/g, '\n').replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
  return escaped.split(/\n{2,}/).map((paragraph) => `<p>${paragraph.replace(/\n/g, '<br>')}</p>`).join('');
}
