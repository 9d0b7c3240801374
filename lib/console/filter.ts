/** What the list of workspaces shows, as the address of the page says it. Pure. */
import { WORKSPACE_STATES } from '../refresh/state';
import { choiceOf, pageOf, paramOf, type SearchParams } from './page-url';

export const SORTS = ['attention', 'name', 'age', 'due', 'slots'] as const;
export type Sort = (typeof SORTS)[number];
export const PROVIDERS = ['calendly', 'hubspot', 'ghl', 'unknown'] as const;
export const PAGE_SIZE = 100;

/** The way that a column is sorted at first: what is worst comes first. */
const FIRST_DIRECTION: Record<Sort, 'asc' | 'desc'> = { attention: 'asc', name: 'asc', age: 'desc', due: 'asc', slots: 'asc' };

export interface ListFilter {
  /** Part of a name, an id, an agency's name or id, or a link. */
  q: string;
  agency: string | null;
  provider: (typeof PROVIDERS)[number] | null;
  state: (typeof WORKSPACE_STATES)[number] | null;
  sort: Sort;
  dir: 'asc' | 'desc';
  /** From 1. */
  page: number;
}

/** What cannot be meant is left out: an address may be old, or edited by hand. */
export function parseListFilter(params: SearchParams): ListFilter {
  const sort = choiceOf(params, 'sort', SORTS, 'attention');
  return {
    q: paramOf(params, 'q') ?? '', agency: paramOf(params, 'agency') ?? null, provider: choiceOf(params, 'provider', PROVIDERS, null),
    state: choiceOf(params, 'state', WORKSPACE_STATES, null), sort, dir: choiceOf(params, 'dir', ['asc', 'desc'], FIRST_DIRECTION[sort]), page: pageOf(params),
  };
}

/** The address of the filter with some of it changed; another filter or order begins at its first page. */
export function listQuery(filter: ListFilter, changes: Partial<ListFilter> = {}): string {
  const next = { ...filter, page: 1, ...changes };
  const query = new URLSearchParams();
  if (next.q) query.set('q', next.q);
  for (const name of ['agency', 'provider', 'state'] as const) if (next[name] !== null) query.set(name, next[name]);
  if (next.sort !== 'attention') query.set('sort', next.sort);
  if (next.dir !== FIRST_DIRECTION[next.sort]) query.set('dir', next.dir);
  if (next.page > 1) query.set('page', String(next.page));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Another column: its first direction; the same one: the other way round. */
export function sortedBy(filter: ListFilter, sort: Sort): Partial<ListFilter> {
  if (sort !== filter.sort) return { sort, dir: FIRST_DIRECTION[sort] };
  return { sort, dir: filter.dir === 'asc' ? 'desc' : 'asc' };
}

/** Whether anything is left out. */
export function isNarrowed({ q, agency, provider, state }: ListFilter): boolean {
  return q !== '' || agency !== null || provider !== null || state !== null;
}
