import { describe, expect, test } from 'vitest';
import { hostOf } from '../../../lib/providers/calendly';
import { findEventType } from '../../../lib/providers/calendly/event-types';
import { parseCalendlyLink, type CalendlyLink } from '../../../lib/providers/calendly/link';
import type { EventType } from '../../../lib/providers/calendly/schema';

const UUID = '3f0c6a52-0d1e-4c5b-9a77-0123456789ab';
const intro: CalendlyLink = { kind: 'event', profile: 'acme-demo', event: 'intro' };

describe('parseCalendlyLink', () => {
  const table: [url: string, link: CalendlyLink][] = [
    ['https://calendly.com/acme-demo/intro', intro],
    ['https://calendly.com/acme-demo/intro/', intro],
    ['https://calendly.com//acme-demo//intro//', intro],
    [' https://calendly.com/acme-demo/intro?month=2026-11&utm_source=x#top ', intro],
    ['https://www.calendly.com/acme-demo/intro', intro],
    ['http://CALENDLY.COM/acme-demo/intro', intro],
    ['https://calendly.com./acme-demo/intro', intro],
    ['https://calendly.com/acme-demo/intro/2026-11-24T10:00:00-05:00?month=2026-11', intro],
    ['https://calendly.com/acme-demo/30%20min', { kind: 'event', profile: 'acme-demo', event: '30 min' }],
    ['https://calendly.com/acme-demo', { kind: 'profile', profile: 'acme-demo' }],
    ['https://calendly.com/acme-demo/?back=1', { kind: 'profile', profile: 'acme-demo' }],
    ['https://calendly.com/d', { kind: 'unsupported', reason: '/d is not a booking page' }],
    ['https://calendly.com/d/cabc-123-xyz/intro', { kind: 'schedulingLink', code: 'cabc-123-xyz' }],
    ['https://calendly.com/D/cabc-123-xyz/intro/', { kind: 'schedulingLink', code: 'cabc-123-xyz' }],
    ['https://calendly.com/d/cabc-123-xyz', { kind: 'schedulingLink', code: 'cabc-123-xyz' }],
    ['https://calendly.com/s/cabc-123-xyz?x=1', { kind: 'schedulingLink', code: 'cabc-123-xyz' }],
    [`https://calendly.com/event_types/${UUID}`, { kind: 'eventType', id: UUID }],
    [`https://api.calendly.com/event_types/${UUID}/`, { kind: 'eventType', id: UUID }],
    ['https://calendly.com/event_types/EBAXZXNO5XL6LLRJ', { kind: 'eventType', id: 'EBAXZXNO5XL6LLRJ' }],
    ['https://api.calendly.com/event_types/EBAXZXNO5XL6LLRJ?x', { kind: 'eventType', id: 'EBAXZXNO5XL6LLRJ' }],
  ];
  test.each(table)('%s', (url, link) => expect(parseCalendlyLink(url)).toEqual(link));

  const unsupported = [
    '', 'calendly.com/acme/intro', 'https://calendly.com', 'https://calendly.com/', 'https://calendly.com.evil.example/acme/intro', 'https://evil.example/calendly.com/intro',
    'https://help.calendly.com/acme/intro', 'https://api.calendly.com/users/me', 'https://api.calendly.com/', 'https://calendly.com/event_types',
    'https://calendly.com/event_types/a%2Fb', 'https://calendly.com/cancellations/abc', 'https://calendly.com/app/scheduled_events', 'https://calendly.com/acme/intro/now', 'https://calendly.com/a/b/2026-11-24/d',
    'https://calendly.com/%E0%A4%A/intro', 'mailto:lee@calendly.com',
  ];
  test.each(unsupported)('%s is unsupported', (url) => expect(parseCalendlyLink(url).kind).toBe('unsupported'));
});

describe('hostOf', () => {
  const origins = { calendlyBooking: 'http://127.0.0.1:1', calendlyApi: 'http://127.0.0.1:2', hubspotApi: '', ghlBackend: '', ghlApi: '' };
  test.each([
    ['https://calendly.com/a/b', false, '127.0.0.1:1'],
    ['https://calendly.com/a/b', true, '127.0.0.1:2'],
    ['https://calendly.com/d/code/b', true, '127.0.0.1:1'],
    ['nonsense', false, '127.0.0.1:1'],
  ] as const)('%s (credential: %s) → %s', (url, hasCredential, host) => expect(hostOf(url, origins, hasCredential)).toBe(host));
});

describe('findEventType', () => {
  const eventType = (profile: string, slug: string, active = true): EventType => ({
    uri: `https://api.calendly.com/event_types/${profile}-${slug}`,
    active,
    name: slug,
    duration: 30,
    scheduling_url: `https://calendly.com/${profile}/${slug}`,
  });
  const all = [eventType('bob', 'intro'), eventType('Ada', 'Intro'), eventType('ada', 'old', false), eventType('team', 'a'), eventType('team', 'b')];

  test('is found by profile and event together', () => {
    expect(findEventType({ kind: 'event', profile: 'ada', event: 'intro' }, all)?.uri).toContain('Ada-Intro');
    expect(findEventType({ kind: 'event', profile: 'eve', event: 'intro' }, all)).toBeUndefined();
  });
  test('a profile with one active event type means that one', () => {
    expect(findEventType({ kind: 'profile', profile: 'ada' }, all)?.uri).toContain('Ada-Intro');
    expect(findEventType({ kind: 'profile', profile: 'eve' }, all)).toBeUndefined();
  });
  test('a profile with several means none', () => {
    expect(() => findEventType({ kind: 'profile', profile: 'team' }, all)).toThrow(expect.objectContaining({ kind: 'ambiguous_link', choices: [{ id: 'team-a', name: 'a' }, { id: 'team-b', name: 'b' }] }));
  });
});
