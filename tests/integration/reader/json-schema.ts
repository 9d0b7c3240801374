/**
 * A validator for the part of JSON Schema 2020-12 that the document uses. A keyword that it does not know is an
 * error, so that nothing is documented and not checked; a field that is not documented is one too.
 */
type Json = Record<string, unknown>;
type Check = (rule: unknown, value: unknown, schema: Json, at: string, root: Json) => string[];

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const fail = (isBad: boolean, problem: string): string[] => (isBad ? [problem] : []);
const numeric = (compare: (value: number, bound: number) => boolean): Check => (bound, value, _s, at) =>
  fail(typeof value === 'number' && !compare(value, Number(bound)), `${at} is ${String(value)}, bound ${String(bound)}`);

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject, array: Array.isArray, string: (v) => typeof v === 'string', boolean: (v) => typeof v === 'boolean',
  null: (v) => v === null, integer: Number.isInteger, number: (v) => typeof v === 'number',
};
const FORMATS: Record<string, RegExp> = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, email: /^\S+@\S+$/ };

const annotation: Check = () => [];
const CHECKS: Record<string, Check> = {
  title: annotation, description: annotation, default: annotation, examples: annotation, additionalProperties: annotation,
  $ref: (ref, value, _s, at, root) => validate(resolve(String(ref), root), value, at, root),
  type: (type, value, _s, at) => fail(![type].flat().some((one) => TYPES[String(one)]?.(value) ?? false), `${at} is no ${String(type)}`),
  const: (expected, value, _s, at) => fail(value !== expected, `${at} is not ${String(expected)}`),
  enum: (all, value, _s, at) => fail(!(all as unknown[]).includes(value), `${at} is none of ${String(all)}`),
  pattern: (pattern, value, _s, at) => fail(typeof value === 'string' && !new RegExp(String(pattern), 'u').test(value), `${at} does not match ${String(pattern)}`),
  format: (format, value, _s, at) => fail(typeof value === 'string' && FORMATS[String(format)]?.test(value) !== true, `${at} is no ${String(format)}`),
  minLength: (min, value, _s, at) => fail(typeof value === 'string' && value.length < Number(min), `${at} is too short`),
  maxLength: (max, value, _s, at) => fail(typeof value === 'string' && value.length > Number(max), `${at} is too long`),
  minimum: numeric((value, min) => value >= min),
  maximum: numeric((value, max) => value <= max),
  anyOf: (all, value, _s, at, root) => fail(!(all as Json[]).some((one) => validate(one, value, at, root).length === 0), `${at} fits none of anyOf`),
  items: (item, value, _s, at, root) => (Array.isArray(value) ? value.flatMap((one, i) => validate(item as Json, one, `${at}[${i}]`, root)) : []),
  required: (names, value, _s, at) => (isObject(value) ? (names as string[]).flatMap((name) => fail(!(name in value), `${at}.${name} is missing`)) : []),
  properties: (properties, value, _s, at, root) => {
    if (!isObject(value)) return [];
    const known = properties as Record<string, Json>;
    return Object.entries(value).flatMap(([name, one]) => (known[name] ? validate(known[name], one, `${at}.${name}`, root) : [`${at}.${name} is not documented`]));
  },
};

/** @param root the document that references are of @returns what is wrong, a sentence each */
export function validate(schema: Json, value: unknown, at: string, root: Json): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => CHECKS[keyword]?.(rule, value, schema, at, root) ?? [`${at}: the keyword ${keyword} is not checked`]);
}

function resolve(ref: string, root: Json): Json {
  const found = ref.replace(/^#\//, '').split('/').reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root);
  if (!isObject(found)) throw new Error(`the document has no ${ref}`);
  return found;
}
