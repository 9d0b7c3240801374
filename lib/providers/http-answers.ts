import { createHash, hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/**
 * Answers that were read before. A calendar that did not change says the very same bytes again a minute later, and
 * reading them (parsing, checking every field, instants) is most of what a refresh costs. What was read of a text depends on
 * nothing but the text, so equal text needs no second reading. Kept in this process alone, by the text's hash.
 */

/** Length of all texts whose readings are kept, in bytes; a reading is about a fifth of its text. */
const MAX_TOTAL_BYTES = 512 * 1024 * 1024;
/** A shorter text is read as fast as it is hashed. */
const MIN_BYTES = 1_024;

interface Reading {
  schema: object;
  value: unknown;
}

const readings = new LRUCache<string, Reading>({ maxSize: MAX_TOTAL_BYTES });

/**
 * What an answer says, read only if it was not read before. The value is shared between all who get it.
 * @param changingField a text field of the answer that differs each time and that nothing reads the value of
 * @param read throws when the text is not as it must be; nothing is remembered then
 */
export function readOnce<T>(body: Buffer, schema: object, changingField: string | undefined, read: () => T): T {
  if (body.length < MIN_BYTES) return read();
  const digest = digestOf(body, changingField);
  const known = readings.get(digest);
  if (known?.schema === schema) return known.value as T;
  const value = read();
  readings.set(digest, { schema, value }, { size: body.length });
  return value;
}

/** As in a new process; for measurements. */
export function forgetReadings(): void {
  readings.clear();
}

function digestOf(body: Buffer, changingField: string | undefined): string {
  if (changingField === undefined) return hash('sha256', body, 'base64');
  const opening = `"${changingField}":"`;
  const found = body.lastIndexOf(opening);
  if (found < 0) return hash('sha256', body, 'base64');
  const valueAt = found + opening.length;
  const closingAt = body.indexOf('"', valueAt);
  return createHash('sha256').update(body.subarray(0, valueAt)).update(body.subarray(closingAt)).digest('base64');
}
