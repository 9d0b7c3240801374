import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '@/lib/reader/cursor';

const cursors = fc.record({
  cluster: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16)),
  xid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  workspaceId: fc.oneof(fc.uuid(), fc.constantFrom('', 'a|b', 'ü', '日本')),
});

describe('a cursor', () => {
  it('comes back as it was, whatever the workspace is called', () => {
    fc.assert(fc.property(cursors, (cursor) => { expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor); }));
  });

  it('any other text is none, and never an exception', () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(decodeCursor(text)).toBeUndefined(); }));
  });

  it.each([
    ['another version', '2|ab|1|w'], ['no number', '1|ab|x|w'], ['a number that no transaction has', `1|ab|${2n ** 64n}|w`], ['no cluster', '1||1|w'], ['a part missing', '1|ab|1'], ['a NUL', '1|ab|1|w\0'],
  ])('%s is none', (_name, plain) => {
    expect(decodeCursor(Buffer.from(plain).toString('base64url'))).toBeUndefined();
  });
});
