import { type Answer, json, type SimRequest } from '../http';
import type { Settings } from './spec';
import type { Workspace } from './state';
import type { EmailBisonWorld } from './world';

/** What an endpoint is given. */
export interface BisonRequest {
  world: EmailBisonWorld;
  workspace: Workspace;
  settings: Settings;
  request: SimRequest;
  /** The numbers of the path, in order. */
  ids: readonly number[];
  body: Record<string, unknown>;
  nowMs: number;
  /** A well-formed answer with nothing in it. */
  isEmpty: boolean;
}

const PAGE_SIZE = 15;
const MAX_PAGE_SIZE = 100;

export function pageNumber({ query }: SimRequest): number {
  const page = Number(query.get('page') ?? 1);
  return Number.isInteger(page) && page > 0 ? page : 1;
}

/** A page as Laravel paginates. */
export function paged<T>(context: BisonRequest, all: readonly T[], toJson: (item: T) => unknown): Answer {
  const { request, settings, isEmpty } = context;
  const wanted = Number(request.query.get('per_page') ?? PAGE_SIZE);
  const isHonoured = settings.honoursPerPage && Number.isInteger(wanted) && wanted > 0;
  const perPage = isHonoured ? Math.min(wanted, MAX_PAGE_SIZE) : PAGE_SIZE;
  const page = pageNumber(request);
  const total = isEmpty ? 0 : all.length;
  const lastPage = Math.max(1, Math.ceil(total / perPage));
  const items = isEmpty ? [] : all.slice((page - 1) * perPage, page * perPage);
  const from = items.length > 0 ? (page - 1) * perPage + 1 : null;
  return json({
    data: items.map(toJson),
    links: {
      first: pageUrl(context, 1),
      last: pageUrl(context, lastPage),
      prev: page > 1 ? pageUrl(context, page - 1) : null,
      next: page < lastPage ? pageUrl(context, page + 1) : null,
    },
    meta: {
      current_page: page,
      from,
      last_page: lastPage,
      per_page: perPage,
      to: from === null ? null : from + items.length - 1,
      total,
    },
  });
}

function pageUrl({ request, settings }: BisonRequest, page: number): string {
  const query = new URLSearchParams(settings.linksKeepQuery ? request.query : undefined);
  query.delete('page');
  query.set('page', String(page));
  const origin = settings.linksOrigin ?? `http://${request.headers.host ?? ''}`;
  return `${origin}${request.path}?${query.toString()}`;
}

/** A body counts only if it says that it is JSON, and is an object. */
export function bodyOf({ headers, body }: SimRequest): Record<string, unknown> {
  if (!(headers['content-type'] ?? '').includes('json')) return {};
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `campaign_ids[]=1&campaign_ids[]=2`, with or without numbers in the brackets; undefined: not filtered. */
export function idsOf({ query }: SimRequest, name: string): Set<number> | undefined {
  const ids = new Set<number>();
  let isGiven = false;
  for (const [key, value] of query) {
    if (key !== name && !(key.startsWith(`${name}[`) && key.endsWith(']'))) continue;
    isGiven = true;
    ids.add(Number(value));
  }
  return isGiven ? ids : undefined;
}

/** Laravel reads an empty parameter as absent. */
export function filterOf({ request, settings }: BisonRequest, ...names: string[]): string | undefined {
  if (settings.ignoresFilters) return undefined;
  for (const name of names) {
    const value = request.query.get(name)?.trim();
    if (value) return value;
  }
  return undefined;
}

export function compare(left: number | string, criteria: string, right: number | string): boolean {
  switch (criteria) {
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    default:
      return left === right;
  }
}
