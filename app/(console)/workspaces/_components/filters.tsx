'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef, useTransition, type ReactNode } from 'react';
import { listQuery, PROVIDERS, type ListFilter } from '@/lib/console/filter';
import { PROVIDER_NAMES } from './names';

/** Long enough that a word is typed, short enough that nobody waits for it. */
const TYPING_PAUSE_MS = 250;

/** Works without scripts as a form; with them the list follows what is typed. */
export function Filters({ filter, agencies }: { filter: ListFilter; agencies: { id: string; name: string }[] }): ReactNode {
  const router = useRouter();
  const [isPending, start] = useTransition();
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const search = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const focusSearch = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTypingIn(event.target)) return;
      event.preventDefault();
      search.current?.select();
    };
    document.addEventListener('keydown', focusSearch);
    return () => { document.removeEventListener('keydown', focusSearch); };
  }, []);

  const show = (changes: Partial<ListFilter>): void => {
    clearTimeout(typing.current);
    start(() => { router.replace(`/workspaces${listQuery(filter, { q: search.current?.value.trim() ?? filter.q, ...changes })}`, { scroll: false }); });
  };
  const follow = (): void => {
    clearTimeout(typing.current);
    typing.current = setTimeout(() => { show({}); }, TYPING_PAUSE_MS);
  };
  return (
    <form
      role="search" action="/workspaces" className="filters" aria-busy={isPending}
      onSubmit={(event) => { event.preventDefault(); show({}); }}
    >
      <label className="field grow">Search
        <input ref={search} type="search" name="q" defaultValue={filter.q} placeholder="Name, id, agency or link" autoComplete="off" spellCheck={false} onChange={follow} />
      </label>
      <label className="field">Agency
        <select key={filter.agency} name="agency" defaultValue={filter.agency ?? ''} onChange={(event) => { show({ agency: event.target.value || null }); }}>
          <option value="">All</option>
          {agencies.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <label className="field">Provider
        <select key={filter.provider} name="provider" defaultValue={filter.provider ?? ''} onChange={(event) => { show({ provider: PROVIDERS.find((one) => one === event.target.value) ?? null }); }}>
          <option value="">All</option>
          {PROVIDERS.map((provider) => <option key={provider} value={provider}>{PROVIDER_NAMES[provider]}</option>)}
        </select>
      </label>
      {filter.state !== null && <input type="hidden" name="state" value={filter.state} />}
      {filter.sort !== 'attention' && <input type="hidden" name="sort" value={filter.sort} />}
      <noscript><button type="submit" className="button">Show</button></noscript>
    </form>
  );
}

function isTypingIn(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
