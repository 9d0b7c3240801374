import type { ReactNode } from 'react';
import { countText, shareText } from '@/lib/console';

type FigureTone = 'good' | 'warn' | 'bad' | 'plain';

export function Figures({ children }: { children: ReactNode }): ReactNode {
  return <dl className="figures">{children}</dl>;
}

/** One number with its name. @param note a line below it */
export function Figure({ name, children, note, tone = 'plain', big = false }: { name: string; children: ReactNode; note?: ReactNode; tone?: FigureTone; big?: boolean }): ReactNode {
  return (
    <div className={`figure ${tone}${big ? ' big' : ''}`}>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {note !== undefined && <dd className="note">{note}</dd>}
    </div>
  );
}

export interface Part {
  name: string;
  count: number;
  tone: 'good' | 'soft' | 'warn' | 'bad' | 'off' | 'info';
  href?: string;
}

/** Parts of a whole as one bar, with a legend that says the same in numbers. */
export function Distribution({ label, parts }: { label: string; parts: Part[] }): ReactNode {
  const whole = parts.reduce((sum, part) => sum + part.count, 0);
  return (
    <figure className="distribution" aria-label={label}>
      <div className="distribution-bar" aria-hidden="true">
        {parts.filter((part) => part.count > 0).map((part) => <span key={part.name} className={`fill ${part.tone}`} style={{ flexGrow: part.count }} />)}
      </div>
      <ul className="legend">
        {parts.map((part) => (
          <li key={part.name}>
            <span className={`swatch fill ${part.tone}`} aria-hidden="true" />
            {part.href !== undefined && part.count > 0 ? <a href={part.href}>{part.name}</a> : part.name}
            <strong>{countText(part.count)}</strong>
            <span className="faint">{shareText(part.count, whole)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** A share drawn in a table's cell; the number beside it says the same. */
export function Meter({ share, tone }: { share: number; tone: Part['tone'] }): ReactNode {
  return <span className="meter" aria-hidden="true"><span className={`fill ${tone}`} style={{ width: `${String(Math.round(Math.min(1, Math.max(0, share)) * 100))}%` }} /></span>;
}
