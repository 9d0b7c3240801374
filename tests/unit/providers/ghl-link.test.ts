import { describe, expect, it } from 'vitest';
import { hostOf } from '@/lib/providers/ghl';
import { parseGhlLink } from '@/lib/providers/ghl/link';
import { ORIGINS } from './hubspot-ghl-stub-client';

const ID = 'AbCdEfGhIjKlMnOpQrSt';

describe('parseGhlLink', () => {
  it.each([
    `https://api.leadconnectorhq.com/widget/booking/${ID}`,
    `https://link.msgsndr.com/widget/booking/${ID}/`,
    `https://book.acme.test/widget/booking/${ID}?email=lee@buyer.test#x`,
    `  http://book.acme.test/widget/booking/${ID}`,
    `https://book.acme.test//widget//booking/${ID}`,
  ])('%s carries the id, and its page is asked for over https without the query', (url) => {
    const link = parseGhlLink(url);
    expect(link).toMatchObject({ kind: 'calendar', calendarId: ID });
    expect(link.kind !== 'unsupported' && link.pageUrl.href).toMatch(/^https:\/\/[a-z.]+\/widget\/booking\/\w+\/?$/);
  });

  it.each([
    'https://api.leadconnectorhq.com/widget/bookings/intro',
    'https://api.leadconnectorhq.com/widget/bookings/team/intro',
    `https://api.leadconnectorhq.com/widget/bookings/${ID}`,
    'https://api.leadconnectorhq.com/widget/booking/short',
    `https://api.leadconnectorhq.com/widget/booking/${ID}/more`,
    `https://api.leadconnectorhq.com/widget/group/${ID}`,
    'https://api.leadconnectorhq.com/widget/groups/book-ada',
  ])('%s is known only to its page', (url) => {
    expect(parseGhlLink(url).kind).toBe('page');
  });

  it.each([
    'nonsense',
    'javascript:alert(1)',
    'https://api.leadconnectorhq.com/',
    'https://api.leadconnectorhq.com/widget/booking',
    `https://api.leadconnectorhq.com/widget/form/${ID}`,
    `https://evil.test/?u=/widget/booking/${ID}`,
    `https://evil.test/x/widget/booking/${ID}`,
  ])('%s is refused with a reason', (url) => {
    const link = parseGhlLink(url);
    expect(link.kind === 'unsupported' && link.reason).toMatch(/\w/);
  });
});

describe('hostOf', () => {
  it('is the host that free slots are asked of, not that of the page', () => {
    const url = `https://book.acme.test/widget/booking/${ID}`;
    expect(hostOf(url, ORIGINS, false)).toBe('backend.leadconnectorhq.com');
    expect(hostOf(url, ORIGINS, true)).toBe('services.leadconnectorhq.com');
    expect(hostOf('nonsense', ORIGINS, false)).toBe('backend.leadconnectorhq.com');
  });
});
