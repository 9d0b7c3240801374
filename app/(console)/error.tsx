'use client';

import type { ReactNode } from 'react';

export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }): ReactNode {
  return (
    <div className="problem" role="alert">
      <h1>This page could not be shown</h1>
      <p>The log of the app says why{error.digest === undefined ? '' : <>, under the digest <code>{error.digest}</code></>}. Nothing was changed.</p>
      <button type="button" className="button" onClick={reset}>Try again</button>
    </div>
  );
}
