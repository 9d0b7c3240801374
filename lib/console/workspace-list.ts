/** The console's list of workspaces: filtered, sorted, counted and cut to a page in one statement. */
import { boundedTransaction, Prisma, type Db } from '../db';
import { epochMs, fingerprintSql, instantOf } from '../refresh/configured';
import { WORKSPACE_STATES, type WorkspaceState } from '../refresh/state';
import { stateSql } from '../refresh/state-sql';
import { PAGE_SIZE, type ListFilter, type Sort } from './filter';
import { dueSql, knownWorkspaces, listed, rowJson, type ListedWorkspace, type Row } from './workspace-row';

export interface WorkspacePage {
  /** The database's clock, epoch milliseconds. */
  now: number;
  rows: ListedWorkspace[];
  /** How many match. */
  total: number;
  /** How many of each state match everything but the state. */
  byState: Record<WorkspaceState, number>;
  agencies: { id: string; name: string }[];
  /** Of the whole table; 0: there is nothing to look for yet. */
  workspaces: number;
}

/** The most ids that "all that match" selects. */
export const MAX_SELECTED = 1_000;

interface Answer {
  now: number;
  rows: Row[] | null;
  total: number;
  states: Record<string, number> | null;
  agencies: [string, string][] | null;
  workspaces: number;
}

export interface ListOptions {
  maxAgeMs: number;
  timeoutMs: number;
  pageSize?: number;
  /** Epoch milliseconds; default: the database's clock. */
  now?: number;
}

/** @throws when the database does not answer within `timeoutMs` */
export async function listConsoleWorkspaces(db: Db, filter: ListFilter, options: ListOptions): Promise<WorkspacePage> {
  const pageSize = options.pageSize ?? PAGE_SIZE;
  const now = nowOf(options);
  const [answers] = await boundedTransaction(db, options.timeoutMs, [
    db.$queryRaw<{ answer: Answer }[]>`
      WITH known AS MATERIALIZED (${known(filter, options)}),
      shown AS (SELECT * FROM known WHERE ${ofState(filter)}),
      page AS (SELECT *, row_number() OVER (ORDER BY ${orderOf(filter)}) AS place FROM shown
        ORDER BY ${orderOf(filter)} LIMIT ${pageSize} OFFSET ${(filter.page - 1) * pageSize})
      SELECT json_build_object(
        'now', ${epochMs(now)},
        'total', (SELECT count(*) FROM shown),
        'states', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM known GROUP BY state) t),
        'workspaces', (SELECT count(*) FROM "Client"),
        'agencies', (SELECT json_agg(json_build_array(t.id, t.name) ORDER BY lower(t.name), t.id) FROM (
          SELECT u.id, COALESCE(a.name, u.id) AS name FROM (SELECT DISTINCT "userId" AS id FROM "Client" WHERE "userId" IS NOT NULL) u LEFT JOIN "Agency" a USING (id)) t),
        'rows', (SELECT json_agg(${rowJson(Prisma.sql`page.due`)} ORDER BY page.place)
          FROM page JOIN ${knownWorkspaces} ON c.id = page.id)) AS answer`,
  ]);
  const answer = answers[0]?.answer;
  if (!answer) throw new Error('the list query returned no row');
  return {
    now: answer.now, total: answer.total, workspaces: answer.workspaces,
    rows: (answer.rows ?? []).map((row) => listed(row, answer.now, options.maxAgeMs)),
    byState: Object.fromEntries(WORKSPACE_STATES.map((state) => [state, answer.states?.[state] ?? 0])) as Record<WorkspaceState, number>,
    agencies: (answer.agencies ?? []).map(([id, name]) => ({ id, name })),
  };
}

/** The ids of everything that matches, on whatever page: what a bulk action on "all of them" is for. */
export async function matchingIds(db: Db, filter: ListFilter, options: ListOptions): Promise<string[]> {
  const [rows] = await boundedTransaction(db, options.timeoutMs, [
    db.$queryRaw<{ id: string }[]>`
      SELECT id FROM (${known(filter, options)}) known WHERE ${ofState(filter)} ORDER BY ${orderOf(filter)} LIMIT ${MAX_SELECTED}`,
  ]);
  return rows.map(({ id }) => id);
}

const nowOf = ({ now }: ListOptions): Prisma.Sql => (now === undefined ? Prisma.sql`statement_timestamp()` : instantOf(Prisma.sql`${now}::float8`));

/** Every workspace that the filter, but for the state, lets through: its state and what it is sorted by. */
function known(filter: ListFilter, options: ListOptions): Prisma.Sql {
  const now = nowOf(options);
  const fingerprint = Prisma.sql`f.fingerprint`;
  // OFFSET 0 keeps the hash from being computed at each place that names it.
  return Prisma.sql`
    SELECT c.id, lower(c.name) AS name, s."succeededAt" AS succeeded, COALESCE(k."slotCount", 0) AS slots,
      ${stateSql(now, options.maxAgeMs, fingerprint)} AS state, ${dueSql(now, fingerprint)} AS due
    FROM ${knownWorkspaces} CROSS JOIN LATERAL (SELECT ${fingerprintSql} AS fingerprint OFFSET 0) f
    WHERE ${Prisma.join(conditionsOf(filter), ' AND ')}`;
}

function conditionsOf({ q, agency, provider }: ListFilter): Prisma.Sql[] {
  const conditions = [Prisma.sql`true`];
  if (agency !== null) conditions.push(Prisma.sql`c."userId" = ${agency}`);
  if (provider !== null) conditions.push(Prisma.sql`l.type::text = ${provider}`);
  if (q !== '') {
    const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
    conditions.push(Prisma.sql`(c.name ILIKE ${like} OR c.id ILIKE ${like} OR l.url ILIKE ${like} OR c."userId" ILIKE ${like} OR a.name ILIKE ${like})`);
  }
  return conditions;
}

function ofState({ state }: ListFilter): Prisma.Sql {
  return state === null ? Prisma.sql`true` : Prisma.sql`state = ${state}`;
}

/** Whose calendar somebody must look at comes first; what is paused was meant to be. */
const URGENCY: WorkspaceState[] = ['misconfigured', 'unavailable', 'empty', 'stale', 'fresh', 'paused'];

function orderOf({ sort, dir }: ListFilter): Prisma.Sql {
  const direction = dir === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  // Never read is older than any age; without a due time is later than any.
  const oldestFirst = Prisma.sql`succeeded ASC NULLS FIRST`;
  const by: Record<Sort, Prisma.Sql> = {
    attention: Prisma.sql`array_position(${URGENCY}::text[], state) ${direction}, ${oldestFirst}`,
    name: Prisma.sql`name ${direction}`,
    age: dir === 'desc' ? oldestFirst : Prisma.sql`succeeded DESC NULLS LAST`,
    due: Prisma.sql`due ${direction} ${dir === 'asc' ? Prisma.sql`NULLS LAST` : Prisma.sql`NULLS FIRST`}`,
    slots: Prisma.sql`slots ${direction}`,
  };
  return Prisma.sql`${by[sort]}, name, id`;
}
