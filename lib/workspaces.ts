/**
 * Adding, changing and removing workspaces. Input is checked here, whoever calls; a refusal is a
 * `WorkspaceInputError` whose message names what is wrong and what is right. Nothing here calls a calendar:
 * what changes is due at the next sweep, because its fingerprint is another.
 */
import { randomUUID } from 'node:crypto';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { quotaKeyOf, sealCredential, type CredentialKeys, type CredentialOwner } from './credentials';
import { inTransaction, type Connection, type Db, type Prisma } from './db';
import { detectCalendarType } from './providers/detect';

export class WorkspaceInputError extends Error {
  override name = 'WorkspaceInputError';

  /** @param fields the message of each input that is wrong, by its name; empty where it is none's alone */
  constructor(message: string, readonly fields: Readonly<Record<string, string>> = {}) {
    super(message);
  }
}

export const DURATION = { min: 5, max: 1440, default: 30 } as const;
export const DEFAULT_TIMEZONE = 'UTC';

/** PostgreSQL stores no NUL, and lists show a name on one line. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;
const text = (what: string) => z.string().trim().min(1, `${what} must not be empty`).max(200, `${what} must have at most 200 characters`).regex(PRINTABLE, `${what} must have no control characters`);
/** The refused value is shown, cut short: it may be a pasted page. */
const shown = (given: unknown): string => JSON.stringify(String(given).slice(0, 100));
const timezone = z.string().trim().refine((zone) => IANAZone.isValidZone(zone), {
  error: ({ input }) => `zone ${shown(input)} must be an IANA zone such as Europe/Berlin or UTC`,
});
const duration = z
  .union([z.number(), z.string().trim()])
  .refine((given) => /^\d{1,5}$/.test(String(given)) && Number(given) >= DURATION.min && Number(given) <= DURATION.max, {
    error: ({ input }) => `duration ${shown(input)} must be whole minutes from ${String(DURATION.min)} to ${String(DURATION.max)}`,
  })
  .transform(Number);
const url = z
  .string()
  .trim()
  .max(2000, 'url must have at most 2000 characters')
  .regex(PRINTABLE, 'url must have no control characters')
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: ({ input }) => `url ${shown(input)} must be a booking link that begins with https://`,
  });
const token = z.string().trim().min(1, 'the credential must not be empty').max(10_000, 'the credential is too long').regex(/^[\x21-\x7e]+$/, 'the credential must be one token, without spaces or line breaks');

const workspaceSchema = z.object({
  name: text('name'),
  agencyId: text('agency id').optional(),
  agencyName: text('agency name').optional(),
  url,
  timezone: timezone.default(DEFAULT_TIMEZONE),
  durationMinutes: duration.default(DURATION.default),
});

export type WorkspaceInput = z.input<typeof workspaceSchema>;
type Workspace = z.output<typeof workspaceSchema>;

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const field = issue.path.join('.');
    return { field, message: issue.code === 'invalid_type' && field !== '' ? `${field} is missing` : issue.message };
  });
  throw new WorkspaceInputError(problems.map(({ message }) => message).join('; '), Object.fromEntries(problems.map(({ field, message }) => [field, message])));
}

/** Checks one workspace without storing it. @throws WorkspaceInputError with every problem */
export function checkWorkspace(input: WorkspaceInput): Workspace {
  return check(workspaceSchema, input);
}

/** @returns the new workspace's id @throws WorkspaceInputError, also when the agency has one of that name */
export async function addWorkspace(db: Connection, input: WorkspaceInput): Promise<string> {
  const workspace = checkWorkspace(input);
  return await inTransaction(db, async (tx) => {
    const existing = await findByName(tx, workspace);
    if (existing) throw new WorkspaceInputError(`${workspace.agencyId ? `Agency ${workspace.agencyId}` : 'No agency'} already has a workspace ${JSON.stringify(workspace.name)}: ${existing}. Change that one, or choose another name.`);
    return await insert(tx, workspace);
  });
}

/**
 * Adds the workspace, or updates the one of the same agency and name. Doing it twice changes nothing.
 */
export async function importWorkspace(db: Connection, input: WorkspaceInput): Promise<{ id: string; outcome: 'added' | 'updated' | 'unchanged'; isAgencyRenamed?: boolean }> {
  const workspace = checkWorkspace(input);
  return await inTransaction(db, async (tx) => {
    const id = await findByName(tx, workspace);
    if (!id) return { id: await insert(tx, workspace), outcome: 'added' };
    const isAgencyRenamed = await saveAgency(tx, workspace);
    const link = await tx.calendarLink.findFirst({ where: { clientId: id, isDefault: true } });
    const settings = await tx.workspaceSettings.findUnique({ where: { clientId: id } });
    const isSame = isStored(link, workspace.url) && settings?.timezone === workspace.timezone && settings.meetingDurationMinutes === workspace.durationMinutes;
    if (isSame) return { id, outcome: 'unchanged', isAgencyRenamed };
    if (!isStored(link, workspace.url)) await saveLink(tx, id, workspace.url);
    await saveSettings(tx, id, { timezone: workspace.timezone, meetingDurationMinutes: workspace.durationMinutes });
    return { id, outcome: 'updated', isAgencyRenamed };
  });
}

