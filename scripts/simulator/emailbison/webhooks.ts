import http from 'node:http';
import https from 'node:https';
import type { Reply, Workspace } from './state';
import { emailStatus, leadJson, replyJson, senderJson, wireInstant, wireWallClock } from './wire';

/** Webhooks as EmailBison sends them: unsigned, sometimes more than once. */

export interface Delivery {
  url: string;
  /** Absent: nobody answered. */
  status?: number;
  error?: string;
}

const DELIVERY_TIMEOUT_MS = 15_000;

export function replyPayload(workspace: Workspace, reply: Reply, type: string): unknown {
  const { lead, campaign, email, sender } = reply;
  return {
    event: {
      type,
      name: 'Contact Replied',
      instance_url: workspace.instance.baseUrl,
      workspace_id: workspace.number,
      workspace_name: workspace.name,
    },
    data: {
      reply: replyJson(reply),
      ...(lead ? { lead: leadJson(lead) } : {}),
      ...(campaign ? { campaign: { id: campaign.id, name: campaign.name } } : {}),
      ...(email
        ? {
            scheduled_email: {
              id: email.id,
              lead_id: email.lead.id,
              sequence_step_id: email.step?.id ?? null,
              email_subject: email.subject,
              email_body: email.body,
              status: emailStatus(email),
              scheduled_date_est: wireWallClock('America/New_York', email.scheduledMs),
              scheduled_date_local: wireWallClock(email.campaign.zone, email.scheduledMs),
              local_timezone: email.campaign.zone,
              sent_at: email.sentMs === null ? null : wireInstant(email.sentMs),
            },
          }
        : {}),
      ...(sender ? { sender_email: { ...senderJson(sender), type: 'custom' } } : {}),
    },
  };
}

/** One delivery. A receiver that fails is an outcome, not an error. */
export function postJson(url: string, payload: unknown, signal: AbortSignal): Promise<Delivery> {
  const body = Buffer.from(JSON.stringify(payload));
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ url, error: error.message });
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    // A connection of its own: none stays open for a test to trip over.
    const outgoing = request(url, { method: 'POST', agent: false, headers, signal, timeout: DELIVERY_TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('error', fail);
      response.on('end', () => resolve({ url, status: response.statusCode ?? 0 }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('The receiver did not answer')));
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
