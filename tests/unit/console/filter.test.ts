import { describe, expect, it } from 'vitest';
import { isNarrowed, listQuery, parseListFilter, sortedBy } from '@/lib/console/filter';

describe('the filter in the address', () => {
  it('comes back from its own address, whatever is set', () => {
    const filter = parseListFilter({ q: ' acme & co ', agency: 'north', provider: 'ghl', state: 'empty', sort: 'slots', dir: 'desc', page: '3' });
    const query = new URLSearchParams(listQuery(filter, { page: 3 }));
    expect(parseListFilter(Object.fromEntries(query))).toEqual(filter);
    expect(filter).toEqual({ q: 'acme & co', agency: 'north', provider: 'ghl', state: 'empty', sort: 'slots', dir: 'desc', page: 3 });
  });

  it('leaves out what cannot be meant and keeps the rest', () => {
    expect(parseListFilter({ q: ['a', 'b'], state: 'nonsense', page: '-1', sort: 'x', provider: '', agency: '' })).toEqual({ ...parseListFilter({}), q: 'a' });
    expect(parseListFilter({ page: '1e9' }).page).toBe(1);
  });

  it('begins at the first page when filter or order change', () => {
    const filter = parseListFilter({ page: '7' });
    expect(listQuery(filter, { state: 'stale' })).toBe('?state=stale');
    expect(listQuery(filter, sortedBy(filter, 'age'))).toBe('?sort=age');
    expect(listQuery(parseListFilter({}))).toBe('');
  });

  it('turns a column round when it is sorted by already, and begins with what is worst', () => {
    expect(sortedBy(parseListFilter({}), 'age')).toEqual({ sort: 'age', dir: 'desc' });
    expect(sortedBy(parseListFilter({ sort: 'age' }), 'age')).toEqual({ sort: 'age', dir: 'asc' });
    expect(sortedBy(parseListFilter({ sort: 'age', dir: 'asc' }), 'slots')).toEqual({ sort: 'slots', dir: 'asc' });
  });

  it('knows whether anything is left out', () => {
    expect(isNarrowed(parseListFilter({ sort: 'name', page: '2' }))).toBe(false);
    expect(isNarrowed(parseListFilter({ q: 'x' }))).toBe(true);
  });
});
