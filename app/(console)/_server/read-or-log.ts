import { unstable_rethrow } from 'next/navigation';
import { log } from '@/lib/log';

/** What a page or a part of one reads; null: it could not be read, and the log says so. What the framework throws goes on. */
export async function readOrLog<T>(what: string, read: Promise<T>): Promise<{ data: T } | null> {
  try {
    return { data: await read };
  } catch (error) {
    unstable_rethrow(error);
    // A driver's message may hold a URL or data; its name does not.
    log().error({ panel: what, error: error instanceof Error ? error.name : 'unknown' }, 'console_panel_failed');
    return null;
  }
}
