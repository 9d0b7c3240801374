import { z } from 'zod';

/**
 * Lists of slots are nearly all of what providers send. They are checked by hand, item by item, and only the
 * starts are kept: a schema of objects would copy each, with a result of its own, into memory that a sweep is short of.
 */

export const itemList = z.custom<readonly unknown[]>(Array.isArray, 'is not a list');

/** What is wrong with an item, and with which of its fields. */
export interface Complaint {
  message: string;
  field?: string;
}

/** The start of an item that is well, or undefined if it offers none. */
export type ReadStart = (item: unknown) => number | undefined | Complaint;

/**
 * Starts in epoch milliseconds, as sent. The first complaint ends the reading, and the answer is refused.
 * @param path of the list, from where `context` is
 */
export function readStarts(items: readonly unknown[], context: z.RefinementCtx, path: readonly string[], readStart: ReadStart): number[] {
  const startsMs: number[] = [];
  let index = 0;
  for (const item of items) {
    const read = readStart(item);
    if (typeof read === 'object') {
      const { message, field } = read;
      context.addIssue({ code: 'custom', path: field === undefined ? [...path, index] : [...path, index, field], message });
      break;
    }
    if (read !== undefined) startsMs.push(read);
    index += 1;
  }
  return startsMs;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
