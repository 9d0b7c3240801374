import Link from 'next/link';
import type { ReactNode } from 'react';

/**
 * A table with a caption that is read out, in a box of its own that scrolls sideways and can be reached by keyboard.
 * @param cards on a phone each row becomes a card; cells name themselves by `data-name`
 */
export function Table({ caption, head, children, shown = false, cards = false }: { caption: string; head: ReactNode; children: ReactNode; shown?: boolean; cards?: boolean }): ReactNode {
  return (
    <div className={cards ? 'table-box cards' : 'table-box'} role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption className={shown ? undefined : 'unseen'}>{caption}</caption>
        <thead><tr>{head}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A column that the server sorts by: a link with the sort in the address. */
export function SortHead({ name, href, direction, numeric = false }: { name: string; href: string; direction: 'ascending' | 'descending' | null; numeric?: boolean }): ReactNode {
  return (
    <th scope="col" aria-sort={direction ?? undefined} className={numeric ? 'number' : undefined}>
      <Link href={href} scroll={false} prefetch={false}>{name}<span aria-hidden="true">{direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''}</span></Link>
    </th>
  );
}
