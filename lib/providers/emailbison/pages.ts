/**
 * All pages of a list, or an error: never a sample. Pages are asked for by number and `links.next` is not
 * followed, so that no answer can lead the token to another host.
 */
import { ProviderError } from '../errors';

export interface Page<T> {
  data: T[];
  meta: { current_page: number; last_page: number };
}

/** Fifteen rows a page: a campaign of 60,000 leads. More is a list without an end. */
const MAX_PAGES = 4_000;
/** Asked for ahead of their turn; what bounds requests at once is the instance's lane. */
const PAGES_AHEAD = 16;

/** Rows move between pages while we page: a row that comes twice is one, in its later form. */
export async function readAllPages<T extends { id: string }>(ask: (page: number) => Promise<Page<T>>, url: string): Promise<T[]> {
  const rows = new Map<string, T>();
  const take = (page: Page<T>, asked: number): number => {
    if (page.meta.current_page !== asked) throw broken(`answered page ${String(page.meta.current_page)} when asked for page ${String(asked)}`, url);
    if (page.meta.last_page > MAX_PAGES) throw broken(`lists ${String(page.meta.last_page)} pages, over the limit of ${String(MAX_PAGES)}`, url);
    for (const row of page.data) rows.set(row.id, row);
    return page.meta.last_page;
  };

  let last = take(await ask(1), 1);
  // A list may grow while it is read; the newest answer says where it ends.
  for (let read = 1; read < last; ) {
    const numbers = Array.from({ length: Math.min(PAGES_AHEAD, last - read) }, (_, index) => read + 1 + index);
    const pages = await Promise.all(numbers.map(async (number) => ({ number, page: await ask(number) })));
    for (const { number, page } of pages) last = Math.max(number, take(page, number));
    read += numbers.length;
  }
  return [...rows.values()];
}

function broken(what: string, url: string): ProviderError {
  return new ProviderError({ vendor: 'emailbison', kind: 'invalid_response', message: `EmailBison ${what} (${url})`, url });
}
