import { describe, expect, it } from 'vitest';
import { entityTag, isUnchanged } from '@/lib/reader/etag';

describe('If-None-Match', () => {
  const tag = entityTag('slots 1, 2');

  it.each([
    [null, false], ['', false], ['*', true], [' * ', true], [tag, true], [tag.slice(2), true], [`"x", ${tag}`, true], [`${tag},"x"`, true],
    ['"x"', false], [tag.slice(3, -1), false], [`"a${tag.slice(3)}`, false], ['W/"', false],
  ])('%j: unchanged is %s', (header, expected) => {
    expect(isUnchanged(header, tag)).toBe(expected);
  });

  it('is weak, and of the content alone', () => {
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(entityTag('slots 1, 2')).toBe(tag);
    expect(entityTag('slots 2, 1')).not.toBe(tag);
  });
});
