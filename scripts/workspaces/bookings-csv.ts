import { bookingBody } from '../../lib/reader/bookings';
import { givenText } from '../../lib/reader/input';
import { UserError } from '../local/fail';
import { lookUp, parseRecords } from './csv';

export interface BookingRow {
  /** Of the file, from 1, counting the header; of a record over several lines, its first. */
  line: number;
  booking?: ImportedBooking;
  /** Why the line is refused. */
  problem?: string;
}

export interface ImportedBooking {
  /** An id or a name. */
  workspace: string;
  externalId: string;
  leadEmail: string | null;
  startsAt: number;
  endsAt: number;
  source: string;
  isCancelled: boolean;
}

const COLUMNS = ['workspace', 'id', 'starts', 'ends', 'email', 'source', 'cancelled'] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: readonly Column[] = ['workspace', 'id', 'starts', 'ends'];

/** Names that a header may use, without regard to case, spaces, dashes and underscores. */
const HEADER_NAMES: Record<string, Column> = {
  workspace: 'workspace', workspaceid: 'workspace', workspacename: 'workspace',
  id: 'id', externalid: 'id', bookingid: 'id',
  starts: 'starts', startsat: 'starts', start: 'starts', ends: 'ends', endsat: 'ends', end: 'ends',
  email: 'email', leademail: 'email', source: 'source', cancelled: 'cancelled', canceled: 'cancelled',
};
const COLUMN_OF: Record<string, Column> = { workspaceId: 'workspace', leadEmail: 'email', startsAt: 'starts', endsAt: 'ends', source: 'source' };
const CANCELLED: Record<string, boolean> = { '': false, no: false, false: false, '0': false, yes: true, true: true, '1': true };

const idText = givenText(200);

/** Reads every line, good and bad; only a file without the columns is refused as a whole. */
export function parseBookingCsv(text: string): BookingRow[] {
  const [header, ...records] = parseRecords(text);
  const columns = columnsOf(header?.cells ?? []);
  const seen = new Map<string, number>();
  return records.map(({ line, cells, problem }) => {
    if (problem !== undefined) return { line, problem };
    if (cells.length > columns.length) return { line, problem: `it has ${cells.length} cells where ${columns.length} are expected (a comma inside a cell needs quotes around the cell)` };
    const row = rowOf(line, new Map(columns.map((column, i) => [column, cells[i] ?? ''])));
    if (!row.booking) return row;
    const key = JSON.stringify([row.booking.workspace, row.booking.source, row.booking.externalId]);
    const earlier = seen.get(key);
    if (earlier !== undefined) return { line, problem: `the booking is in line ${earlier} already` };
    seen.set(key, line);
    return row;
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
function rowOf(line: number, cells: ReadonlyMap<Column, string>): BookingRow {
  const cell = (name: Column): string => cells.get(name)?.trim() ?? '';
  const parsed = bookingBody.safeParse({
    workspaceId: cell('workspace'), leadEmail: cell('email') || null, startsAt: cell('starts'), endsAt: cell('ends'), ...(cell('source') && { source: cell('source') }),
  });
  const id = idText.safeParse(cell('id'));
  const isCancelled = lookUp(CANCELLED, cell('cancelled').toLowerCase());
  const problems = [
    ...(id.success ? [] : id.error.issues.map(({ message }) => `id ${message}`)),
    ...(parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${COLUMN_OF[String(path[0])] ?? ''} ${message}`)),
    ...(isCancelled === undefined ? ['cancelled must be yes or no'] : []),
  ];
  if (problems.length > 0 || !parsed.success || !id.success || isCancelled === undefined) return { line, problem: problems.join('; ') };
  const { workspaceId: workspace, leadEmail, ...rest } = parsed.data;
  return { line, booking: { workspace, externalId: id.data, leadEmail: leadEmail ?? null, ...rest, isCancelled } };
}
