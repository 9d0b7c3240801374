/** `POST /api/followups`: an agency's tool asks for a message to a lead. */
import { z } from 'zod';
import { createFollowUp, FollowUpInputError, followUpInput } from '../followups';
import type { ApiHandler } from './api-route';
import { readJsonBody } from './input';
import { badRequest, workspaceNotFound } from './problem';

export const followUpBody = followUpInput;

export const followUpAnswer = z.strictObject({
  id: z.string().describe('Also the idempotency key of its webhook.'),
  workspaceId: z.string(),
  leadEmail: z.string().describe('In lower case.'),
  channel: z.string(),
  dueAt: z.iso.datetime(),
  externalId: z.string().nullable(),
  state: z.enum(['pending', 'sending', 'sent', 'unknown', 'failed', 'expired', 'cancelled']),
  reason: z.string().nullable().describe('Why it waits, or why it ended unsent.'),
}).meta({ title: 'Follow-up' });

export const postFollowUpHandler: ApiHandler = async ({ request, agencyId, deps: { db } }) => {
  const body = await readJsonBody(followUpBody, request);
  const workspace = await db.client.findFirst({ where: { id: body.workspaceId, userId: agencyId }, select: { id: true } });
  if (!workspace) throw workspaceNotFound();
  const created = await createFollowUp(db, body).catch((error: unknown) => {
    throw error instanceof FollowUpInputError ? badRequest([{ field: error.field, message: error.problem }]) : error;
  });
  const stored = created && (await db.followUp.findUnique({ where: { id: created.id }, include: { lead: { select: { email: true } } } }));
  // The workspace, or the lead, was removed at this moment.
  if (!stored) throw workspaceNotFound();
  const answer: z.infer<typeof followUpAnswer> = {
    id: stored.id, workspaceId: stored.clientId, leadEmail: stored.lead.email, channel: stored.channel,
    dueAt: stored.dueAt.toISOString(), externalId: stored.externalId, state: stored.state, reason: stored.reason,
  };
  return Response.json(answer, { status: created.isNew ? 201 : 200, headers: { 'cache-control': 'no-store' } });
};
