import { followUpInput, type FollowUpInput } from '../../lib/followups';
import { UserError } from '../local/fail';
import { lookUp, parseRecords } from './csv';

export interface FollowUpRow {
  /** Of the file, from 1, counting the header; of a record over several lines, its first. */
  line: number;
  /** Its `workspaceId` is as given: an id or a name. */
  followUp?: FollowUpInput;
  /** Why the line is refused. */
  problem?: string;
}

const COLUMNS = ['workspace', 'email', 'due', 'channel', 'thread', 'template', 'id', 'firstName', 'lastName', 'zone'] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: readonly Column[] = ['workspace', 'email', 'due', 'channel'];

/** Names that a header may use, without regard to case, spaces, dashes and underscores. */
const HEADER_NAMES: Record<string, Column> = {
  workspace: 'workspace', workspaceid: 'workspace', workspacename: 'workspace', email: 'email', leademail: 'email', due: 'due', dueat: 'due',
  channel: 'channel', thread: 'thread', template: 'template', id: 'id', externalid: 'id',
  firstname: 'firstName', leadfirstname: 'firstName', lastname: 'lastName', leadlastname: 'lastName', zone: 'zone', timezone: 'zone', leadtimezone: 'zone',
};
const COLUMN_OF: Record<string, Column> = {
  workspaceId: 'workspace', leadEmail: 'email', dueAt: 'due', externalId: 'id', leadFirstName: 'firstName', leadLastName: 'lastName', leadTimezone: 'zone',
};

/** Reads every line, good and bad; only a file without the columns is refused as a whole. */
export function parseFollowUpCsv(text: string): FollowUpRow[] {
  const [header, ...records] = parseRecords(text);
  const columns = columnsOf(header?.cells ?? []);
  return records.map(({ line, cells, problem }) => {
    if (problem !== undefined) return { line, problem };
    if (cells.length > columns.length) return { line, problem: `it has ${cells.length} cells where ${columns.length} are expected (a comma inside a cell needs quotes around the cell)` };
    return rowOf(line, new Map(columns.map((column, i) => [column, cells[i] ?? ''])));
  });
}

function columnsOf(cells: string[]): Column[] {
  const known = cells.map((cell) => lookUp(HEADER_NAMES, cell.toLowerCase().replace(/[\s_-]/g, '')));
  const unknown = cells.filter((_, i) => known[i] === undefined);
  const columns = known.filter((name) => name !== undefined);
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const all = `the columns are: ${COLUMNS.join(', ')}`;
  if (missing.length > 0) throw new UserError(`The first line must name the columns; ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing (${all}).`);
  if (unknown.length > 0) throw new UserError(`The header names ${unknown.map((cell) => JSON.stringify(cell)).join(', ')}, which is no column; ${all}.`);
  if (new Set(columns).size < columns.length) throw new UserError('The header names a column twice.');
  return columns;
}

/** The same rules as the API's. */
function rowOf(line: number, cells: ReadonlyMap<Column, string>): FollowUpRow {
  const cell = (name: Column): string | undefined => {
    const text = cells.get(name)?.trim();
    return text === '' ? undefined : text;
  };
  const thread = threadOf(cell('thread'));
  if (thread === null) return { line, problem: 'thread must be JSON, such as {"replyId":55,"senderEmailId":31}' };
  const parsed = followUpInput.safeParse({
    workspaceId: cell('workspace'), leadEmail: cell('email'), leadFirstName: cell('firstName'), leadLastName: cell('lastName'), leadTimezone: cell('zone'),
    dueAt: cell('due'), channel: cell('channel'), ...thread, template: cell('template'), externalId: cell('id'),
  });
  if (parsed.success) return { line, followUp: parsed.data };
  return { line, problem: parsed.error.issues.map(({ path, message }) => `${COLUMN_OF[String(path[0])] ?? String(path[0])} ${message}`).join('; ') };
}

/** Null: it is no JSON. */
export function threadOf(text: string | undefined): { thread?: unknown } | null {
  if (text === undefined) return {};
  try {
    return { thread: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}
