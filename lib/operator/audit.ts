/**
 * The record of what operators did. An entry and the change that it tells of are one transaction. A page gives
 * each submission an id: the same one again, however it came about, is one action.
 */
import { Prisma, type Connection, type Db } from '../db';
import { log } from '../log';

export interface By {
  actor: 'console' | 'cli';
  /** Of the submission; the same again does nothing. */
  requestId?: string;
}

export interface Deed {
  /** e.g. `workspace.pause` */
  action: string;
  /** What it was done to: a workspace's, an agency's or a provider's id; null: several. */
  subject: string | null;
  /** Default: the agency of the workspace that the subject is. */
  agencyId?: string;
  /** No secret and no personal data. */
  details?: Prisma.InputJsonObject;
}

export type Done<T> = { kind: 'done'; value: T } | { kind: 'repeated' };

const TIMEOUT_MS = 10_000;

/**
 * Does the work and records it, together or not at all. A submission that comes twice at once waits for the
 * first one's end, and does nothing unless that failed.
 */
export async function once<T>(db: Db, by: By, deed: Deed, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<Done<T>> {
  return await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`;
    if ((await record(tx, by, deed)) === null) return { kind: 'repeated' };
    return { kind: 'done', value: await work(tx) };
  }, { timeout: 2 * TIMEOUT_MS });
}

/**
 * Does the work and records what only then is known: together or not at all, and nothing where nothing was done. For the command
 * line, whose commands are no submissions that could come twice.
 */
export async function recorded<T>(db: Db, by: Omit<By, 'requestId'>, work: (tx: Prisma.TransactionClient) => Promise<T>, deedOf: (done: T) => Deed | null): Promise<T> {
  return await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`;
    const done = await work(tx);
    const deed = deedOf(done);
    if (deed !== null) await record(tx, by, deed);
    return done;
  }, { timeout: 2 * TIMEOUT_MS });
}

/** @returns the entry's id; null when the submission is known already */
export async function record(on: Connection, { actor, requestId }: By, deed: Deed): Promise<bigint | null> {
  const rows = await on.$queryRaw<{ id: bigint }[]>`
    INSERT INTO "AuditEntry" (actor, action, subject, "agencyId", details, "requestId")
    SELECT ${actor}, ${deed.action}, ${deed.subject}, COALESCE(${deed.agencyId ?? null}, (SELECT c."userId" FROM "Client" c WHERE c.id = ${deed.subject})),
      ${jsonOf(deed.details)}::jsonb, ${requestId ?? null}
    ON CONFLICT ("requestId") DO NOTHING RETURNING id`;
  return rows[0]?.id ?? null;
}

/** An entry for each of several workspaces, of one submission that is recorded apart. */
export async function recordEach(on: Connection, { actor }: By, action: string, workspaceIds: readonly string[]): Promise<void> {
  await on.$executeRaw`
    INSERT INTO "AuditEntry" (actor, action, subject, "agencyId")
    SELECT ${actor}, ${action}, c.id, c."userId" FROM "Client" c WHERE c.id = ANY(${[...workspaceIds]}::text[]) ORDER BY c.id`;
}

/** An import is many transactions: it is on record from when it begins, and its counts from when it ends. */
export async function recordedImport<T extends Record<string, number>>(db: Db, by: By, action: string, work: () => Promise<T>): Promise<T> {
  const entry = await record(db, by, { action, subject: null });
  const counts = await work();
  // What was imported is imported: a database that is lost just now must not make it look as if it had failed, and be done again.
  if (entry !== null) {
    await amend(db, entry, counts).catch((error: unknown) => {
      log().warn({ action, error: error instanceof Error ? error.name : 'unknown' }, 'audit_counts_lost');
    });
  }
  return counts;
}

/** Completes an entry with what came of it. */
export async function amend(on: Connection, id: bigint, details: Prisma.InputJsonObject): Promise<void> {
  await on.$executeRaw`UPDATE "AuditEntry" SET details = COALESCE(details, '{}') || ${jsonOf(details)}::jsonb WHERE id = ${id}`;
}

export interface AuditLine {
  id: string;
  at: Date;
  actor: string;
  action: string;
  subject: string | null;
  details: Prisma.JsonValue;
}

/** The newest first. */
export async function listAudit(db: Db, of: { subject?: string }, limit: number): Promise<AuditLine[]> {
  const rows = await db.auditEntry.findMany({ where: of, orderBy: [{ at: 'desc' }, { id: 'desc' }], take: limit });
  return rows.map(({ id, at, actor, action, subject, details }) => ({ id: String(id), at, actor, action, subject, details }));
}

const jsonOf = (details: Prisma.InputJsonObject | undefined): string | null => (details === undefined ? null : JSON.stringify(details));
