import { z } from 'zod';

/**
 * Lists of slots are nearly all of what providers send, so the answers that hold them are checked by hand, and only
 * the starts are kept: a schema of objects would copy each item, with a result of its own, into memory and time that
 * a sweep is short of. Every field that is read is checked, and a complaint says where it is.
 */

/** Starts in epoch milliseconds, as sent. Outside of the heap: what was read of an answer is kept for the next time. */
export type Starts = Float64Array;

/** What is wrong with an answer, and where; ends the reading. */
export class WrongShape extends Error {
  constructor(
    readonly path: (string | number)[],
    message: string,
  ) {
    super(message);
    this.name = 'WrongShape';
  }
}

/** A schema of a function that checks and reads. @param read throws WrongShape */
export function checkedBy<T>(read: (body: unknown) => T): z.ZodType<T> {
  return z.transform((body, context): T => {
    try {
      return read(body);
    } catch (error) {
      if (!(error instanceof WrongShape)) throw error;
      context.addIssue({ code: 'custom', path: error.path, message: error.message });
      return z.NEVER;
    }
  });
}

/** @throws WrongShape at `path` unless the value is a list */
export function listAt(value: unknown, ...path: (string | number)[]): readonly unknown[] {
  if (!Array.isArray(value)) throw new WrongShape(path, 'is not a list');
  return value;
}

/** @throws WrongShape at `path` unless the value is an object */
export function recordAt(value: unknown, ...path: (string | number)[]): Record<string, unknown> {
  if (!isRecord(value)) throw new WrongShape(path, 'is not an object');
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with an item, and with which of its fields. */
export interface Complaint {
  message: string;
  field?: string;
}

/** The start of an item that is well, or undefined if it offers none. */
export type ReadStart = (item: unknown) => number | undefined | Complaint;

/**
 * Appends the starts of a list in epoch milliseconds, as sent.
 * @param path of the list, made only when needed
 * @throws WrongShape at the first item that is not well
 */
export function readStarts(items: readonly unknown[], startsMs: number[], readStart: ReadStart, path: () => (string | number)[]): void {
  for (let index = 0; index < items.length; index += 1) {
    const read = readStart(items[index]);
    if (typeof read === 'number') {
      startsMs.push(read);
    } else if (read !== undefined) {
      throw new WrongShape(read.field === undefined ? [...path(), index] : [...path(), index, read.field], read.message);
    }
  }
}
