import { describe, expect, it } from 'vitest';
import { workItemOf } from '@/lib/refresh/work-item';
import { ORIGINS } from '../providers/hubspot-ghl-stub-client';
import { factsOf } from './facts';

const credential = { id: 'c1', keyId: 'k1', quotaKey: 'q1', ciphertext: new Uint8Array(), baseUrl: null } as never;
const linkTo = (url: string, provider: 'calendly' | 'hubspot' | 'ghl' | 'unknown') => ({ link: { id: 'l1', url, provider, chosenId: null } });

describe('a work item', () => {
  it('is asked of its vendor, with the credential where that knows the calendar', () => {
    expect(workItemOf(factsOf({ link: null }), ORIGINS)).toBeNull();
    expect(workItemOf(factsOf({ credential }), ORIGINS)).toMatchObject({ host: 'api.calendly.com', credential });
    expect(workItemOf(factsOf(), ORIGINS)).toMatchObject({ host: 'calendly.com', credential: null });
    expect(workItemOf(factsOf({ credential, ...linkTo('https://calendly.com/d/abc-def-ghi/intro', 'calendly') }), ORIGINS)).toMatchObject({ host: 'calendly.com', credential: null });
    expect(workItemOf(factsOf({ credential, ...linkTo('nonsense', 'unknown') }), ORIGINS)).toMatchObject({ host: 'none' });
  });

  it('does not end the planning of all others when its link cannot be read', () => {
    for (const url of ['https://meetings.hubspot.com// ?%', 'https://meetings.hubspot.com//%20', 'https://meetings.hubspot.com/%ff']) {
      expect(workItemOf(factsOf(linkTo(url, 'hubspot')), ORIGINS)).toMatchObject({ host: 'api.hubspot.com' });
    }
    // What a parser throws that nobody has thought of.
    const thrown = { ...ORIGINS, get hubspotMeetings(): string { throw new TypeError('Invalid URL'); } };
    expect(workItemOf(factsOf({ credential: null, ...linkTo('https://meetings.hubspot.com/ada', 'hubspot') }), thrown)).toMatchObject({ workspaceId: 'w1', host: 'none', credential: null });
  });
});
