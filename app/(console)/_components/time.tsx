import type { ReactNode } from 'react';
import { exactText, relativeText } from '@/lib/console';

/** `5 min ago`, with the exact time on the element. @param at, now epoch milliseconds */
export function Ago({ at, now, never = 'never' }: { at: number | null; now: number; never?: string }): ReactNode {
  if (at === null) return <span className="faint">{never}</span>;
  return <time dateTime={new Date(at).toISOString()} title={exactText(at)}>{relativeText(at, now)}</time>;
}

/** `2027-03-01 10:00:00 UTC` */
export function Exact({ at }: { at: number }): ReactNode {
  return <time dateTime={new Date(at).toISOString()}>{exactText(at)}</time>;
}
