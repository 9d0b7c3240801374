import { describe, expect, it } from 'vitest';
import { hostOf } from '@/lib/providers/hubspot';
import { parseHubSpotLink } from '@/lib/providers/hubspot/link';
import { ORIGINS } from './hubspot-ghl-stub-client';

describe('parseHubSpotLink', () => {
  it.each([
    ['https://meetings.hubspot.com/ada', 'ada', undefined],
    ['https://meetings.hubspot.com/acme/ada', 'acme/ada', undefined],
    ['  https://meetings.hubspot.com/acme/ada/?uuid=1&email=x#top ', 'acme/ada', undefined],
    ['https://MEETINGS.HubSpot.com/Acme/Ada', 'Acme/Ada', undefined],
    ['https://meetings-eu1.hubspot.com/acme/ada', 'acme/ada', 'eu1'],
    ['https://meetings-na2.hubspot.com/ada', 'ada', 'na2'],
    ['https://meetings-na1.hubspot.com/ada', 'ada', undefined],
    ['https://app.hubspot.com/meetings/acme/ada', 'acme/ada', undefined],
    ['https://app-eu1.hubspot.com/meetings/ada', 'ada', 'eu1'],
    ['https://book.acme.test/meetings/acme/ada', 'acme/ada', undefined],
    ['http://meetings.hubspot.com/ada%20l/intro', 'ada l/intro', undefined],
    ['https://meetings.hubspot.com.evil.test/meetings/ada', 'ada', undefined],
  ])('%s is the page “%s” in region %s', (url, slug, hublet) => {
    expect(parseHubSpotLink(url)).toMatchObject({ slug, hublet });
  });

  it.each([
    ['https://meetings.hubspot.com//acme/ada', 'acme/ada', 'https://meetings.hubspot.com/acme/ada'],
    ['https://meetings.hubspot.com// ', '', ''],
    ['https://meetings.hubspot.com//%20', ' ', 'https://meetings.hubspot.com/%20'],
    ['https://book.acme.test//meetings///acme//ada/', 'acme/ada', 'https://book.acme.test/meetings/acme/ada/'],
  ])('%s stays on its host, whatever its slashes', (url, slug, page) => {
    const link = parseHubSpotLink(url);
    if (slug === '') expect(link.kind).toBe('unsupported');
    else expect(link.kind !== 'unsupported' && { slug: link.slug, page: link.pageUrl.href }).toEqual({ slug, page });
  });

  it('takes a host for a custom domain unless it is HubSpot’s own', () => {
    expect(parseHubSpotLink('https://meetings.hubspot.com.evil.test/meetings/ada').kind).toBe('custom');
    expect(parseHubSpotLink('https://meetings.hubspot.com/ada').kind).toBe('hosted');
  });

  it.each([
    'not a url',
    'ftp://meetings.hubspot.com/ada',
    'https://meetings.hubspot.com/',
    'https://meetings.hubspot.com/a/b/c',
    'https://meetings.hubspot.com/%E0%A4%A',
    'https://app.hubspot.com/contacts/123',
    'https://app.hubspot.com/meetings',
    'https://www.hubspot.com/meetings/ada',
    'https://meetings-eu1.evil.hubspot.com/ada',
    'https://book.acme.test/ada',
    'https://evil.test/?u=meetings.hubspot.com/ada',
  ])('%s is refused with a reason', (url) => {
    const link = parseHubSpotLink(url);
    expect(link.kind === 'unsupported' && link.reason).toMatch(/\w/);
  });
});

describe('hostOf', () => {
  const eu = 'https://meetings-eu1.hubspot.com/ada';
  it('is the region’s own host, and the official one with a credential', () => {
    expect(hostOf('https://meetings.hubspot.com/ada', ORIGINS, false)).toBe('api.hubspot.com');
    expect(hostOf(eu, ORIGINS, false)).toBe('api-eu1.hubspot.com');
    expect(hostOf(eu, { ...ORIGINS, hubspotMeetings: undefined }, false)).toBe('api-eu1.hubspot.com');
    expect(hostOf(eu, { ...ORIGINS, hubspotMeetings: 'https://api.hubspot.com/' }, false)).toBe('api-eu1.hubspot.com');
    expect(hostOf(eu, ORIGINS, true)).toBe('api.hubapi.com');
  });
  it('is the configured origin’s for every region', () => {
    expect(hostOf(eu, { ...ORIGINS, hubspotMeetings: 'http://127.0.0.1:8080' }, false)).toBe('127.0.0.1:8080');
  });
  it('does not fail on a link that is none', () => {
    expect(hostOf('nonsense', ORIGINS, false)).toBe('api.hubspot.com');
  });
});
