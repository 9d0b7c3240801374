import { describe, expect, it } from 'vitest';
import { awaitsVariable, carriesSentence } from '@/lib/providers/emailbison/rendered';

const SENTENCE = "Would Tuesday, Nov 24 at 10\u202fAM EST or 2 PM work? It's A & B: https://x.test/?a=1&b=2";

describe('a body carries a sentence', () => {
  it.each([
    ['as it is', `<p>Hi Lee, ${SENTENCE}</p>`],
    ['escaped', `<p>${SENTENCE.replaceAll('&', '&amp;').replaceAll("'", '&#039;')}</p>`],
    ['by hexadecimal and named entities', `<p>${SENTENCE.replaceAll('&', '&#x26;').replaceAll("'", '&rsquo;').replaceAll(' ', '&nbsp;')}</p>`],
    ['wrapped over lines', SENTENCE.replaceAll(' ', '\r\n   ')],
    ['with tags inside', `Would <b>Tuesday</b>, Nov&nbsp;24 at <br/>10 AM EST or <span style="a">2 PM</span> work? It’s A &amp; B: <a href="https://x.test">https://x.test/?a=1&amp;b=2</a>`],
    ['among styles and comments', `<style>p{}</style><!-- x -->${SENTENCE}`],
  ])('%s', (_name, body) => { expect(carriesSentence(body, SENTENCE)).toBe(true); });

  it.each([
    ['empty', ''],
    ['another time', SENTENCE.replace('10', '11')],
    ['a part', SENTENCE.slice(0, -5)],
    ['only in a comment', `<!-- ${SENTENCE} -->`],
    ['the empty paragraph of an unset variable', '<p>Hi Lee, </p>'],
  ])('not %s', (_name, body) => { expect(carriesSentence(body, SENTENCE)).toBe(false); });

  it('an empty sentence is in no body', () => { expect(carriesSentence('<p>anything</p>', ' ')).toBe(false); });
});

describe('a template that is not filled yet', () => {
  it.each([['<p>{AVAILABILITY_SLOT}</p>', true], ['&#123;availability_slot&#125;', true], ['<p>{FIRST_NAME}</p>', false], ['AVAILABILITY_SLOT', false]])('%s', (body, expected) => {
    expect(awaitsVariable(body, 'availability_slot')).toBe(expected);
  });
});
