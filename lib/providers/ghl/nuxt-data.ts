/**
 * The state that a Nuxt page carries: one flat array, in which objects and lists hold the positions of their
 * members. It is read in place and never rebuilt: cycles cost nothing, unknown wrappers are looked through,
 * and no key of the page becomes a property of an object of ours.
 */
export type NuxtData = readonly unknown[];

const OPENING = '<script';
const NAME = '__NUXT_DATA__';
const ID_ATTRIBUTE = /\sid\s?=\s?["']?$/i;
/** Of the tag before its id: real ones have three attributes. */
const MAX_TAG_LENGTH = 1_000;
const CLOSING = /<\/script/gi;

/**
 * The text of the script element. By looking for the name, which a page has once or twice, and from there to both
 * sides: one pattern for the whole element goes through the page again for each `<script` in it, and a page is anybody's.
 */
function scriptText(html: string): string | undefined {
  for (let at = html.indexOf(NAME); at !== -1; at = html.indexOf(NAME, at + NAME.length)) {
    const before = html.slice(Math.max(0, at - MAX_TAG_LENGTH), at);
    const tag = before.slice(before.lastIndexOf('<')).toLowerCase();
    const end = html.indexOf('>', at);
    // Nothing ends any later either.
    if (end === -1) return undefined;
    if (!tag.startsWith(OPENING) || tag.includes('>') || !ID_ATTRIBUTE.test(tag)) continue;
    CLOSING.lastIndex = end;
    const closing = CLOSING.exec(html);
    return closing === null ? undefined : html.slice(end + 1, closing.index);
  }
  return undefined;
}

/** Undefined: the page carries none. `malformed`: it does, and it cannot be read. */
export function extractNuxtData(html: string): NuxtData | 'malformed' | undefined {
  const text = scriptText(html);
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.length > 0 ? parsed : 'malformed';
  } catch {
    return 'malformed';
  }
}

/** Wrappers such as ["Reactive", 3] nest a few deep in real pages; more is a circle. */
const MAX_WRAPPERS = 16;

/** The value at a position, without its wrappers. Negative positions are undefined, NaN and their like. */
export function valueAt(data: NuxtData, position: unknown): unknown {
  let at = position;
  for (let depth = 0; depth <= MAX_WRAPPERS; depth += 1) {
    if (typeof at !== 'number' || !Number.isInteger(at) || at < 0) return undefined;
    const value = data[at];
    if (!isWrapper(value)) return value;
    at = value[1];
  }
  return undefined;
}

/** Key and position of each member, if the value is an object; `["null", key, position, …]` is one without a prototype. */
export function membersOf(value: unknown): [key: string, position: unknown][] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return Object.entries(value);
  if (value[0] !== 'null') return undefined;
  const members: [string, unknown][] = [];
  for (let at = 1; at + 1 < value.length; at += 2) members.push([String(value[at]), value[at + 1]]);
  return members;
}

function isWrapper(value: unknown): value is [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number';
}
