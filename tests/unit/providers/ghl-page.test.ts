import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractNuxtData, membersOf, valueAt } from '@/lib/providers/ghl/nuxt-data';
import { readBookingPage } from '@/lib/providers/ghl/page';
import { fixtureText } from './hubspot-ghl-stub-client';

const ID = 'AbCdEfGhIjKlMnOpQrSt';
const OTHER = 'ZyXwVuTsRqPoNmLkJiHg';

function pageWith(data: unknown): string {
  return `<html><script>var a=1</script><script type="application/json" id="__NUXT_DATA__">${JSON.stringify(data)}</script></html>`;
}

function candidatesOf(data: unknown) {
  const page = readBookingPage(pageWith(data));
  if (page.kind !== 'booking') throw new Error(`not a booking page: ${page.reason}`);
  return page.candidates;
}

describe('readBookingPage', () => {
  it('finds the calendar of the fixture, with the name its reference leads to', () => {
    expect(readBookingPage(fixtureText('ghl/widget-page.html'))).toEqual({
      kind: 'booking',
      candidates: [{ id: ID, name: 'Intro' }],
      missingIds: new Set(),
    });
  });

  it('reads attributes in any order and quoting', () => {
    for (const tag of [`<script id=__NUXT_DATA__ data-ssr="true" type="application/json">`, `<SCRIPT type='application/json' id='__NUXT_DATA__'>`]) {
      expect(readBookingPage(`${tag}[{"${ID}":1},{"name":2},"Intro"]</script>`)).toMatchObject({ candidates: [{ id: ID }] });
    }
  });

  it('finds calendars listed with ids of their own, once each', () => {
    const listed = [{ calendars: 1 }, [2, 5], { id: 3, name: 4, widgetSlug: 4 }, ID, 'Intro', { id: 6, slotDuration: 7, name: 8 }, OTHER, 30, 'Deep dive'];
    expect(candidatesOf(listed)).toEqual([{ id: ID, name: 'Intro' }, { id: OTHER, name: 'Deep dive' }]);
    const keyedAndListed = [{ [ID]: 1 }, { id: 2, name: 3, calendarType: 3 }, ID, 'Intro'];
    expect(candidatesOf(keyedAndListed)).toEqual([{ id: ID, name: 'Intro' }]);
  });

  it('looks through wrappers it has never heard of, and around cycles', () => {
    expect(candidatesOf([['Reactive', 1], { [ID]: 2, self: 0 }, ['SomethingNew', 3], { name: 4, parent: 1 }, ['Ref', 5], 'Intro'])).toEqual([{ id: ID, name: 'Intro' }]);
    expect(candidatesOf([['Ref', 1], ['Ref', 0], { [ID]: 0 }])).toEqual([]);
  });

  it('does not take a name for an id when it leads to no object', () => {
    expect(candidatesOf([{ [ID]: 1, short: 2 }, 'just a text', { name: 1 }])).toEqual([]);
  });

  it('tells an id that is asked for and missing', () => {
    for (const data of [[{ [ID]: 1 }, null], [{ [ID]: -1 }], [{ [ID]: 99 }]]) {
      expect(readBookingPage(pageWith(data))).toMatchObject({ candidates: [], missingIds: new Set([ID]) });
    }
    expect(readBookingPage(pageWith([{ [ID]: 1, x: 2 }, null, { [ID]: 3 }, { name: 4 }, 'Intro']))).toMatchObject({ missingIds: new Set() });
  });

  it('is not led astray by keys of the prototype', () => {
    const text = `<script id="__NUXT_DATA__">[{"__proto__":1,"constructor":1,"${ID}":1},{"__proto__":2,"name":3},null,"Intro"]</script>`;
    expect(readBookingPage(text)).toMatchObject({ candidates: [{ id: ID, name: 'Intro' }] });
    expect(({} as Record<string, unknown>).name).toBeUndefined();
    expect(candidatesOf([['null', ID, 1], ['null', 'name', 2], 'Intro'])).toEqual([{ id: ID, name: 'Intro' }]);
  });

  it.each([
    ['<html>Just a moment…</html>', 'no-data'],
    ['<script id="__NUXT_DATA__">[1,</script>', 'malformed'],
    ['<script id="__NUXT_DATA__">{}</script>', 'malformed'],
    ['<script id="__NUXT_DATA__">[]</script>', 'malformed'],
    [pageWith([{ error: 1 }, ['NuxtError', 2], { statusCode: 3 }, 404]), 'error-page'],
  ])('%s is no booking page', (html, reason) => {
    expect(readBookingPage(html)).toEqual({ kind: 'other', reason });
  });

  it('ends, without throwing, on any JSON list', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (data) => {
        expect(['booking', 'other']).toContain(readBookingPage(pageWith(data)).kind);
      }),
    );
    const position = fc.integer({ min: -3, max: 12 });
    const element = fc.oneof(
      fc.tuple(fc.constantFrom('Reactive', 'Ref', 'null', 'Map'), position),
      fc.dictionary(fc.constantFrom(ID, OTHER, 'id', 'name', '__proto__'), position),
      fc.array(position),
      fc.constantFrom(ID, 'Intro', null, 7),
    );
    fc.assert(fc.property(fc.array(element, { minLength: 1 }), (data) => void readBookingPage(pageWith(data))));
  });
});

describe('nuxt data', () => {
  it('reads positions, never literals', () => {
    const data = extractNuxtData(pageWith([{ n: 1 }, 0]));
    if (data === undefined || data === 'malformed') throw new Error('not read');
    expect(membersOf(valueAt(data, 0))).toEqual([['n', 1]]);
    expect(valueAt(data, 1)).toBe(0);
    expect(valueAt(data, -1)).toBeUndefined();
    expect(valueAt(data, 0.5)).toBeUndefined();
    expect(valueAt(data, '0')).toBeUndefined();
  });
});
