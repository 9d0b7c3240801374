/**
 * Adding, changing and removing workspaces. Input is checked here, whoever calls; a refusal is a
 * `WorkspaceInputError` whose message names what is wrong and what is right. Nothing here calls a calendar:
 * what changes is due at the next sweep, because its fingerprint is another.
 */
import { randomUUID } from 'node:crypto';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { quotaKeyOf, sealCredential, type CredentialKeys, type CredentialOwner } from './credentials';
import type { Db, Prisma } from './db';
import { detectCalendarType } from './providers/detect';

export class WorkspaceInputError extends Error {
  override name = 'WorkspaceInputError';
}

export const DURATION = { min: 5, max: 1440, default: 30 } as const;
export const DEFAULT_TIMEZONE = 'UTC';

const text = (what: string) => z.string().trim().min(1, `${what} must not be empty`).max(200, `${what} must have at most 200 characters`);
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
  const messages = parsed.error.issues.map((issue) => (issue.code === 'invalid_type' && issue.path.length > 0 ? `${issue.path.join('.')} is missing` : issue.message));
  throw new WorkspaceInputError(messages.join('; '));
}

/** Checks one workspace without storing it. @throws WorkspaceInputError with every problem */
export function checkWorkspace(input: WorkspaceInput): Workspace {
  return check(workspaceSchema, input);
}

/** @returns the new workspace's id @throws WorkspaceInputError, also when the agency has one of that name */
export async function addWorkspace(db: Db, input: WorkspaceInput): Promise<string> {
  const workspace = checkWorkspace(input);
  return await db.$transaction(async (tx) => {
    const existing = await findByName(tx, workspace);
    if (existing) throw new WorkspaceInputError(`${workspace.agencyId ? `Agency ${workspace.agencyId}` : 'No agency'} already has a workspace ${JSON.stringify(workspace.name)}: ${existing}. Change that one, or choose another name.`);
    return await insert(tx, workspace);
  });
}

/**
 * Adds the workspace, or updates the one of the same agency and name. Doing it twice changes nothing.
 */
export async function importWorkspace(db: Db, input: WorkspaceInput): Promise<{ id: string; outcome: 'added' | 'updated' | 'unchanged' }> {
  const workspace = checkWorkspace(input);
  return await db.$transaction(async (tx) => {
    const id = await findByName(tx, workspace);
    if (!id) return { id: await insert(tx, workspace), outcome: 'added' };
    await saveAgency(tx, workspace);
    const link = await tx.calendarLink.findFirst({ where: { clientId: id, isDefault: true } });
    const settings = await tx.workspaceSettings.findUnique({ where: { clientId: id } });
    const isSame = link?.url === workspace.url && settings?.timezone === workspace.timezone && settings.meetingDurationMinutes === workspace.durationMinutes;
    if (isSame) return { id, outcome: 'unchanged' };
    if (link?.url !== workspace.url) await saveLink(tx, id, workspace.url);
    await saveSettings(tx, id, { timezone: workspace.timezone, meetingDurationMinutes: workspace.durationMinutes });
    return { id, outcome: 'updated' };
  });
}

const changesSchema = z.object({ url: url.optional(), durationMinutes: duration.optional(), timezone: timezone.optional() });