/** Empty or `none` takes the threshold back. */
const openSlots = z
  .union([z.number(), z.string().trim()])
  .transform((given) => (given === '' || given === 'none' ? null : given))
  .refine((given) => given === null || (/^\d{1,5}$/.test(String(given)) && Number(given) >= 1), {
    error: ({ input }) => `the fewest open slots ${shown(input)} must be a whole number from 1 to 99999, or none`,
  })
  .transform((given) => (given === null ? null : Number(given)));

const changesSchema = z.object({ url: url.optional(), durationMinutes: duration.optional(), timezone: timezone.optional(), minOpenSlots: openSlots.optional() });
export type WorkspaceChanges = z.input<typeof changesSchema>;

/** All of it or nothing. A new link forgets the event type or calendar that was chosen behind the old one; the same one does not. */
export async function changeWorkspace(db: Connection, workspaceId: string, changes: WorkspaceChanges): Promise<void> {
  const { url: newUrl, durationMinutes, timezone: zone, minOpenSlots } = check(changesSchema, changes);
  await inTransaction(db, async (tx) => {
    await mustExist(tx, workspaceId);
    const link = await tx.calendarLink.findFirst({ where: { clientId: workspaceId, isDefault: true }, select: { url: true, type: true } });
    if (newUrl !== undefined && !isStored(link, newUrl)) await saveLink(tx, workspaceId, newUrl);
    await saveSettings(tx, workspaceId, {
      ...(zone !== undefined && { timezone: zone }),
      ...(durationMinutes !== undefined && { meetingDurationMinutes: durationMinutes }),
      ...(minOpenSlots !== undefined && { minOpenSlots }),
    });
  });
}

export async function changeLink(db: Db, workspaceId: string, newUrl: string): Promise<void> {
  await changeWorkspace(db, workspaceId, { url: newUrl });
}

export async function setDuration(db: Db, workspaceId: string, minutes: number | string): Promise<void> {
  await changeWorkspace(db, workspaceId, { durationMinutes: minutes });
}

export async function setTimezone(db: Db, workspaceId: string, zone: string): Promise<void> {
  await changeWorkspace(db, workspaceId, { timezone: zone });
}

/** No sweep, no offers, no alarms until it is resumed. Pausing twice keeps the first time. */
export async function pause(db: Connection, workspaceId: string, at: Date): Promise<void> {
  await mustExist(db, workspaceId);
  await pauseAll(db, [workspaceId], at);
}

export async function resume(db: Connection, workspaceId: string): Promise<void> {
  await mustExist(db, workspaceId);
  await resumeAll(db, [workspaceId]);
}

/** @returns the ids of those that were not paused and now are */
export async function pauseAll(db: Connection, workspaceIds: readonly string[], at: Date): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO "WorkspaceSettings" AS w ("clientId", "pausedAt")
    SELECT c.id, ${at}::timestamptz FROM "Client" c WHERE c.id = ANY(${[...workspaceIds]}::text[]) ORDER BY c.id
    ON CONFLICT ("clientId") DO UPDATE SET "pausedAt" = excluded."pausedAt" WHERE w."pausedAt" IS NULL
    RETURNING "clientId" AS id`;
  return rows.map(({ id }) => id);
}

/** @returns the ids of those that were paused and no longer are */
export async function resumeAll(db: Connection, workspaceIds: readonly string[]): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    UPDATE "WorkspaceSettings" SET "pausedAt" = NULL WHERE "clientId" = ANY(${[...workspaceIds]}::text[]) AND "pausedAt" IS NOT NULL
    RETURNING "clientId" AS id`;
  return rows.map(({ id }) => id);
}

/** Removes the workspace and everything that belongs to it, its history too, which has no foreign key. */
export async function remove(db: Connection, workspaceId: string): Promise<void> {
  const count = await inTransaction(db, async (tx) => {
    await tx.workspaceTransition.deleteMany({ where: { clientId: workspaceId } });
    await tx.workspaceHour.deleteMany({ where: { clientId: workspaceId } });
    return (await tx.client.deleteMany({ where: { id: workspaceId } })).count;
  });
  if (count === 0) throw notFound(workspaceId);
}

