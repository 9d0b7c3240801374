import type { ReactNode } from 'react';
import { LiveRefresh } from './live-refresh';

/** A page's title, what stands beside it, and how old the page is. @param readAt when the server made it, epoch milliseconds */
export function PageHead({ title, children, readAt }: { title: ReactNode; children?: ReactNode; readAt?: number }): ReactNode {
  return (
    <div className="page-head">
      <h1>{title}</h1>
      {children}
      {readAt !== undefined && <LiveRefresh readAt={readAt} />}
    </div>
  );
}
