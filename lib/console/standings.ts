/** Where every workspace stands, without a slot, in one statement: what the overview is made from. */
import type { ErrorKind } from '../providers/errors';
import { Prisma } from '../db';
import { configuredWorkspaces, epochMs, fingerprintSql, pausedBySql } from '../refresh/configured';
import { stateOf, type PausedBy, type WorkspaceState } from '../refresh/state';
import { consoleRead, type ConsoleContext } from './query';

export type ProviderName = 'calendly' | 'hubspot' | 'ghl' | 'unknown';

export interface Standing {
  workspaceId: string;
  name: string;
  /** Null: the workspace has none, and is an agency of its own. */
  agencyId: string | null;
  provider: ProviderName | null;
  state: WorkspaceState;
  pausedBy: PausedBy | null;
  hasCredential: boolean;
  /** Of what is configured now; null: its last attempt succeeded, or there was none. */
  errorKind: ErrorKind | null;
  lastError: string | null;
  /** Epoch milliseconds; null: never. */
  succeededAt: number | null;
  /** Nothing was attempted yet for what is configured now. */
  isUntried: boolean;
}

export interface Standings {
  /** The database's clock. */
  now: number;
  workspaces: Standing[];
  agencyNames: Map<string, string>;
  pausedAgencies: { id: string; name: string; pausedAt: number }[];
  pausedProviders: { provider: ProviderName; pausedAt: number }[];
}

// Arrays in one text: 10,000 rows cross the driver as a single value, without a name repeated.
type Row = [
  id: string, name: string, agencyId: string | null, provider: ProviderName | null, pausedBy: PausedBy | null, hasCredential: 0 | 1,
  fingerprint: string | null, attemptFingerprint: string | null, slotsFingerprint: string | null, actionRequired: boolean | null,
  errorKind: ErrorKind | null, lastError: string | null, succeededAt: number | null, staleAt: number | null, storedCount: number | null,
];

export async function readStandings(context: Pick<ConsoleContext, 'db' | 'maxAgeMs'>): Promise<Standings> {
  const { db } = context;
  const [[row]] = await consoleRead<[{ now: number; workspaces: string | null; agencies: string | null; providers: string | null }[]]>(context, db.$queryRaw`
    SELECT ${epochMs(Prisma.sql`clock_timestamp()`)} AS now,
      (SELECT json_agg(json_build_array(a.id, a.name, ${epochMs(Prisma.sql`a."pausedAt"`)}))::text FROM "Agency" a) AS agencies,
      (SELECT json_agg(json_build_array(pp.provider, ${epochMs(Prisma.sql`pp."pausedAt"`)}))::text FROM "ProviderPause" pp) AS providers,
      (SELECT json_agg(json_build_array(c.id, c.name, c."userId", l.type, ${pausedBySql}, CASE WHEN p.id IS NULL THEN 0 ELSE 1 END,
          ${fingerprintSql}, s."attemptFingerprint", k."slotsFingerprint", s."actionRequired", s."errorKind", s."lastError",
          ${epochMs(Prisma.sql`s."succeededAt"`)}, ${epochMs(Prisma.sql`s."staleAt"`)}, k."slotCount"))::text
       FROM ${configuredWorkspaces}
         LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
         LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id) AS workspaces`);
  if (!row) throw new Error('the query of standings returned no row');
  const { now } = row;
  const agencies = parsed<[id: string, name: string, pausedAt: number | null]>(row.agencies);
  return {
    now,
    workspaces: parsed<Row>(row.workspaces).map((given) => standingOf(given, now, context.maxAgeMs)),
    agencyNames: new Map(agencies.map(([id, name]) => [id, name])),
    pausedAgencies: agencies.flatMap(([id, name, pausedAt]) => (pausedAt === null ? [] : [{ id, name, pausedAt }])),
    pausedProviders: parsed<[ProviderName, number]>(row.providers).map(([provider, pausedAt]) => ({ provider, pausedAt })),
  };
}

function parsed<T>(text: string | null): T[] {
  return text === null ? [] : (JSON.parse(text) as T[]);
}

function standingOf(row: Row, now: number, maxAgeMs: number): Standing {
  const [
    workspaceId, name, agencyId, provider, pausedBy, hasCredential, fingerprint, attemptFingerprint, slotsFingerprint, actionRequired,
    errorKind, lastError, succeededAt, staleAt, storedCount,
  ] = row;
  const isUntried = attemptFingerprint !== fingerprint;
  const { state } = stateOf({
    isPaused: pausedBy !== null, pausedBy, hasLink: provider !== null, fingerprint, attemptFingerprint, slotsFingerprint,
    actionRequired: actionRequired ?? false, errorKind, lastError, succeededAt, staleAt, storedCount: storedCount ?? 0,
  }, now, maxAgeMs);
  // A failure of an earlier configuration says nothing of this one.
  return {
    workspaceId, name, agencyId, provider, state, pausedBy, hasCredential: hasCredential === 1, succeededAt, isUntried,
    errorKind: isUntried ? null : errorKind, lastError: isUntried ? null : lastError,
  };
}
