import { type Answer, json } from '../http';
import { addVariable } from './build';
import { bisonError, Problems } from './errors';
import { type BisonRequest, paged } from './request';
import { variableJson, webhookJson } from './wire';

/** Custom variables and webhook addresses of a workspace. */

export function listVariables(context: BisonRequest): Answer {
  return paged(context, [...context.workspace.variables.values()], variableJson);
}

export function createVariable({ world, workspace, settings, body, nowMs }: BisonRequest): Answer {
  const { name } = body;
  const problems = new Problems();
  if (typeof name !== 'string' || name.trim() === '') problems.required('name');
  else if (workspace.variables.has(name.trim().toLowerCase())) problems.add('name', 'The name has already been taken.');
  const refusal = problems.answer(settings);
  if (refusal || typeof name !== 'string') return refusal ?? bisonError(422);
  return json({ data: variableJson(addVariable(workspace, name.trim(), world.ids, nowMs)) }, 201);
}

export function listWebhooks(context: BisonRequest): Answer {
  return paged(context, [...context.workspace.webhooks.values()], webhookJson);
}

export function createWebhook({ world, workspace, settings, body }: BisonRequest): Answer {
  const { name, url, events } = body;
  const problems = new Problems();
  if (typeof name !== 'string' || name === '') problems.required('name');
  if (typeof url !== 'string' || url === '') problems.required('url');
  else if (!URL.canParse(url)) problems.add('url', 'The url field must be a valid URL.');
  if (!Array.isArray(events) || events.length === 0) problems.required('events');
  const refusal = problems.answer(settings);
  if (refusal) return refusal;
  const webhook = {
    id: world.ids.take('webhook'),
    name: String(name),
    url: String(url),
    events: (events as unknown[]).map((event) => String(event).toLowerCase()),
  };
  workspace.webhooks.set(webhook.id, webhook);
  return json({ data: webhookJson(webhook) }, 201);
}

export function deleteWebhook({ workspace, ids }: BisonRequest): Answer {
  if (!workspace.webhooks.delete(ids[0] ?? 0)) return bisonError(404);
  return json({ data: { success: true, message: 'Webhook deleted.' } });
}
