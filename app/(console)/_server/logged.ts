import { unstable_rethrow } from 'next/navigation';
import { log } from '@/lib/log';

/** For what a page could not read: tells the log of it, and the page gets null. What the framework throws goes on. */
export function logged(what: string, error: unknown): null {
  unstable_rethrow(error);
  // A driver's message may hold a URL or data; its name does not.
  log().error({ panel: what, error: error instanceof Error ? error.name : 'unknown' }, 'console_panel_failed');
  return null;
}
