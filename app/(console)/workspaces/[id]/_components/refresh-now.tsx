'use client';

import { useRouter } from 'next/navigation';
import { useState, useTransition, type ReactNode } from 'react';
import { refreshAction, type RefreshResult } from '../../_server/actions';
import styles from '../workspace.module.css';

/** Reads the calendar now, and says in its place what came of it. */
export function RefreshNow({ workspaceId }: { workspaceId: string }): ReactNode {
  const router = useRouter();
  const [isPending, start] = useTransition();
  const [result, setResult] = useState<RefreshResult | null>(null);

  const refresh = (): void => {
    const form = new FormData();
    form.set('workspaceId', workspaceId);
    form.set('requestId', crypto.randomUUID());
    setResult(null);
    start(async () => {
      setResult(await refreshAction(form).catch((): RefreshResult => ({ kind: 'bad', message: 'It did not work. Load the page again and try once more.', advice: null })));
      router.refresh();
    });
  };
  return (
    <>
      <button type="button" className="button primary" onClick={refresh} disabled={isPending}>{isPending ? 'Reading the calendar…' : 'Refresh now'}</button>
      <div className={styles.result} role="status">
        {result !== null && <p className={result.kind === 'good' ? 'good-text' : result.kind === 'bad' ? 'bad-text' : undefined}>{result.kind === 'good' ? '✓ ' : result.kind === 'bad' ? '✕ ' : ''}{result.message}{result.advice !== null && <span className="faint"> {result.advice}</span>}</p>}
      </div>
    </>
  );
}
