/** Filters, sort and page live in the address. Pure. */

export type SearchParams = Record<string, string | string[] | undefined>;

/** One value of a parameter, trimmed, as far as a database can take it; undefined where it is absent or empty. The first of several. */
export function paramOf(params: SearchParams, name: string): string | undefined {
  const value = params[name];
  const text = (Array.isArray(value) ? value[0] : value)?.replace(/[\p{Cc}\p{Cs}]/gu, '').trim().slice(0, 200);
  return text === '' ? undefined : text;
}

/** One of the allowed values, else `otherwise`: an address that was edited by hand shows something rather than an error. */
export function choiceOf<T extends string, O>(params: SearchParams, name: string, allowed: readonly T[], otherwise: O): T | O {
  const value = paramOf(params, name);
  return allowed.find((choice) => choice === value) ?? otherwise;
}

/** 1 or more. */
export function pageOf(params: SearchParams, name = 'page'): number {
  const value = paramOf(params, name) ?? '';
  return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : 1;
}

/** The address with some parameters changed; undefined, null and '' take one away. */
export function hrefWith(path: string, params: SearchParams, changes: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  const names = new Set([...Object.keys(params), ...Object.keys(changes)]);
  for (const name of names) {
    const value = name in changes ? changes[name] : paramOf(params, name);
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
