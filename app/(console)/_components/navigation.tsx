'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';

const PLACES = [
  { href: '/', name: 'Overview' },
  { href: '/workspaces', name: 'Workspaces' },
  { href: '/runs', name: 'Runs' },
  { href: '/why-not', name: 'Why not?' },
  { href: '/alarms', name: 'Alarms' },
  { href: '/audit', name: 'Audit' },
] as const;

export function Navigation(): ReactNode {
  const path = usePathname();
  return (
    <nav aria-label="Console" className="navigation">
      <ul>
        {PLACES.map(({ href, name }) => (
          <li key={href}>
            <Link href={href} prefetch={false} aria-current={(href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)) ? 'page' : undefined}>{name}</Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
