/** How follow-ups come and go. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '../db';
import { normaliseEmail, upsertLead } from '../leads';
import { checkTemplate, DEFAULT_TEMPLATES } from '../slots/template';
import { CHANNELS, isChannel } from './deliver';

/** What a caller may not give, named. */
export class FollowUpInputError extends Error {
  override name = 'FollowUpInputError';
  constructor(readonly field: string, readonly problem: string) {
    super(`${field} ${problem}`);
  }
}

export const followUpInput = z.strictObject({
  workspaceId: z.string('must be a text').trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
  leadEmail: z.string('must be an e-mail address').trim().max(254, 'must have at most 254 characters').pipe(z.email('must be an e-mail address')),
  dueAt: z.iso.datetime({ offset: true, error: 'must be an instant with its zone, such as 2027-03-01T09:00:00Z' }).transform((iso) => Date.parse(iso)),
  channel: z.string('must be emailbison_reply or webhook').refine(isChannel, 'must be emailbison_reply or webhook'),
  thread: z.unknown().optional(),
  template: z.string('must be a text').optional(),
  externalId: z.string('must be a text').trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters').optional(),
});

export type FollowUpInput = z.output<typeof followUpInput>;

export interface CreatedFollowUp {
  id: string;
  /** False: it was there already, by its `externalId`, and stays as it was. */
  isNew: boolean;
}

/**
 * Adds a follow-up; repeatable with an `externalId`. The workspace's existence and owner are the caller's check.
 * @throws FollowUpInputError a template or thread that cannot be used
 */
export async function createFollowUp(db: Db, input: FollowUpInput): Promise<CreatedFollowUp> {
  const { workspaceId, leadEmail, dueAt, channel, thread, externalId } = input;
  const settings = await db.workspaceSettings.findUnique({ where: { clientId: workspaceId }, select: { followUpTemplate: true } });
  const template = input.template ?? settings?.followUpTemplate ?? DEFAULT_TEMPLATES.followUp;
  const checked = checkTemplate(template, 'followUp');
  if (checked.kind === 'invalid') throw new FollowUpInputError('template', `is not right: ${checked.problems.join(' ')}`);
  if (isChannel(channel)) {
    const problem = CHANNELS[channel].checkThread(thread);
    if (problem !== null) throw new FollowUpInputError('thread', `is not right: ${problem}`);
  }
  const leadId = await upsertLead(db, workspaceId, { email: leadEmail });
  const rows = await db.$queryRaw<{ id: string; isNew: boolean }[]>`
    WITH added AS (
      INSERT INTO "FollowUp" (id, "clientId", "leadId", "dueAt", "nextAttemptAt", template, channel, thread, "externalId")
      VALUES (${randomUUID()}, ${workspaceId}, ${leadId}, to_timestamp(${dueAt}::float8 / 1000.0), to_timestamp(${dueAt}::float8 / 1000.0),
        ${template}, ${channel}, ${thread === undefined ? null : JSON.stringify(thread)}::jsonb, ${externalId ?? null})
      ON CONFLICT ("clientId", "externalId") DO NOTHING
      RETURNING id
    )
    SELECT id, true AS "isNew" FROM added
    UNION ALL SELECT id, false FROM "FollowUp" WHERE "clientId" = ${workspaceId} AND "externalId" = ${externalId ?? null} AND NOT EXISTS (SELECT FROM added)`;
  const [row] = rows;
  // Another call added it between the two halves of the statement: now it is there.
  if (!row) return await createFollowUp(db, input);
  return row;
}

/**
 * Cancels what is not sent yet: a reply or a booking came. One whose send has begun is left to its sender; one
 * that is only claimed loses its claim, so that the sender's next conditional write finds nothing.
 * @returns how many
 */
export async function cancelFollowUps(db: Db, of: { workspaceId: string; leadEmail: string; reason: string }): Promise<number> {
  return await db.$executeRaw`
    UPDATE "FollowUp" f SET state = 'cancelled', reason = ${of.reason}, "claimToken" = NULL, "claimedUntil" = NULL, "finishedAt" = clock_timestamp()
    FROM "Lead" l WHERE l.id = f."leadId" AND l."clientId" = ${of.workspaceId} AND lower(l.email) = ${normaliseEmail(of.leadEmail)}
      AND (f.state = 'pending' OR (f.state = 'sending' AND f."intendedAt" IS NULL))`;
}
