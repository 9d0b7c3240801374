import { parse } from 'csv-parse/sync';
import { WorkspaceInputError, checkWorkspace, type WorkspaceInput } from '../../lib/workspaces';
import { UserError } from '../local/fail';

export interface CsvRow {
  /** Of the file, from 1, counting the header; of a record over several lines, its first. */
  line: number;
  workspace?: WorkspaceInput;
  /** Why the line is refused. */
  problem?: string;
}

/** Columns in the order that a file without a header has them. */
const COLUMNS = ['agencyId', 'agencyName', 'name', 'url', 'timezone', 'durationMinutes'] as const;
type Column = (typeof COLUMNS)[number];

/** Names that a header may use, without regard to case, spaces, dashes and underscores. */
const HEADER_NAMES: Record<string, Column> = {
  agencyid: 'agencyId', userid: 'agencyId',
  agencyname: 'agencyName', agency: 'agencyName',
  workspace: 'name', workspacename: 'name', name: 'name', client: 'name', clientname: 'name',
  url: 'url', link: 'url', bookingurl: 'url', bookinglink: 'url', calendarurl: 'url', calendarlink: 'url',
  zone: 'timezone', timezone: 'timezone',
  duration: 'durationMinutes', durationminutes: 'durationMinutes', minutes: 'durationMinutes',
};

interface Parsed {
  record: string[];
  info: { lines: number };
}

/** What a table says of a text from outside: `constructor` and `__proto__` are in no table. */
export function lookUp<T>(table: Readonly<Record<string, T>>, text: string): T | undefined {
  return Object.hasOwn(table, text) ? table[text] : undefined;
}

/** Reads every line, good and bad; only a file that is no CSV at all is refused as a whole. */
export function parseWorkspaceCsv(text: string): CsvRow[] {
  const records = parseRecords(text);
  const [first] = records;
  if (!first) throw new UserError('The file is empty: it must have lines of agency id, agency name, workspace, url, zone, duration.');
  const header = headerOf(first.cells);
  const columns = header ?? [...COLUMNS];
  const seen = new Map<string, number>();
  return records.slice(header ? 1 : 0).map(({ line, cells, problem }) => {
    if (problem !== undefined) return { line, problem };
    const row = rowOf(line, cells, columns);
    if (!row.workspace) return row;
    const key = JSON.stringify([row.workspace.agencyId ?? '', row.workspace.name]);
    const earlier = seen.get(key);
    if (earlier !== undefined) return { line, problem: `workspace ${JSON.stringify(row.workspace.name)} of the same agency is in line ${String(earlier)} already` };
    seen.set(key, line);
    return row;
  });
}

export interface Line {
  line: number;
  cells: string[];
  problem?: string;
}

export function parseRecords(text: string): Line[] {
  const broken: Line[] = [];
  const parsed = parse(text, {
    bom: true, info: true, trim: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, skip_records_with_empty_values: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) broken.push({ line: Number(error.lines ?? 0), cells: [], problem: `it cannot be read as CSV: ${error.message}` });
      return undefined;
    },
  }) as unknown as Parsed[];
  const lines = parsed.map(({ record, info }) => ({
    // `info.lines` is the last line of the record; quoted cells may hold line breaks.
    line: info.lines - record.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0),
    cells: record,
  }));
  return [...lines, ...broken].sort((a, b) => a.line - b.line);
}

/** The columns that the first line names; undefined when it is data. */
function headerOf(cells: string[]): Column[] | undefined {
  const names = cells.map((cell) => lookUp(HEADER_NAMES, cell.toLowerCase().replace(/[\s_-]/g, '')));
  if (!names.some(Boolean) || cells.some((cell) => /^https?:/i.test(cell))) return undefined;
  const unknown = cells.filter((_cell, index) => names[index] === undefined);
  if (unknown.length > 0) throw new UserError(`The header names ${unknown.map((cell) => JSON.stringify(cell)).join(', ')}, which is no column; the columns are: agency id, agency name, workspace, url, zone, duration.`);
  const known = names.filter((name) => name !== undefined);
  for (const required of ['name', 'url'] as const) if (!known.includes(required)) throw new UserError(`The header lacks the column ${required === 'name' ? 'workspace' : 'url'}.`);
  if (new Set(known).size < known.length) throw new UserError('The header names a column twice.');
  return known;
}

function rowOf(line: number, cells: string[], columns: Column[]): CsvRow {
  if (cells.length > columns.length) return { line, problem: `it has ${String(cells.length)} cells where ${String(columns.length)} are expected (a comma inside a cell needs quotes around the cell)` };
  const given = Object.fromEntries(columns.map((column, index) => [column, cells[index]]).filter(([, value]) => value)) as Partial<Record<Column, string>>;
  const workspace = { ...given, name: given.name ?? '', url: given.url ?? '' };
  try {
    checkWorkspace(workspace);
    return { line, workspace };
  } catch (error) {
    if (error instanceof WorkspaceInputError) return { line, problem: error.message };
    throw error;
  }
}