/** All of it or nothing. A new link forgets the event type or calendar that was chosen behind the old one. */
export async function changeWorkspace(db: Db, workspaceId: string, changes: z.input<typeof changesSchema>): Promise<void> {
  const { url: newUrl, durationMinutes, timezone: zone } = check(changesSchema, changes);
  await db.$transaction(async (tx) => {
    await mustExist(tx, workspaceId);
    if (newUrl !== undefined) await saveLink(tx, workspaceId, newUrl);
    await saveSettings(tx, workspaceId, { ...(zone !== undefined && { timezone: zone }), ...(durationMinutes !== undefined && { meetingDurationMinutes: durationMinutes }) });
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
export async function pause(db: Db, workspaceId: string, at: Date): Promise<void> {
  const settings = await db.workspaceSettings.findUnique({ where: { clientId: workspaceId } });
  if (settings?.pausedAt == null) await changeSettings(db, workspaceId, { pausedAt: at });
}

export async function resume(db: Db, workspaceId: string): Promise<void> {
  await changeSettings(db, workspaceId, { pausedAt: null });
}

/** Removes the workspace and everything that belongs to it, its history too, which has no foreign key. */
export async function remove(db: Db, workspaceId: string): Promise<void> {
  const [{ count }] = await db.$transaction([
    db.client.deleteMany({ where: { id: workspaceId } }),
    db.workspaceTransition.deleteMany({ where: { clientId: workspaceId } }),
    db.workspaceHour.deleteMany({ where: { clientId: workspaceId } }),
  ]);
  if (count === 0) throw notFound(workspaceId);
}

/** Which event type or calendar a link means that leads to several; null: the link alone decides again. */
export async function chooseCalendar(db: Db, workspaceId: string, externalId: string | null): Promise<void> {
  const chosen = externalId === null ? null : check(text('the event type or calendar id'), externalId);
  await mustExist(db, workspaceId);
  const { count } = await db.calendarLink.updateMany({ where: { clientId: workspaceId, isDefault: true }, data: { externalId: chosen } });
  if (count === 0) throw new WorkspaceInputError(`Workspace ${workspaceId} has no calendar link to choose for.`);
}

/** Stores a token sealed. It is a new credential, also when the token is the same, and so tried at once. */
export async function setCredential(db: Db, workspaceId: string, provider: CredentialOwner['provider'], plain: string, keys: CredentialKeys): Promise<void> {
  const checked = check(token, plain);
  await mustExist(db, workspaceId);
  const owner = { clientId: workspaceId, provider };
  const data = { id: randomUUID(), quotaKey: quotaKeyOf(provider, checked), createdAt: new Date(), ...sealCredential(keys, owner, checked) };
  await db.providerCredential.upsert({ where: { clientId_provider: owner }, create: { ...owner, ...data }, update: data });
}

export async function removeCredential(db: Db, workspaceId: string, provider: CredentialOwner['provider']): Promise<void> {
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

async function saveAgency(tx: Tx, { agencyId, agencyName }: Workspace): Promise<void> {
  if (agencyId === undefined || agencyName === undefined) return;
  await tx.agency.upsert({ where: { id: agencyId }, create: { id: agencyId, name: agencyName }, update: { name: agencyName } });
}

async function saveLink(tx: Tx, clientId: string, value: string): Promise<void> {
  const data = { url: value, type: detectCalendarType(value), externalId: null };
  const { count } = await tx.calendarLink.updateMany({ where: { clientId, isDefault: true }, data });
  if (count === 0) await tx.calendarLink.create({ data: { clientId, name: 'Booking link', isDefault: true, ...data } });
}

interface Settings {
  timezone?: string;
  meetingDurationMinutes?: number;
  pausedAt?: Date | null;
}

async function saveSettings(tx: Tx | Db, clientId: string, settings: Settings): Promise<void> {
  await tx.workspaceSettings.upsert({ where: { clientId }, create: { clientId, ...settings }, update: settings });
}

async function changeSettings(db: Db, workspaceId: string, settings: Settings): Promise<void> {
  await mustExist(db, workspaceId);
  await saveSettings(db, workspaceId, settings);
}

async function mustExist(db: Tx | Db, workspaceId: string): Promise<void> {
  if (!(await db.client.findUnique({ where: { id: workspaceId }, select: { id: true } }))) throw notFound(workspaceId);
}

const notFound = (workspaceId: string): WorkspaceInputError => new WorkspaceInputError(`There is no workspace ${JSON.stringify(workspaceId)}. List them with: npm run workspaces -- list`);
