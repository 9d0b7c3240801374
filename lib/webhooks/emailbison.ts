/**
 * Replies that EmailBison tells of: a lead who replied is not followed up any more.
 *
 * EmailBison signs nothing, so the address is the secret, and what the payload says is not believed: the reply is
 * fetched again with the workspace's own token. The event is remembered by the statement that acts on it, so a
 * redelivery does nothing, and one that could not be verified leaves no trace and may come again.
 */
import { timingSafeEqual } from 'node:crypto';
import { parseCredentialKeys } from '../credentials';
import type { Db } from '../db';
import { cancelAfterReply } from '../follow-ups/cancel';
import { readLeadEmail, readReply, type Reply } from '../follow-ups/emailbison';
import { hashOfWebhookToken } from '../follow-ups/settings';
import { readFollowUpWorkspace } from '../follow-ups/workspaces';
import { log } from '../log';
import { ProviderError } from '../providers/errors';
import type { ApiClient } from '../providers/types';
import { readPayload } from './payload';

export interface WebhookDeps {
  db: Db;
  http: ApiClient;
  credentialsKey: string | undefined;
}

export type WebhookOutcome =
  | { kind: 'unknown_address' }
  | { kind: 'bad_payload' }
  /** Nothing follows from it: another event, an automatic answer, one of our own messages. */
  | { kind: 'ignored'; reason: string }
  | { kind: 'duplicate' }
  | { kind: 'cancelled'; followUps: number }
  /** EmailBison has no such reply. */
  | { kind: 'not_there' }
  /** It cannot be verified now; nothing is marked. */
  | { kind: 'unverified' };

/** EmailBison waits for the answer. */
const FETCH_TIMEOUT_MS = 6_000;

/** Whose address it is. Unknown ones take the same way, through the same lookup by hash. */
export async function workspaceOfToken(db: Db, token: string): Promise<string | null> {
  const hash = hashOfWebhookToken(token);
  const found = await db.workspaceSettings.findUnique({ where: { webhookTokenHash: hash }, select: { clientId: true, webhookTokenHash: true } });
  const isSame = timingSafeEqual(Buffer.from(hash), Buffer.from(found?.webhookTokenHash ?? hashOfWebhookToken('')));
  return found && isSame ? found.clientId : null;
}

export async function receiveEmailBisonEvent(deps: WebhookDeps, workspaceId: string, body: unknown): Promise<WebhookOutcome> {
  const payload = readPayload(body);
  if (payload.kind === 'unreadable') return { kind: 'bad_payload' };
  if (payload.kind === 'other') return { kind: 'ignored', reason: payload.type };
  const { replyId } = payload;
  const key = keyOf(replyId);
  // Before the call to EmailBison: redeliveries come in bursts.
  if (await deps.db.webhookEvent.findUnique({ where: { clientId_key: { clientId: workspaceId, key } } })) return { kind: 'duplicate' };
  const verified = await verify(deps, workspaceId, replyId);
  if (!('emails' in verified)) return verified;
  return await actOnce(deps.db, workspaceId, key, verified);
}

/** Of the reply, not of the event: "replied" and, days later, "interested" are about the same one. */
const keyOf = (replyId: number): string => `reply:${replyId}`;

interface Verified {
  replyId: number;
  emails: string[];
  emailBisonLeadId: string | null;
}

async function verify({ db, http, credentialsKey }: WebhookDeps, workspaceId: string, replyId: number): Promise<Verified | WebhookOutcome> {
  try {
    const workspace = await readFollowUpWorkspace(db, workspaceId, credentialsKey === undefined ? undefined : parseCredentialKeys(credentialsKey));
    if (!workspace) return { kind: 'unverified' };
    const destination = workspace.destinationOf('emailbison_reply');
    const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
    const reply = await readReply(http, destination, replyId, signal);
    if (reply.id !== replyId) return { kind: 'unverified' };
    const reason = reasonToIgnore(reply);
    if (reason !== null) return { kind: 'ignored', reason };
    const emailBisonLeadId = reply.lead_id == null ? null : String(reply.lead_id);
    const emails = reply.from_email_address ? [reply.from_email_address] : [];
    // They may write from another address than the one that is known here.
    if (reply.lead_id != null && !(await isKnown(db, workspaceId, emails, emailBisonLeadId))) emails.push(await readLeadEmail(http, destination, reply.lead_id, signal));
    return { replyId, emails, emailBisonLeadId };
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'not_found') return { kind: 'not_there' };
    log().warn({ workspaceId, error: error instanceof ProviderError ? error.kind : error instanceof Error ? error.name : 'unknown' }, 'webhook_unverified');
    return { kind: 'unverified' };
  }
}

/** An out-of-office answer is no word of the lead; what we sent ourselves is none either. */
function reasonToIgnore({ automated_reply: isAutomated, folder, type }: Reply): string | null {
  if (isAutomated === true) return 'automated_reply';
  return folder?.toLowerCase() === 'sent' || /^outgoing/i.test(type ?? '') ? 'outgoing' : null;
}

async function isKnown(db: Db, workspaceId: string, emails: readonly string[], emailBisonLeadId: string | null): Promise<boolean> {
  const rows = await db.$queryRaw<{ known: boolean }[]>`
    SELECT EXISTS (SELECT FROM "Lead" l WHERE l."clientId" = ${workspaceId}
      AND (lower(l.email) = ANY(${emails.map((email) => email.trim().toLowerCase())}::text[]) OR l."emailBisonLeadId" = ${emailBisonLeadId}::text)) AS known`;
  return rows[0]?.known === true;
}

/** Remembers and acts together: of deliveries at the same moment, one waits for the other and then finds it done. */
async function actOnce(db: Db, workspaceId: string, key: string, verified: Verified): Promise<WebhookOutcome> {
  return await db.$transaction(async (tx): Promise<WebhookOutcome> => {
    const added = await tx.$executeRaw`INSERT INTO "WebhookEvent" ("clientId", key) VALUES (${workspaceId}, ${key}) ON CONFLICT DO NOTHING`;
    if (added === 0) return { kind: 'duplicate' };
    return { kind: 'cancelled', followUps: await cancelAfterReply(tx, { workspaceId, ...verified }) };
  }, { timeout: 5_000 });
}
