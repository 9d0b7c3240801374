import { type Answer, json } from '../http';
import { idLike } from '../random';
import { bisonError, Problems } from './errors';
import { withLead } from './leads';
import { type BisonRequest, filterOf, isRecord, paged } from './request';
import type { Reply } from './state';
import { replyJson } from './wire';

/** The master inbox: what leads wrote, and answering them. */

export function listReplies(context: BisonRequest): Answer {
  return filtered(context, [...context.workspace.replies.values()]);
}

export function listLeadReplies(context: BisonRequest): Answer {
  return withLead(context, (lead) =>
    filtered(context, [...context.workspace.replies.values()].filter((reply) => reply.lead === lead)),
  );
}

/** The inbox, unless another folder is asked for. */
function filtered(context: BisonRequest, replies: readonly Reply[]): Answer {
  const folder = (filterOf(context, 'filters[folder]', 'folder') ?? 'inbox').toLowerCase();
  const found = replies.filter((reply) => folder === 'all' || reply.folder.toLowerCase() === folder);
  return paged(context, found, replyJson);
}

export function readReply({ workspace, ids }: BisonRequest): Answer {
  const reply = workspace.replies.get(ids[0] ?? 0);
  return reply ? json({ data: replyJson(reply) }) : bisonError(404);
}

/** Not idempotent: the same request twice is two emails. */
export function sendReply(context: BisonRequest): Answer {
  const { world, workspace, settings, body, ids, nowMs } = context;
  const parent = workspace.replies.get(ids[0] ?? 0);
  if (!parent) return bisonError(404);
  const refusal = problemsOf(context).answer(settings);
  if (refusal) return refusal;
  if (settings.refusesReplies !== null) return json({ data: { success: false, message: settings.refusesReplies } });
  const sender = workspace.senders.get(Number(body.sender_email_id)) ?? parent.sender;
  const to = [...recipientsOf(body.to_emails)];
  if (body.reply_all === true) to.push({ name: parent.fromName, address: parent.fromEmail });
  const message = typeof body.message === 'string' ? body.message : '';
  const contentType = body.content_type === 'text' ? 'text' : 'html';
  world.log.accepted.push({
    number: world.log.accepted.length + 1,
    atMs: nowMs,
    workspaceId: workspace.id,
    replyId: parent.id,
    leadId: parent.lead?.id ?? null,
    message,
    contentType,
    senderEmailId: sender?.id ?? null,
    to,
    body,
  });
  const id = world.ids.take('reply');
  workspace.replies.set(id, {
    ...parent,
    id,
    uuid: idLike.uuid(`reply ${id}`),
    sender,
    text: contentType === 'text' ? message : message.replaceAll(/<[^>]*>/g, ''),
    html: message,
    fromName: sender?.name ?? '',
    fromEmail: sender?.email ?? '',
    to,
    receivedMs: nowMs,
    isAutomated: false,
    isInterested: false,
    folder: 'Sent',
    type: 'Outgoing Email',
    parentId: parent.id,
  });
  return json({ data: { success: true, message: 'Reply queued' } });
}

function problemsOf({ workspace, body }: BisonRequest): Problems {
  const problems = new Problems();
  const isReplyAll = body.reply_all === true;
  if (!body.message && !body.reply_template_id) problems.required('message');
  if (body.sender_email_id === undefined || body.sender_email_id === null) {
    if (!isReplyAll) problems.required('sender_email_id');
  } else if (!workspace.senders.has(Number(body.sender_email_id))) {
    problems.add('sender_email_id', 'The selected sender email id is invalid.');
  }
  const { to_emails: to } = body;
  if (!Array.isArray(to) || to.length === 0) {
    if (!isReplyAll) problems.required('to_emails');
  } else if (recipientsOf(to).length < to.length) problems.required('to_emails.0.email_address');
  if (body.content_type !== undefined && body.content_type !== 'html' && body.content_type !== 'text') {
    problems.add('content_type', 'The selected content type is invalid.');
  }
  return problems;
}

/** What comes in is `email_address`; what is read back is `address`. */
function recipientsOf(list: unknown): { name: string; address: string }[] {
  return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((item) =>
    isRecord(item) && typeof item.email_address === 'string' && item.email_address !== ''
      ? [{ name: typeof item.name === 'string' ? item.name : '', address: item.email_address }]
      : [],
  );
}
