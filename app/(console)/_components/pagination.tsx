import Link from 'next/link';
import type { ReactNode } from 'react';
import { countText } from '@/lib/console';

/** @param total how many there are; null: unknown, and `hasMore` says whether there is a next page */
export function Pagination({ page, pageSize, total, hasMore, hrefOf }: { page: number; pageSize: number; total: number | null; hasMore?: boolean; hrefOf: (page: number) => string }): ReactNode {
  const pages = total === null ? null : Math.max(1, Math.ceil(total / pageSize));
  const isLast = pages === null ? hasMore !== true : page >= pages;
  if (page === 1 && isLast) return null;
  return (
    <nav className="pagination" aria-label="Pages">
      {page > 1 ? <Link className="button" rel="prev" href={hrefOf(page - 1)} prefetch={false}>← Previous</Link> : <span />}
      <span>Page {countText(page)}{pages === null ? '' : ` of ${countText(pages)}`}</span>
      {isLast ? <span /> : <Link className="button" rel="next" href={hrefOf(page + 1)} prefetch={false}>Next →</Link>}
    </nav>
  );
}
