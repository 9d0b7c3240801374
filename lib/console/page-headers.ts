/** The headers of every page. Pure. */

/**
 * Scripts run by nonce only. Styles are files of ours; style attributes alone are allowed inline, since charts and
 * widths are drawn with them.
 */
export function contentSecurityPolicy(nonce: string, isDevelopment: boolean): string {
  return [
    "default-src 'self'",
    // React's development build evaluates code to show server stacks in the browser.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    // Development styles come as style elements that carry no nonce.
    `style-src 'self'${isDevelopment ? " 'unsafe-inline'" : ` 'nonce-${nonce}'`}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** @param isProduction also promises that this host speaks https only */
export function pageHeaders(nonce: string, isProduction: boolean): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(nonce, !isProduction),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
    // Nobody's page is kept by a cache on the way, nor shown by the back button after signing out.
    'cache-control': 'private, no-store',
    ...(isProduction && { 'strict-transport-security': 'max-age=63072000; includeSubDomains' }),
  };
}
