'use client';

import { useRouter } from 'next/navigation';
import { useTransition, type ReactNode } from 'react';

/** What could not be read, and a way to read it again; the rest of the page stands. */
export function Problem({ what }: { what: string }): ReactNode {
  const router = useRouter();
  const [isPending, start] = useTransition();
  return (
    <div className="problem" role="alert">
      <p><strong>{what} could not be read.</strong> The database did not answer within two seconds, or not at all. The log says which.</p>
      <button type="button" className="button" disabled={isPending} onClick={() => { start(() => { router.refresh(); }); }}>{isPending ? 'Reading…' : 'Try again'}</button>
    </div>
  );
}
