/**
 * Input that nobody would send in good faith, and the promise about it: a typed error or a good answer, within a time.
 * A few thousand cases in `npm test`; many: `npm run test:fuzz`. A failure prints its seed; FUZZ_SEED takes it back.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect } from 'vitest';

/** Of all properties together. */
export const FUZZ_CASES = Number(process.env.FUZZ_CASES ?? 2_500);
export const isLongFuzz = FUZZ_CASES >= 100_000;
const SEED = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);

/** CPU time that one case may take, whatever it holds: nothing here is larger than some hundred KB. */
const MAX_CASE_CPU_MS = 400;
/** What may be left of a long run beyond what its first fifth left. */
const MAX_HEAP_GROWTH_BYTES = 16 * 1024 * 1024;

/** Strings that break parsers: prototype keys, NUL, half of a surrogate pair, right-to-left, very long, numbers as text. */
export const NASTY_TEXTS = [
  '', ' ', '\u0000', 'a\u0000b', '\ud800', '\udfff\ud800', '\u202e', '\ufeff', '\n\r\t', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', 'true', '-0', '1e999', '9'.repeat(400),
  '2026-02-30T25:61:61Z', '2026-11-24T10:00:00', '+275760-09-13T00:00:00.001Z', '-000001-01-01T00:00:00Z', "'; DROP TABLE \"Client\"; --", '{{options}}', '<script>', '%00', '%', '%zz', '%c0%af', '../../etc/passwd', 'https://calendly.com\\@127.0.0.1/', 'x'.repeat(5_000), 'é'.repeat(300), '💥', '(a+)+$', 'a,b"c\n"',
];
export const nastyText = fc.oneof(fc.constantFrom(...NASTY_TEXTS), fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 30 }));
const nastyNumber = fc.constantFrom(0, -0, -1, 0.5, 1e-300, 2 ** 31, 2 ** 31 - 1, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 1e21, 1.7976931348623157e308, 1e308, 8.64e15, 8.64e15 + 1, 4_294_967_296);

/** JSON as text, so that it may hold what no JavaScript value does: keys given twice, numbers too large, prototype keys of the object's own. */
const nastyJson = fc.oneof(
  fc.constantFrom('null', 'true', '[]', '{}', '""', '1e400', '-1e400', '[[]]', '{"__proto__":{"isAdmin":true}}', '{"constructor":{"prototype":{"x":1}}}', '{"a":1,"a":2}', '"\\ud800"', '"\\u0000"'),
  nastyText.map((text) => JSON.stringify(text)),
  nastyNumber.map((n) => JSON.stringify(n)),
  fc.constantFrom(50, 2_000, 6_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.constantFrom(50, 3_000).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
  fc.constantFrom(3_000).map((n) => `[${'0,'.repeat(n)}0]`),
  fc.json({ maxDepth: 3 }),
);

/** Halves of surrogate pairs replaced, as whoever encodes a URL does. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/** Where something in a JSON text begins and ends: a value, or a key. */
function tokensOf(json: string): { start: number; end: number; isKey: boolean }[] {
  const tokens: { start: number; end: number; isKey: boolean }[] = [];
  for (const { index, 0: text } of json.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|\{\}|\[\]/g)) {
    tokens.push({ start: index, end: index + text.length, isKey: /^\s*:/.test(json.slice(index + text.length, index + text.length + 4)) });
  }
  return tokens;
}

/** The first value of each field: a long list of slots must not hide the few fields beside it. */
function firstOfEachField(json: string, tokens: ReturnType<typeof tokensOf>): typeof tokens {
  const seen = new Set<string>();
  return tokens.filter(({ start, end, isKey }, i) => {
    const name = isKey ? json.slice(start, end) : `value of ${json.slice(tokens[i - 1]?.start, tokens[i - 1]?.end)}`;
    if (seen.has(name) || (!isKey && tokens[i - 1]?.isKey !== true)) return false;
    seen.add(name);
    return true;
  });
}

/** A good answer with one to three of its parts replaced, renamed, removed or doubled. */
export function mutated(json: string): fc.Arbitrary<string> {
  const compact = JSON.stringify(JSON.parse(json));
  const change = fc.record({ at: fc.nat(1_000_000), how: fc.constantFrom('value', 'value', 'value', 'key', 'cut', 'double'), value: nastyJson, key: nastyText });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let text = compact;
    for (const { at, how, value, key } of changes) {
      const all = tokensOf(text);
      const tokens = at % 3 === 0 ? all : firstOfEachField(text, all);
      const token = tokens[at % tokens.length];
      if (token === undefined) return text;
      const before = text.slice(0, token.start);
      const after = text.slice(token.end);
      if (how === 'cut') text = text.slice(0, token.end);
      else if (how === 'double') text = `${before}${text.slice(token.start, token.end)},${text.slice(token.start, token.end)}${after}`;
      else if (token.isKey) text = before + JSON.stringify(how === 'key' ? key : `${text.slice(token.start + 1, token.end - 1)}x`) + after;
      else text = before + value + after;
    }
    return text;
  });
}

/** A text as bytes in an encoding that was not asked for, or broken in its middle. */
export function encoded(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const kinds = ['utf8', 'utf8', 'utf8', 'utf8', 'utf8', 'utf16le', 'latin1', 'bom', 'broken', 'bytes'] as const;
  return fc.tuple(text, fc.constantFrom(...kinds), fc.nat(1_000_000), fc.uint8Array({ maxLength: 12 })).map(([given, kind, at, bytes]) => {
    if (kind === 'utf16le' || kind === 'latin1') return Buffer.from(given, kind);
    const utf8 = Buffer.from(given, 'utf8');
    if (kind === 'bom') return Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), utf8]);
    if (kind === 'utf8') return utf8;
    const cut = at % (utf8.length + 1);
    return Buffer.concat([utf8.subarray(0, cut), kind === 'broken' ? Buffer.of(0xff, 0xc0, 0x80) : bytes, utf8.subarray(cut)]);
  });
}

export const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

let tried = 0;
export const casesTried = (): number => tried;

/** Runs `check` for its share of all cases; each may take so much CPU time and no more, and together they may leave so much memory. */
export async function forAll<T>(share: number, arbitrary: fc.Arbitrary<T>, check: (value: T) => unknown): Promise<void> {
  const numRuns = Math.max(20, Math.round(FUZZ_CASES * share));
  let runs = 0;
  let heapAtFifth = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, async (value) => {
      const { user, system } = process.cpuUsage();
      await check(value);
      const after = process.cpuUsage();
      const cpuMs = (after.user - user + after.system - system) / 1_000;
      if (cpuMs > MAX_CASE_CPU_MS) throw new Error(`took ${cpuMs.toFixed(0)} ms of CPU time`);
      runs += 1;
      if (isLongFuzz && runs === Math.round(numRuns / 5)) {
        collectGarbage();
        heapAtFifth = process.memoryUsage().heapUsed;
      }
    }),
    { numRuns, ...(SEED === undefined ? {} : { seed: SEED }), endOnFailure: isLongFuzz },
  );
  tried += runs;
  if (!isLongFuzz) return;
  collectGarbage();
  const growth = process.memoryUsage().heapUsed - heapAtFifth;
  console.log(`${expect.getState().currentTestName ?? ''}: ${String(runs)} cases, heap ${growth < 0 ? '' : '+'}${(growth / 1024 / 1024).toFixed(1)} MB since the first fifth`);
  expect(growth).toBeLessThan(MAX_HEAP_GROWTH_BYTES);
}
