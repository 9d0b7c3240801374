'use client';

import Link from 'next/link';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ageText, countText, exactText, plural, relativeText } from '@/lib/console/words';
import type { ListedWorkspace } from '@/lib/console/workspace-row';
import { StateBadge } from '../../_components/badges';
import { allMatching } from '../_server/actions';
import styles from '../workspaces.module.css';
import { BulkBar } from './bulk-bar';
import { PROVIDER_NAMES } from './names';

interface SelectionProps {
  rows: ListedWorkspace[];
  /** The database's clock when they were read. */
  now: number;
  /** How many match, on all pages. */
  total: number;
  /** Of the list's address, without its page. */
  query: string;
  /** The sortable heads, made by the server. */
  head: ReactNode;
}

/** The rows, with a keyboard's way through them, and what is done to those that are selected. */
export function Selection({ rows, now, total, query, head }: SelectionProps): ReactNode {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isPending, setPending] = useState(false);
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body);

  const toggle = (id: string, isOn: boolean): void => {
    setSelected((before) => {
      const after = new Set(before);
      if (isOn) after.add(id);
      else after.delete(id);
      return after;
    });
  };
  const onPage = rows.filter(({ id }) => selected.has(id)).length;
  const selectMatching = async (): Promise<void> => {
    setPending(true);
    try {
      setSelected(new Set(await allMatching(query)));
    } finally {
      setPending(false);
    }
  };
  return (
    <>
      <div className="table-box" role="region" aria-label="Workspaces" tabIndex={0}>
        <table className={styles.list}>
          <caption className="unseen">Workspaces</caption>
          <thead>
            <tr>
              <th scope="col" className={styles.check}>
                <input
                  type="checkbox" aria-label="Select all on this page" checked={onPage === rows.length}
                  ref={(box) => { if (box) box.indeterminate = onPage > 0 && onPage < rows.length; }}
                  onChange={(event) => { setSelected(event.target.checked ? new Set(rows.map(({ id }) => id)) : new Set()); }}
                />
              </th>
              {head}
            </tr>
          </thead>
          <tbody ref={body}>
            {rows.map((row) => <Row key={row.id} row={row} now={now} isSelected={selected.has(row.id)} onSelect={(isOn) => { toggle(row.id, isOn); }} />)}
          </tbody>
        </table>
      </div>
      {selected.size > 0 && (
        <BulkBar ids={[...selected]} onClear={() => { setSelected(new Set()); }}>
          <strong>{plural(selected.size, 'workspace')}</strong>
          {selected.size < total && onPage === rows.length && total > rows.length && (
            <button type="button" className="button quiet" disabled={isPending} onClick={() => { void selectMatching(); }}>{isPending ? 'Selecting…' : `Select all ${countText(total)}`}</button>
          )}
        </BulkBar>
      )}
    </>
  );
}

function Row({ row, now, isSelected, onSelect }: { row: ListedWorkspace; now: number; isSelected: boolean; onSelect: (isOn: boolean) => void }): ReactNode {
  // A link that is missing or a pause has no error of its own.
  const trouble = row.lastError ?? (row.state === 'stale' || row.state === 'fresh' ? null : row.reason);
  return (
    <tr className={isSelected ? styles.selected : undefined}>
      <td className={styles.check}><input type="checkbox" aria-label={`Select ${row.name}`} checked={isSelected} onChange={(event) => { onSelect(event.target.checked); }} /></td>
      <th scope="row" className={styles.name}>
        <Link href={`/workspaces/${encodeURIComponent(row.id)}`} prefetch={false} data-row="">{row.name}</Link>
        <span className="faint small">{row.agencyName ?? row.agencyId ?? 'no agency'} · {row.provider === null ? 'no link' : PROVIDER_NAMES[row.provider]}</span>
      </th>
      <td className={styles.state}><StateBadge state={row.state} /></td>
      <td className="number" data-name="Age">{row.ageMs === null ? <span className="faint">never<span className={styles.phone}> read</span></span> : <><span className={styles.phone}>read </span>{ageText(row.ageMs)}<span className={styles.phone}> ago</span></>}</td>
      <td className="number" data-name="Slots">{countText(row.slotCount)}<span className={styles.phone}> slots</span></td>
      <td className="number" data-name="Next due">{dueText(row.dueAt, now)}</td>
      <td className={styles.error}>
        {trouble !== null && <span title={trouble}>{row.consecutiveFailures > 1 && <strong>{countText(row.consecutiveFailures)} × </strong>}{trouble}</span>}
      </td>
    </tr>
  );
}

function dueText(dueAt: number | null, now: number): ReactNode {
  if (dueAt === null) return <span className="faint">–</span>;
  return <time dateTime={new Date(dueAt).toISOString()} title={exactText(dueAt)}>{dueAt <= now ? 'next sweep' : relativeText(dueAt, now)}</time>;
}

/** j and k or the arrows go from row to row, x selects; Enter is the link's own. */
function useRowKeys(body: React.RefObject<HTMLTableSectionElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
      const at = event.target;
      const isField = at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement || (at instanceof HTMLInputElement && at.type !== 'checkbox');
      const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>('a[data-row]') ?? [])];
      // Down from the search leads into the list.
      if (isField && !(at instanceof HTMLInputElement && event.key === 'ArrowDown')) return;
      const current = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true);
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step !== undefined) {
        event.preventDefault();
        links[Math.max(0, Math.min(links.length - 1, current + step))]?.focus();
      } else if (event.key === 'x' && current >= 0) {
        links[current]?.closest('tr')?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => { document.removeEventListener('keydown', onKey); };
  }, [body]);
}
