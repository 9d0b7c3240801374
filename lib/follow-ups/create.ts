/** How follow-ups come. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Prisma, sqlState, type Connection } from '../db';
import { upsertLead } from '../leads';
import { instantOf } from '../refresh/configured';
import { checkTemplate, DEFAULT_TEMPLATES } from '../slots/template';
import { knownZone } from '../slots/zone';
import { CHANNEL_NAMES, CHANNELS, isChannel } from './channels';

/** What a caller may not give, named. */
export class FollowUpInputError extends Error {
  override name = 'FollowUpInputError';
  constructor(readonly field: string, readonly problem: string) {
    super(`${field} ${problem}`);
  }
}

const MAX_THREAD_CHARACTERS = 4_000;
/** No control characters, and no half of a surrogate pair: PostgreSQL stores neither in JSON. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;
const text = (maxLength: number) =>
  z.string('must be a text').trim().min(1, 'must not be empty').max(maxLength, `must have at most ${maxLength} characters`).regex(PRINTABLE, 'must have no control characters');
const [EARLIEST, LATEST] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)];

/** JSON of any shape; what is in it is the channel's. PostgreSQL stores no NUL and no half of a surrogate pair. */
function jsonOf(given: unknown): string {
  if (given === undefined) return '';
  try {
    return JSON.stringify(given);
  } catch (error) {
    // Thousands of lists in each other: no shorter than what is too long.
    if (error instanceof RangeError) return ' '.repeat(MAX_THREAD_CHARACTERS + 1);
    throw error;
  }
}
const thread = z.unknown()
  .refine((given) => jsonOf(given).length <= MAX_THREAD_CHARACTERS, `must have at most ${MAX_THREAD_CHARACTERS} characters of JSON`)
  .refine((given) => !/\\u(?:0000|d[89a-f][0-9a-f]{2})/i.test(jsonOf(given)), 'must have no control characters');

export const followUpInput = z.strictObject({
  workspaceId: text(200).describe('The workspace whose times are offered.'),
  leadEmail: z.email('must be an e-mail address').max(254, 'must have at most 254 characters').describe('Whom it is to.'),
  leadFirstName: text(200).optional(),
  leadLastName: text(200).optional(),
  leadTimezone: z.string('must be a text').refine((zone) => knownZone(zone) !== null, 'must be an IANA time zone such as Europe/Berlin').optional()
    .describe("Times are written in it, and lie between 07:00 and 21:00 of it. Default: what is known of the lead, else the workspace's zone."),
  dueAt: z.iso.datetime({ offset: true, error: 'must be an instant with its zone, such as 2027-03-01T09:00:00Z' })
    .transform((iso) => Date.parse(iso)).refine((ms) => ms >= EARLIEST && ms < LATEST, 'must be between the years 2000 and 2100')
    .describe("Not sent before; outside the workspace's working hours, at their next opening."),
  channel: z.enum(CHANNEL_NAMES, `must be ${CHANNEL_NAMES.join(' or ')}`),
  thread: thread.optional()
    .describe("emailbison_reply: {replyId, senderEmailId} or {replyId, replyAll: true}, by EmailBison's ids. webhook: anything; it is sent along."),
  template: z.string('must be a text').optional().describe("With {{options}} or {{option1}} and more, and if wanted {{booking_link}}. Default: the workspace's."),
  externalId: text(200).optional().describe('Yours. The same again adds nothing.'),
}).meta({ title: 'Follow-up to add' });

export type FollowUpInput = z.output<typeof followUpInput>;

export interface CreatedFollowUp {
  id: string;
  /** False: it was there already, by its `externalId`, and stays as it was. */
  isNew: boolean;
}

/**
 * Adds a follow-up; repeatable with an `externalId`. The workspace's owner is the caller's check.
 * @returns null when there is no such workspace @throws FollowUpInputError a template or thread that cannot be used
 */
export async function createFollowUp(db: Connection, input: FollowUpInput): Promise<CreatedFollowUp | null> {
  const { workspaceId, channel, externalId } = input;
  const client = await db.client.findUnique({ where: { id: workspaceId }, select: { settings: { select: { followUpTemplate: true } } } });
  if (!client) return null;
  const template = input.template ?? client.settings?.followUpTemplate ?? DEFAULT_TEMPLATES.followUp;
  const checked = checkTemplate(template, 'followUp');
  if (checked.kind === 'invalid') throw new FollowUpInputError('template', `is not right: ${checked.problems.join(' ')}`);
  if (isChannel(channel)) {
    const problem = CHANNELS[channel].checkThread(input.thread);
    if (problem !== null) throw new FollowUpInputError('thread', problem);
  }
  try {
    const leadId = await upsertLead(db, workspaceId, { email: input.leadEmail, firstName: input.leadFirstName ?? null, lastName: input.leadLastName ?? null, timezone: input.leadTimezone ?? null });
    return (await insert(db, leadId, template, input)) ?? (await insert(db, leadId, template, input)) ?? raced(externalId);
  } catch (error) {
    // Removed at this moment.
    if (sqlState(error) === '23503') return null;
    throw error;
  }
}

function raced(externalId: string | undefined): never {
  throw new Error(`follow-up ${JSON.stringify(externalId)} came and went`);
}

/** Null: another call added it between the two halves of the statement; asked again, it is there. */
async function insert(db: Connection, leadId: string, template: string, { workspaceId, dueAt, channel, thread: given, externalId }: FollowUpInput): Promise<CreatedFollowUp | null> {
  const due = instantOf(Prisma.sql`${dueAt}::float8`);
  const rows = await db.$queryRaw<CreatedFollowUp[]>`
    WITH added AS (
      INSERT INTO "FollowUp" (id, "clientId", "leadId", "dueAt", "nextAttemptAt", template, channel, thread, "externalId")
      VALUES (${randomUUID()}, ${workspaceId}, ${leadId}, ${due}, ${due}, ${template}, ${channel},
        ${given === undefined || given === null ? null : JSON.stringify(given)}::jsonb, ${externalId ?? null})
      ON CONFLICT ("clientId", "externalId") DO NOTHING
      RETURNING id
    )
    SELECT id, true AS "isNew" FROM added
    UNION ALL SELECT id, false FROM "FollowUp" WHERE "clientId" = ${workspaceId} AND "externalId" = ${externalId ?? null} AND NOT EXISTS (SELECT FROM added)`;
  return rows[0] ?? null;
}