/** Which event type or calendar a link means that leads to several; null: the link alone decides again. */
export async function chooseCalendar(db: Connection, workspaceId: string, externalId: string | null): Promise<void> {
  const chosen = externalId === null ? null : check(text('the event type or calendar id'), externalId);
  await mustExist(db, workspaceId);
  const { count } = await db.calendarLink.updateMany({ where: { clientId: workspaceId, isDefault: true }, data: { externalId: chosen } });
  if (count === 0) throw new WorkspaceInputError(`Workspace ${workspaceId} has no calendar link to choose for.`);
}

/** Stores a token sealed. It is a new credential, also when the token is the same, and so tried at once. */
export async function setCredential(db: Connection, workspaceId: string, provider: CredentialOwner['provider'], plain: string, keys: CredentialKeys): Promise<void> {
  const checked = check(token, plain);
  await mustExist(db, workspaceId);
  const owner = { clientId: workspaceId, provider };
  const data = { id: randomUUID(), quotaKey: quotaKeyOf(provider, checked), createdAt: new Date(), ...sealCredential(keys, owner, checked) };
  await db.providerCredential.upsert({ where: { clientId_provider: owner }, create: { ...owner, ...data }, update: data });
}

export async function removeCredential(db: Connection, workspaceId: string, provider: CredentialOwner['provider']): Promise<void> {
  await mustExist(db, workspaceId);
  const { count } = await db.providerCredential.deleteMany({ where: { clientId: workspaceId, provider } });
  if (count === 0) throw new WorkspaceInputError(`Workspace ${workspaceId} has no ${provider} credential.`);
}

/** The workspaces that an id, the beginning of one, or a name means. */
export async function findWorkspaces(db: Db, idOrName: string): Promise<{ id: string; name: string; userId: string | null }[]> {
  const select = { id: true, name: true, userId: true };
  const exact = await db.client.findUnique({ where: { id: idOrName }, select });
  if (exact) return [exact];
  const where = { OR: [{ name: { equals: idOrName, mode: 'insensitive' as const } }, ...(idOrName.length >= 6 ? [{ id: { startsWith: idOrName } }] : [])] };
  return await db.client.findMany({ where, select, take: 20, orderBy: { id: 'asc' } });
}

type Tx = Prisma.TransactionClient;

async function findByName(tx: Tx, { name, agencyId }: Workspace): Promise<string | undefined> {
  // Serialises additions of one agency and name: the table itself may hold two of a name.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`workspace|${agencyId ?? ''}|${name}`}, 0))`;
  return (await tx.client.findFirst({ where: { name, userId: agencyId ?? null }, select: { id: true }, orderBy: { createdAt: 'asc' } }))?.id;
}

async function insert(tx: Tx, workspace: Workspace): Promise<string> {
  await saveAgency(tx, workspace);
  const { id } = await tx.client.create({ data: { name: workspace.name, userId: workspace.agencyId ?? null } });
  await saveLink(tx, id, workspace.url);
  await saveSettings(tx, id, { timezone: workspace.timezone, meetingDurationMinutes: workspace.durationMinutes });
  return id;
}

/** @returns whether its name is another now */
async function saveAgency(tx: Tx, { agencyId, agencyName }: Workspace): Promise<boolean> {
  if (agencyId === undefined || agencyName === undefined) return false;
  const before = await tx.agency.findUnique({ where: { id: agencyId }, select: { name: true } });
  if (before?.name === agencyName) return false;
  await tx.agency.upsert({ where: { id: agencyId }, create: { id: agencyId, name: agencyName }, update: { name: agencyName } });
  return true;
}

/** The same text is another link when it is understood otherwise now. */
function isStored(link: { url: string; type: string | null } | null, url: string): boolean {
  return link?.url === url && link.type === detectCalendarType(url);
}

async function saveLink(tx: Tx, clientId: string, value: string): Promise<void> {
  const data = { url: value, type: detectCalendarType(value), externalId: null };
  const { count } = await tx.calendarLink.updateMany({ where: { clientId, isDefault: true }, data });
  if (count === 0) await tx.calendarLink.create({ data: { clientId, name: 'Booking link', isDefault: true, ...data } });
}

interface Settings {
  timezone?: string;
  meetingDurationMinutes?: number;
  minOpenSlots?: number | null;
}

async function saveSettings(tx: Tx, clientId: string, settings: Settings): Promise<void> {
  await tx.workspaceSettings.upsert({ where: { clientId }, create: { clientId, ...settings }, update: settings });
}

async function mustExist(db: Connection, workspaceId: string): Promise<void> {
  if (!(await db.client.findUnique({ where: { id: workspaceId }, select: { id: true } }))) throw notFound(workspaceId);
}

const notFound = (workspaceId: string): WorkspaceInputError => new WorkspaceInputError(`There is no workspace ${JSON.stringify(workspaceId)}. List them with: npm run workspaces -- list`);
