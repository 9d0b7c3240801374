/** Reads parameters and bodies with zod; what is wrong is a 400 that names every field. */
import { z } from 'zod';
import { badRequest, type FieldError } from './problem';

/** Far more than any body of this API needs. */
const MAX_BODY_BYTES = 16_384;
/** A name that the caller made up is repeated, cut short. */
const MAX_SHOWN_NAME = 100;
/** No control characters, and no half of a surrogate pair. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;

/** A text that a person or a tool gave. PostgreSQL stores no NUL. */
export const givenText = (maxLength: number) =>
  z.string('must be a text').trim().min(1, 'must not be empty').max(maxLength, `must have at most ${maxLength} characters`)
    .regex(PRINTABLE, 'must have no control characters');

const [EARLIEST, LATEST] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)];

/** Epoch milliseconds from ISO 8601 with a zone. */
export const instant = z.iso
  .datetime({
    offset: true,
    error: 'must be an instant with its zone, such as 2027-03-01T09:00:00Z or 2027-03-01T10:00:00+01:00 (in a URL, + is written %2B)',
  })
  .transform((iso) => Date.parse(iso))
  .refine((ms) => ms >= EARLIEST && ms < LATEST, 'must be between the years 2000 and 2100');

export const wholeNumber = (min: number, max: number) => {
  const expected = `must be a whole number from ${min} to ${max}`;
  return z.string().trim().regex(/^\d{1,9}$/, expected).transform(Number).refine((n) => n >= min && n <= max, expected);
};

/** Every parameter once, and none that the route does not know. @throws Problem 400 */
export function readParameters<T>(schema: z.ZodType<T>, search: URLSearchParams): T {
  const twice = [...new Set(search.keys())].filter((name) => search.getAll(name).length > 1);
  if (twice.length > 0) throw badRequest(twice.map((name) => ({ field: name.slice(0, MAX_SHOWN_NAME), message: 'is given more than once' })));
  return parse(schema, Object.fromEntries(search), 'is not a parameter of this route');
}

/** @throws Problem 400 */
export async function readJsonBody<T>(schema: z.ZodType<T>, request: Request): Promise<T> {
  let body: unknown;
  try {
    body = JSON.parse(await readText(request));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest([{ field: 'body', message: 'must be JSON in UTF-8' }]);
  }
  return parse(schema, body, 'is not a field of this body');
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  const reader = request.body?.getReader();
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
    const chunk = read.value;
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw badRequest([{ field: 'body', message: `must have at most ${MAX_BODY_BYTES} bytes` }]);
    text += decode(decoder, chunk);
  }
  return text + decode(decoder);
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new SyntaxError('not UTF-8');
  }
}

function parse<T>(schema: z.ZodType<T>, given: unknown, unknownMessage: string): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw badRequest(parsed.error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ field: key.slice(0, MAX_SHOWN_NAME), message: unknownMessage }));
    const field = issue.path.join('.') || 'body';
    const isMissing = issue.path.length > 0 && valueAt(given, issue.path) === undefined;
    return [{ field, message: isMissing ? 'is missing' : issue.message }];
  }));
}

function valueAt(given: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at !== null && typeof at === 'object' ? (at as Record<PropertyKey, unknown>)[key] : undefined), given);
}
