/** Whether a change was asked for by a page of ours. Pure. */

/**
 * Browsers send `Origin` with every POST, and pages cannot change it; a request without one is no browser's and is
 * refused. `Sec-Fetch-Site` is checked besides where it is sent.
 */
export function isSameOrigin(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const origin = headers.get('origin');
  const host = hostOf(headers);
  return origin !== null && host !== '' && URL.canParse(origin) && new URL(origin).host === host;
}

/** The host that the browser asked, with its port; a proxy tells it apart from the one it asks itself. */
export function hostOf(headers: Pick<Headers, 'get'>): string {
  const forwarded = headers.get('x-forwarded-host')?.split(',').at(-1)?.trim();
  return (forwarded ?? headers.get('host') ?? '').toLowerCase();
}
