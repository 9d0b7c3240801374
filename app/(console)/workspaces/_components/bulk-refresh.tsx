'use client';

import { useRouter } from 'next/navigation';
import { useId, useRef, useState, type ReactNode } from 'react';
import { countText, plural } from '@/lib/console/words';
import styles from '../workspaces.module.css';

/** A line of the answer of `POST /workspaces/refresh`. */
export interface RefreshLine {
  done: number;
  total: number;
  name: string;
  /** What went wrong, in words; null: it was read. */
  problem: string | null;
}

type Progress = { kind: 'asking' } | { kind: 'running'; done: number; total: number } | { kind: 'ended'; done: number; total: number; problem: string | null };

/** Refreshes all that are selected, and shows how far it is; it can be stopped. */
export function BulkRefresh({ ids }: { ids: string[] }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const stop = useRef<AbortController>(null);
  const titleId = useId();
  const router = useRouter();
  const [progress, setProgress] = useState<Progress>({ kind: 'asking' });
  const [failed, setFailed] = useState<RefreshLine[]>([]);

  const open = (): void => {
    setProgress({ kind: 'asking' });
    setFailed([]);
    dialog.current?.showModal();
  };
  const run = async (): Promise<void> => {
    stop.current = new AbortController();
    let [done, total] = [0, ids.length];
    setProgress({ kind: 'running', done, total });
    let problem: string | null = null;
    try {
      problem = await readLines(ids, stop.current.signal, (line) => {
        ({ done, total } = line);
        setProgress({ kind: 'running', done, total });
        if (line.problem !== null) setFailed((before) => [...before, line]);
      });
    } catch {
      problem = stop.current.signal.aborted ? 'Stopped. What was under way is finished.' : 'The connection ended. What was under way is finished; the sweep reads the others.';
    }
    setProgress({ kind: 'ended', done, total, problem });
    router.refresh();
  };
  const close = (): void => {
    stop.current?.abort();
    dialog.current?.close();
  };
  return (
    <>
      <button type="button" className="button" onClick={open} aria-haspopup="dialog">Refresh</button>
      <dialog ref={dialog} aria-labelledby={titleId} className="dialog" onCancel={() => stop.current?.abort()}>
        <div className="stack">
          <h2 id={titleId}>{progress.kind === 'ended' ? 'Refreshed' : `Refresh ${plural(ids.length, 'workspace')}?`}</h2>
          {progress.kind === 'asking' ? <p>Their calendars are read now, a few at a time. The sweep reads them anyway, every minute.</p> : (
            <>
              <progress className={styles.progress} max={progress.total} value={progress.done} aria-label="Refreshed" />
              <p role="status">{countText(progress.done)} of {countText(progress.total)} read{failed.length > 0 ? `, ${countText(failed.length)} without success` : ''}.</p>
            </>
          )}
          {progress.kind === 'ended' && progress.problem !== null && <p role="alert" className="field-problem">{progress.problem}</p>}
          {failed.length > 0 && <ul className={styles.failures}>{failed.map((line) => <li key={line.done}><strong>{line.name}</strong> {line.problem}</li>)}</ul>}
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={close}>{progress.kind === 'asking' ? 'Cancel' : progress.kind === 'running' ? 'Stop' : 'Close'}</button>
            {progress.kind === 'asking' && <button type="button" className="button primary" onClick={() => { void run(); }}>Refresh {plural(ids.length, 'workspace')}</button>}
          </div>
        </div>
      </dialog>
    </>
  );
}

/** @returns what went wrong as a whole, or null */
async function readLines(ids: string[], signal: AbortSignal, onLine: (line: RefreshLine) => void): Promise<string | null> {
  const answer = await fetch('/workspaces/refresh', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids, requestId: crypto.randomUUID() }), signal,
  });
  if (!answer.ok || !answer.body) return answer.status === 401 ? 'You are signed out. Load the page again and sign in.' : await answer.text();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    const lines = `${rest}${value}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(JSON.parse(line) as RefreshLine);
  }
}
