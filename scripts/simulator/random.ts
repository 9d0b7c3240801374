/**
 * Seeded randomness. Everything random in the simulator is a pure function of a seed and of what the
 * number is for, so that the order in which requests arrive cannot change what is booked.
 */

/** FNV-1a: a stable 32-bit hash of a text. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Mixes a number (of any size that is a safe integer) into a 32-bit hash. */
export function mix(hash: number, value: number): number {
  const low = value >>> 0;
  const high = Math.floor(value / 4294967296) >>> 0;
  let mixed = Math.imul(hash ^ low, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ high, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x7feb352d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** A 32-bit hash as a number in [0, 1). */
export function unit(hash: number): number {
  return hash / 4294967296;
}

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: small, fast, good enough for test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    pick<T>(items: readonly T[]): T {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('pick() needs at least one item');
      return item;
    },
  };
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const HEX = '0123456789abcdef';

function textFrom(alphabet: string, seedText: string, length: number): string {
  const random = createRandom(hashText(seedText));
  let text = '';
  for (let index = 0; index < length; index += 1) text += alphabet.charAt(random.below(alphabet.length));
  return text;
}

/** Identifiers that look like the vendors' own, the same for the same seed text. */
export const idLike = {
  alphanumeric: (seedText: string, length: number): string => textFrom(ALPHANUMERIC, seedText, length),
  upper: (seedText: string, length: number): string => textFrom(UPPER, seedText, length),
  uuid: (seedText: string): string => {
    const hex = textFrom(HEX, seedText, 32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  },
  digits: (seedText: string, length: number): string => `1${textFrom('0123456789', seedText, length - 1)}`,
};
