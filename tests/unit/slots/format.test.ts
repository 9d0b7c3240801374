import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFallback, formatSlots, type FormatOptions } from '@/lib/slots/format';
import { DEFAULT_TEMPLATES } from '@/lib/slots/template';

const at = (iso: string): number => Date.parse(iso);
const [A, B, C] = [at('2026-11-24T15:00:00Z'), at('2026-11-26T19:30:00Z'), at('2026-11-27T15:00:00Z')];
const LINK = 'https://calendly.com/$&/{{options}}';

const options: FormatOptions = { leadZone: null, workspaceZone: 'America/New_York', template: '{{options}}', bookingLink: LINK };
const say = (slots: number[], given: Partial<FormatOptions> = {}): string => formatSlots(slots, { ...options, ...given }).text;

describe('a time', () => {
  it.each([
    ['en-US', 'America/New_York', 'Tuesday, November 24 at 10 AM EST'],
    ['en-US', 'Europe/Berlin', 'Tuesday, November 24 at 4 PM CET'],
    ['en-US', 'Asia/Kolkata', 'Tuesday, November 24 at 8:30 PM GMT+5:30'],
    ['en-US', 'Asia/Tokyo', 'Wednesday, November 25 at 12 AM GMT+9'],
    ['en-US', 'UTC', 'Tuesday, November 24 at 3 PM UTC'],
    ['en-GB', 'Europe/London', 'Tuesday 24 November at 15:00 GMT'],
    ['en-GB', 'America/New_York', 'Tuesday 24 November at 10:00 EST'],
    ['en-AU', 'Australia/Sydney', 'Wednesday 25 November at 2 am AEDT'],
    ['de-DE', 'Europe/Berlin', 'Dienstag, 24. November um 16:00 MEZ'],
    ['fr-FR', 'Europe/Paris', 'mardi 24 novembre à 16:00 UTC+1'],
  ])('is said as %s does in %s: %s', (locale, leadZone, expected) => {
    expect(say([A], { locale, leadZone })).toBe(expected);
  });

  it('is in the lead\'s zone when that is one, else in the workspace\'s', () => {
    expect(formatSlots([A], { ...options, leadZone: 'Europe/Berlin' })).toMatchObject({ zone: 'Europe/Berlin', options: ['Tuesday, November 24 at 4 PM CET'] });
    expect(formatSlots([A], { ...options, leadZone: 'Not/AZone' })).toMatchObject({ zone: 'America/New_York', options: ['Tuesday, November 24 at 10 AM EST'] });
  });

  it('has the zone\'s name of its own instant: two options may lie on both sides of a clock change', () => {
    expect(say([at('2026-10-30T14:00:00Z'), at('2026-11-02T15:00:00Z')])).toBe('Friday, October 30 at 10 AM EDT or Monday, November 2 at 10 AM EST');
    expect(say([at('2026-10-24T14:00:00Z'), at('2026-10-26T14:00:00Z')], { leadZone: 'Asia/Tbilisi', locale: 'de-DE' })).toContain('GMT+4');
  });

  it('has no space that mail tools garble', () => {
    for (const locale of ['en-US', 'fr-FR', 'de-DE', 'es-ES', 'en-CA']) expect(say([A, B], { locale })).not.toMatch(/[\u00a0\u202f]/);
  });

  it('falls back to English when the locale is none', () => {
    expect([say([A], { locale: 'not a locale' }), say([A], { locale: '' }), say([A], { locale: null })]).toEqual(Array.from({ length: 3 }, () => 'Tuesday, November 24 at 10 AM EST'));
  });
});

describe('a sentence', () => {
  const first = 'Tuesday, November 24 at 10 AM EST';
  const second = 'Thursday, November 26 at 2:30 PM EST';
  const third = 'Friday, November 27 at 10 AM EST';

  it.each([
    ['{{options}} of one', '{{options}}?', [A], `${first}?`],
    ['{{options}} of two', '{{options}}?', [A, B], `${first} or ${second}?`],
    ['{{options}} of three', '{{options}}?', [A, B, C], `${first}, ${second}, or ${third}?`],
    ['numbers that are all there', 'Would {{option1}} or {{option2}} work?', [A, B], `Would ${first} or ${second} work?`],
    ['one of two numbers', 'Would {{option1}} or {{option2}} work?', [A], `Would ${first} work?`],
    ['two of three numbers', 'Is {{option1}}, {{option2}} or {{option3}} good?', [A, B], `Is ${first} or ${second} good?`],
    ['a time more than numbers', 'Would {{option1}} or {{option2}} work?', [A, B, C], `Would ${first} or ${second} or ${third} work?`],
    ['a sentence about a missing time', 'How about {{option1}}? If not, {{option2}} works too.\n\nBest', [A], `How about ${first}?\n\nBest`],
    ['lines about missing times', '- {{option1}}\n- {{option2}}\n- {{option3}}\n\nBest', [A, B], `- ${first}\n- ${second}\n\nBest`],
    ['the list beside a number', 'Best: {{option1}}. All: {{options}}.', [A, B], `Best: ${first}. All: ${first} or ${second}.`],
  ])('is right for %s', (_name, template, slots, expected) => {
    expect(say(slots, { template })).toBe(expected);
  });

  it('joins with the locale\'s "or"', () => {
    expect(say([A, B], { locale: 'de-DE', leadZone: 'Europe/Berlin', template: 'Passt {{options}}?' })).toBe('Passt Dienstag, 24. November um 16:00 MEZ oder Donnerstag, 26. November um 20:30 MEZ?');
  });

  it('takes the link as it is', () => {
    expect(say([A], { template: '{{option1}} {{booking_link}}' })).toBe(`${first} ${LINK}`);
    expect(formatFallback(DEFAULT_TEMPLATES.fallback, LINK)).toBe(`You can pick a time that suits you here: ${LINK}`);
  });

  it('says every time, and leaves no placeholder and no hole, for any number of times and options', () => {
    const words = fc.constantFrom(' ', ' or ', '? If not, ', '.\n', ', maybe ', '。');
    fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(words, { minLength: 5, maxLength: 5 }), fc.integer({ min: 1, max: 5 }), (numbers, between, count) => {
      const template = Array.from({ length: numbers }, (_, i) => `${between[i] ?? ''}{{option${String(i + 1)}}}`).join('');
      const slots = Array.from({ length: count }, (_, i) => A + i * 86_400_000);
      const { text, options: said } = formatSlots(slots, { ...options, template });
      for (const option of said) expect(text.split(option)).toHaveLength(2);
      expect(text).not.toMatch(/[{}]/);
      // Nothing is said of options that are not there.
      for (const gap of ['If not, .', 'or ?', 'maybe ?']) expect(text).not.toContain(gap);
    }), { numRuns: 150 });
  });

  it('is never made of no times', () => {
    expect(() => say([])).toThrow('use the fallback');
  });
});
