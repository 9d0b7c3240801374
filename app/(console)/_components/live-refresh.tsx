'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState, useTransition, type ReactNode } from 'react';

const DEFAULT_INTERVAL_MS = 10_000;

/**
 * Reads the page anew while it is looked at, and says how old it is. It waits while the page is hidden, a dialog is
 * open or something is being typed, and when it is told to.
 * @param readAt when the server made the page: a page that cannot be read anew shows its age
 */
export function LiveRefresh({ readAt, intervalMs = DEFAULT_INTERVAL_MS }: { readAt: number; intervalMs?: number }): ReactNode {
  const router = useRouter();
  const [isReading, startReading] = useTransition();
  const [isPaused, setPaused] = useState(false);
  const [ageSeconds, setAgeSeconds] = useState(0);
  // This machine's clock may be wrong; the time since the page arrived is not.
  const arrivedAt = useRef(0);

  useEffect(() => {
    arrivedAt.current = performance.now();
    const timer = setInterval(() => { setAgeSeconds(Math.floor((performance.now() - arrivedAt.current) / 1_000)); }, 1_000);
    return () => { clearInterval(timer); };
  }, [readAt]);

  useEffect(() => {
    if (isPaused) return;
    const readIfDue = (): void => {
      if (performance.now() - arrivedAt.current >= intervalMs && !isBusy()) startReading(() => { router.refresh(); });
    };
    const timer = setInterval(readIfDue, intervalMs);
    document.addEventListener('visibilitychange', readIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', readIfDue);
    };
  }, [router, intervalMs, isPaused]);

  return (
    <p className="live" data-reading={isReading}>
      <span>{isPaused ? 'Paused, read' : 'Updated'} {ageSeconds < 2 ? 'just now' : `${String(ageSeconds)} s ago`}</span>
      <button type="button" className="button quiet" onClick={() => { setPaused(!isPaused); }} aria-pressed={isPaused}>{isPaused ? 'Go on' : 'Pause'}<span className="unseen"> updating</span></button>
    </p>
  );
}

function isBusy(): boolean {
  const at = document.activeElement;
  const isTyping = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement;
  return document.hidden || isTyping || document.querySelector('dialog[open]') !== null;
}
