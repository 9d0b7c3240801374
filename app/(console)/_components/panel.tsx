import { Suspense, type ReactNode } from 'react';
import { readOrLog } from '../_server/read-or-log';
import { Problem } from './problem';

interface PanelProps<T> {
  title: string;
  /** Stands beside the title. */
  aside?: ReactNode;
  /** Goes over the whole width of a grid. */
  wide?: boolean;
  id?: string;
  read: () => Promise<T>;
  children: (data: T) => ReactNode;
}

/** A titled part of a page with a query of its own: its failure is told in its place, and the rest of the page stands. */
export function Panel<T>({ title, aside, wide = false, id, read, children }: PanelProps<T>): ReactNode {
  return (
    <section className={wide ? 'panel wide' : 'panel'} aria-label={title} id={id}>
      <div className="panel-head"><h2>{title}</h2>{aside}</div>
      <Suspense fallback={<p className="reading" role="status">Reading…</p>}>
        <PanelBody title={title} read={read}>{children}</PanelBody>
      </Suspense>
    </section>
  );
}

async function PanelBody<T>({ title, read, children }: Pick<PanelProps<T>, 'title' | 'read' | 'children'>): Promise<ReactNode> {
  const found = await readOrLog(title, read());
  return found === null ? <Problem what={title} /> : children(found.data);
}
