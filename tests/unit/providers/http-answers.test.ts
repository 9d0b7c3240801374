import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { fetchGHLAvailabilityWithMeta } from '@/lib/providers/ghl';
import { forgetReadings, readOnce } from '@/lib/providers/http-answers';
import { readJson } from '@/lib/providers/http-read';
import type { HttpClient } from '@/lib/providers/types';
import { optionsWith } from './hubspot-ghl-stub-client';

const SCHEMA = {};
const LONG = 'x'.repeat(2_000);

/** Counts the readings of texts. */
function reader() {
  let readings = 0;
  const read = (text: string, { schema = SCHEMA, changingField }: { schema?: object; changingField?: string } = {}): { of: string } =>
    readOnce(Buffer.from(text), schema, changingField, () => {
      readings += 1;
      return { of: text };
    });
  return { read, readings: () => readings };
}

const body = (traceId: string, slots = LONG): string => JSON.stringify({ slots, traceId });

beforeEach(forgetReadings);

describe('readOnce', () => {
  it('reads equal text once', () => {
    const { read, readings } = reader();
    expect([read(LONG), read(LONG)]).toEqual([{ of: LONG }, { of: LONG }]);
    expect(readings()).toBe(1);
  });

  it('reads text anew that differs in a single character, wherever that is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1_100, maxLength: 1_200, unit: fc.constantFrom('"', ':', '{', 't', 'traceId', '0') }), fc.nat(), (text, at) => {
        const { read } = reader();
        const other = `${text.substring(0, at % text.length)}!${text.substring((at % text.length) + 1)}`;
        expect(read(text, { changingField: 'none' })).toEqual({ of: text });
        expect(read(other, { changingField: 'none' })).toEqual({ of: other });
      }),
    );
  });

  it('lets the value of the changing field differ, and nothing else', () => {
    const { read, readings } = reader();
    const options = { changingField: 'traceId' };
    read(body('a'), options);
    expect(read(body('b'), options)).toEqual({ of: body('a') });
    expect(read(body('longer than before'), options)).toEqual({ of: body('a') });
    expect(readings()).toBe(1);
    expect(read(body('a', `${LONG}y`), options)).toEqual({ of: body('a', `${LONG}y`) });
    const renamed = body('a').replace('traceId', 'tracedId');
    expect(read(renamed, options)).toEqual({ of: renamed });
    const withoutText = body('a').replace('"a"', 'null');
    expect(read(withoutText, options)).toEqual({ of: withoutText });
    const cutOff = body('a').slice(0, -2);
    expect(read(cutOff, options)).toEqual({ of: cutOff });
  });

  it('reads a text anew for whoever expects another shape', () => {
    const { read, readings } = reader();
    read(LONG);
    read(LONG, { schema: {} });
    expect(readings()).toBe(2);
  });

  it('remembers no failure', () => {
    const fails = (): never => { throw new Error('not as it must be'); };
    expect(() => readOnce(Buffer.from(LONG), SCHEMA, undefined, fails)).toThrow('not as it must be');
    expect(reader().read(LONG)).toEqual({ of: LONG });
  });

  it('reads what is short each time', () => {
    const { read, readings } = reader();
    read('{}');
    read('{}');
    expect(readings()).toBe(2);
  });
});

describe('readJson', () => {
  it('keeps what it read only for requests that ask for it', () => {
    const asked = { vendor: 'ghl', url: new URL('https://provider.test/'), credential: undefined } as const;
    const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body('a')), bytes: 0, durationMs: 0, error: undefined };
    let readings = 0;
    const schema = { safeParse: (value: unknown) => ({ success: true as const, data: [value, ++readings] }) };
    readJson(asked, answer, { schema });
    readJson(asked, answer, { schema });
    expect(readings).toBe(2);
    readJson(asked, answer, { schema, remember: {} });
    readJson(asked, answer, { schema, remember: {} });
    expect(readings).toBe(3);
  });
});

describe('a refresh over remembered answers', () => {
  const starts = Array.from({ length: 200 }, (_, index) => new Date(Date.parse('2026-11-24T00:00:00Z') + index * 900_000).toISOString());
  const text = (traceId: string): string => JSON.stringify({ '2026-11-24': { slots: starts }, traceId });

  it('gives each caller a list of its own', async () => {
    let asks = 0;
    const http = {
      getJson: async (request) => {
        const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text(String(asks))), bytes: 0, durationMs: 0, error: undefined };
        const asked = { vendor: request.vendor, url: request.url, credential: undefined };
        asks += 1;
        return await Promise.resolve(readJson(asked, answer, request));
      },
    } as HttpClient;
    const fetchOnce = () => fetchGHLAvailabilityWithMeta('https://book.acme.test/widget/booking/AbCdEfGhIjKlMnOpQrSt', 30, optionsWith(http));
    const first = await fetchOnce();
    const kept = [...first.slots];
    first.slots.length = 0;
    expect((await fetchOnce()).slots).toEqual(kept);
    expect(kept.length).toBeGreaterThan(100);
  });
});
