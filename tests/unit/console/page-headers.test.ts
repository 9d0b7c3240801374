import { expect, it } from 'vitest';
import { contentSecurityPolicy, pageHeaders } from '@/lib/console/page-headers';

const directive = (policy: string, name: string): string => policy.split('; ').find((part) => part.startsWith(`${name} `)) ?? '';

it('in production a script runs by nonce only: nothing inline, nothing evaluated', () => {
  const scripts = directive(contentSecurityPolicy('abc', false), 'script-src');
  expect(scripts).toContain("'nonce-abc'");
  expect(scripts).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(directive(contentSecurityPolicy('abc', false), 'style-src')).not.toContain('unsafe');
});

it('a page is framed by nobody, sends forms nowhere else, and is kept by no cache', () => {
  const policy = contentSecurityPolicy('abc', false);
  for (const closed of ["frame-ancestors 'none'", "form-action 'self'", "object-src 'none'", "base-uri 'none'", "default-src 'self'"]) expect(policy).toContain(closed);
  expect(pageHeaders('abc', true)['cache-control']).toContain('no-store');
});

it('promises https in production alone: a promise made on localhost would outlive the test there', () => {
  expect(pageHeaders('abc', true)['strict-transport-security']).toMatch(/max-age=\d{8}/);
  expect(pageHeaders('abc', false)).not.toHaveProperty('strict-transport-security');
});
