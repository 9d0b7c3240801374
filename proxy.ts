/**
 * In front of every page: a nonce for its scripts and the headers of a page. It also tells a page its own address, to
 * come back to after signing in. Whether somebody is signed in is each page's and each action's to check, not ours.
 */
import { randomBytes } from 'node:crypto';
import { NextResponse, type NextRequest } from 'next/server';
import { pageHeaders } from './lib/console/page-headers';
import { isProduction } from './lib/env';

export function proxy(request: NextRequest): NextResponse {
  const headers = pageHeaders(randomBytes(16).toString('base64'), isProduction());
  const forwarded = new Headers(request.headers);
  // The framework reads the nonce out of it.
  forwarded.set('content-security-policy', headers['content-security-policy'] ?? '');
  forwarded.set('x-page-path', `${request.nextUrl.pathname}${request.nextUrl.search}`);
  const response = NextResponse.next({ request: { headers: forwarded } });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

export const config = { matcher: ['/((?!api/|_next/static|_next/image|favicon.ico|icon.svg).*)'] };
