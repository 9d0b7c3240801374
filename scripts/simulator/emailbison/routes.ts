import type { Answer } from '../http';
import {
  attachLeads, listCampaignLeads, listCampaigns, listCampaignSenders, listSenders, pauseCampaign, readCampaign, readSchedule,
  readSteps, resumeCampaign, stopFutureEmails,
} from './campaigns';
import { listCampaignEmails, listEmails, listLeadEmails, readEmail } from './emails';
import { patchLead, putLead, readLead } from './leads';
import { listLeadReplies, listReplies, readReply, sendReply } from './replies';
import type { BisonRequest } from './request';
import { createVariable, createWebhook, deleteWebhook, listVariables, listWebhooks } from './settings-api';

/** Every endpoint that is simulated. `:id` is a number. */

export interface Route {
  method: string;
  path: readonly string[];
  /** What fault rules and request events call it. */
  endpoint: string;
  /** What a client cannot do without, most important first. */
  requiredFields: readonly string[];
  answer: (context: BisonRequest) => Answer;
}

const LIST = ['data', 'meta'];
const ONE = ['data'];
const ACTION = ['success', 'data'];

const table: readonly [method: string, path: string, endpoint: string, requiredFields: readonly string[], answer: Route['answer']][] = [
  ['GET', 'campaigns', 'campaigns', LIST, listCampaigns],
  ['GET', 'campaigns/:id', 'campaign', ONE, readCampaign],
  ['PATCH', 'campaigns/:id/pause', 'campaign-pause', ONE, pauseCampaign],
  ['PATCH', 'campaigns/:id/resume', 'campaign-resume', ONE, resumeCampaign],
  ['GET', 'campaigns/:id/leads', 'campaign-leads', ['lead_campaign_data', ...LIST], listCampaignLeads],
  ['POST', 'campaigns/:id/leads/attach-leads', 'attach-leads', ACTION, attachLeads],
  ['POST', 'campaigns/:id/leads/stop-future-emails', 'stop-future-emails', ACTION, stopFutureEmails],
  ['GET', 'campaigns/:id/scheduled-emails', 'campaign-scheduled-emails', ['scheduled_date', ...LIST], listCampaignEmails],
  ['GET', 'campaigns/:id/schedule', 'campaign-schedule', ONE, readSchedule],
  ['GET', 'campaigns/:id/sender-emails', 'campaign-sender-emails', LIST, listCampaignSenders],
  ['GET', 'campaigns/v1.1/:id/sequence-steps', 'sequence-steps', ['sequence_steps', ...ONE], readSteps],
  ['GET', 'sender-emails', 'sender-emails', LIST, listSenders],
  ['GET', 'scheduled-emails', 'scheduled-emails', ['scheduled_date', ...LIST], listEmails],
  ['GET', 'scheduled-emails/:id', 'scheduled-email', ['scheduled_date', ...ONE], readEmail],
  ['GET', 'leads/:id', 'lead', ['custom_variables', ...ONE], readLead],
  ['PATCH', 'leads/:id', 'lead-patch', ['custom_variables', ...ONE], patchLead],
  ['PUT', 'leads/:id', 'lead-put', ['custom_variables', ...ONE], putLead],
  ['GET', 'leads/:id/scheduled-emails', 'lead-scheduled-emails', ['scheduled_date', ...LIST], listLeadEmails],
  ['GET', 'leads/:id/replies', 'lead-replies', LIST, listLeadReplies],
  ['GET', 'custom-variables', 'custom-variables', LIST, listVariables],
  ['POST', 'custom-variables', 'custom-variable-create', ['name', ...ONE], createVariable],
  ['GET', 'replies', 'replies', LIST, listReplies],
  ['GET', 'replies/:id', 'reply', ['lead_id', ...ONE], readReply],
  ['POST', 'replies/:id/reply', 'reply-send', ACTION, sendReply],
  ['GET', 'webhook-url', 'webhooks', LIST, listWebhooks],
  ['POST', 'webhook-url', 'webhook-create', ['id', ...ONE], createWebhook],
  ['DELETE', 'webhook-url/:id', 'webhook-delete', ACTION, deleteWebhook],
];

const routes: readonly Route[] = table.map(([method, path, endpoint, requiredFields, answer]) => ({
  method,
  path: path.split('/'),
  endpoint,
  requiredFields,
  answer,
}));

export type Found = { route: Route; ids: number[] } | 'wrongMethod' | undefined;

export function findRoute(method: string, segments: readonly string[]): Found {
  let isKnownPath = false;
  for (const route of routes) {
    const ids = match(route.path, segments);
    if (!ids) continue;
    if (route.method === method) return { route, ids };
    isKnownPath = true;
  }
  return isKnownPath ? 'wrongMethod' : undefined;
}

function match(path: readonly string[], segments: readonly string[]): number[] | undefined {
  if (path.length !== segments.length) return undefined;
  const ids: number[] = [];
  for (const [index, part] of path.entries()) {
    const segment = segments[index] ?? '';
    if (part === ':id' && /^\d{1,15}$/.test(segment)) ids.push(Number(segment));
    else if (part !== segment) return undefined;
  }
  return ids;
}
