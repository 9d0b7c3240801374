/**
 * Pauses: no sweep, no offers and no alarms for the workspaces they cover, which readers are told are `paused`. A
 * workspace is paused by `pause` in lib/workspaces.ts; here, a whole agency, or a vendor for everybody.
 */
import type { Connection, Db } from './db';
import type { CalendarProvider } from './providers/errors';
import { WorkspaceInputError } from './workspaces';

export const PAUSABLE_PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const satisfies readonly CalendarProvider[];

export interface Pauses {
  agencies: { id: string; name: string; pausedAt: Date }[];
  providers: { provider: CalendarProvider; pausedAt: Date }[];
}

/**
 * Pausing twice keeps the first time. An agency that has workspaces and no row of its own gets one.
 * @throws WorkspaceInputError when there is no such agency
 */
export async function pauseAgency(db: Connection, agencyId: string, at: Date): Promise<void> {
  const written = await db.$executeRaw`
    INSERT INTO "Agency" AS a (id, name, "pausedAt")
    SELECT ${agencyId}, ${agencyId}, ${at} WHERE EXISTS (SELECT FROM "Client" WHERE "userId" = ${agencyId}) OR EXISTS (SELECT FROM "Agency" WHERE id = ${agencyId})
    ON CONFLICT (id) DO UPDATE SET "pausedAt" = COALESCE(a."pausedAt", EXCLUDED."pausedAt")`;
  if (written === 0) throw noAgency(agencyId);
}

/** Resuming what is not paused changes nothing. @throws WorkspaceInputError when there is no such agency */
export async function resumeAgency(db: Connection, agencyId: string): Promise<void> {
  const { count } = await db.agency.updateMany({ where: { id: agencyId }, data: { pausedAt: null } });
  if (count === 0 && (await db.client.count({ where: { userId: agencyId } })) === 0) throw noAgency(agencyId);
}

/** Pausing twice keeps the first time. */
export async function pauseProvider(db: Connection, provider: CalendarProvider, at: Date): Promise<void> {
  await db.providerPause.upsert({ where: { provider }, create: { provider, pausedAt: at }, update: {} });
}

export async function resumeProvider(db: Connection, provider: CalendarProvider): Promise<void> {
  await db.providerPause.deleteMany({ where: { provider } });
}

/** Agencies and providers that are paused now. */
export async function readPauses(db: Db): Promise<Pauses> {
  const [agencies, providers] = await Promise.all([
    db.agency.findMany({ where: { pausedAt: { not: null } }, orderBy: { name: 'asc' } }),
    db.providerPause.findMany({ orderBy: { provider: 'asc' } }),
  ]);
  return {
    agencies: agencies.flatMap(({ id, name, pausedAt }) => (pausedAt === null ? [] : [{ id, name, pausedAt }])),
    providers: providers.flatMap(({ provider, pausedAt }) => (provider === 'unknown' ? [] : [{ provider, pausedAt }])),
  };
}

const noAgency = (agencyId: string): WorkspaceInputError =>
  new WorkspaceInputError(`There is no agency ${JSON.stringify(agencyId)}. List workspaces with their agencies: npm run workspaces -- list`);
