/**
 * The change feed: the agency's workspaces whose slots changed, as `GET /api/availability?changedSince=`.
 *
 * A row keeps the id of the transaction that last changed it. Rows are given in that order, and only those
 * below the oldest transaction still running: everything below it has ended, so nothing can appear behind a
 * cursor later. (A sequence, or a time, is taken before the commit: of two writers the later number may become
 * visible first, a reader passes it, and the other's change is lost.) The cost is a delay: the feed waits for
 * the oldest writing transaction of the database server.
 *
 * Transaction ids begin anew in another cluster, so a cursor says which one it is of. Rows that were restored
 * there from a dump may hold ids from the future; they stand at the beginning, where every new reader starts.
 */
import { z } from 'zod';
import { bounded, type Db } from '../db';
import type { ApiHandler } from './api-route';
import { decodeCursor, encodeCursor } from './cursor';
import { readParameters, wholeNumber } from './input';
import { badRequest } from './problem';

export const CHANGES_LIMIT = { default: 100, max: 1_000 } as const;
const READ_TIMEOUT_MS = 5_000;

export const changesParameters = z.strictObject({
  changedSince: z.string().transform((text, ctx) => {
    const cursor = decodeCursor(text.trim());
    if (cursor) return cursor;
    ctx.addIssue({ code: 'custom', message: 'must be a nextCursor of this feed; leave it out to start at the beginning' });
    return z.NEVER;
  }).optional(),
  limit: wholeNumber(1, CHANGES_LIMIT.max).default(CHANGES_LIMIT.default),
});

export const changesAnswer = z.strictObject({
  changes: z.array(z.strictObject({
    workspaceId: z.string(),
    changedAt: z.iso.datetime().describe("When the calendar's own slots last changed. A booking lists its workspace again and leaves this as it is."),
    generation: z.int().min(1).describe("Grows with every change of the calendar's own slots."),
  })).describe('In the order of the changes; a workspace that changed several times is listed once, at its last change.'),
  nextCursor: z.string().describe('The changedSince of the next call, also when nothing changed.'),
  hasMore: z.boolean().describe('More is waiting: call again at once.'),
}).meta({ title: 'Changes' });

interface Row {
  id: string | null;
  changedAt: Date;
  generation: bigint;
  xid: string;
  cluster: string;
}

/** The page after `after`, and one row more where there is one. One statement. */
async function readPage(db: Db, agencyId: string, after: { xid: string; workspaceId: string }, limit: number): Promise<Row[]> {
  return await bounded(READ_TIMEOUT_MS, () => db.$queryRaw<Row[]>`
    SELECT c.id, c."changedAt", c.generation, c.xid::text AS xid, t.cluster
    FROM (SELECT pg_current_snapshot() AS snapshot, to_hex(system_identifier) AS cluster FROM pg_control_system()) t
      LEFT JOIN LATERAL (
        SELECT w.id, k."changedAt", k.generation, p.xid
        FROM "Client" w JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = w.id
          CROSS JOIN LATERAL (SELECT CASE WHEN k."changedXid" < pg_snapshot_xmax(t.snapshot) THEN k."changedXid" ELSE '0'::xid8 END AS xid) p
        WHERE w."userId" = ${agencyId} AND p.xid < pg_snapshot_xmin(t.snapshot)
          AND (p.xid, w.id) > (${after.xid}::text::xid8, ${after.workspaceId})
        ORDER BY p.xid, w.id LIMIT ${limit + 1}) c ON true
    ORDER BY c.xid, c.id`);
}

export const getChanges: ApiHandler = async ({ url, agencyId, deps }) => {
  const { changedSince, limit } = readParameters(changesParameters, url.searchParams);
  const rows = await readPage(deps.db, agencyId, changedSince ?? { xid: '0', workspaceId: '' }, limit);
  const cluster = rows[0]?.cluster ?? '';
  if (changedSince && changedSince.cluster !== cluster) {
    throw badRequest([{ field: 'changedSince', message: 'is a cursor of another database, which this one replaced; leave it out to start at the beginning' }]);
  }
  const found = rows.filter((row): row is Row & { id: string } => row.id !== null);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const answer: z.infer<typeof changesAnswer> = {
    changes: page.map(({ id, changedAt, generation }) => ({ workspaceId: id, changedAt: changedAt.toISOString(), generation: Number(generation) })),
    nextCursor: encodeCursor(last ? { cluster, xid: last.xid, workspaceId: last.id } : (changedSince ?? { cluster, xid: '0', workspaceId: '' })),
    hasMore: found.length > limit,
  };
  return Response.json(answer, { headers: { 'cache-control': 'private, no-store' } });
};
