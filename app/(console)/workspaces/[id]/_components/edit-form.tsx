'use client';

import { useRouter } from 'next/navigation';
import { createContext, use, useId, useRef, useState, useTransition, type ReactNode } from 'react';
import type { FormResult } from '../../_server/actions';
import styles from '../workspace.module.css';

const Problems = createContext<Record<string, string>>({});

/**
 * A form that stays as it was typed when it is refused, with what is wrong next to each field. One submission is one
 * action, however often it arrives.
 */
export function EditForm({ workspaceId, action, submit, children, clearsOnSave = false }: {
  workspaceId: string; action: (form: FormData) => Promise<FormResult>; submit: string; children: ReactNode; clearsOnSave?: boolean;
}): ReactNode {
  const router = useRouter();
  const requestId = useRef<string>(null);
  const [isPending, start] = useTransition();
  const [result, setResult] = useState<FormResult | null>(null);

  const send = (element: HTMLFormElement): void => {
    const form = new FormData(element);
    form.set('workspaceId', workspaceId);
    form.set('requestId', (requestId.current ??= crypto.randomUUID()));
    start(async () => {
      const answer = await action(form).catch((): FormResult => ({ kind: 'refused', message: 'It did not work. Load the page again and try once more.', fields: {} }));
      setResult(answer);
      if (answer.kind === 'saved') {
        requestId.current = null;
        if (clearsOnSave) element.reset();
        router.refresh();
      } else element.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    });
  };
  return (
    <form className={styles.form} noValidate onSubmit={(event) => { event.preventDefault(); send(event.currentTarget); }} onChange={() => { requestId.current = null; }}>
      <Problems value={result?.fields ?? {}}>{children}</Problems>
      <div className="row">
        <button type="submit" className="button" disabled={isPending}>{isPending ? 'Saving…' : submit}</button>
        <span role="status" className={result?.kind === 'refused' ? 'bad-text' : 'good-text'}>{result?.message}</span>
      </div>
    </form>
  );
}

/** A labelled field with its hint and what is wrong with it; `children` makes the control from its props. */
export function Field({ name, label, hint, children }: { name: string; label: string; hint?: string; children: (control: { id: string; name: string; 'aria-invalid': boolean; 'aria-describedby': string }) => ReactNode }): ReactNode {
  const id = useId();
  const problem = use(Problems)[name];
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': problem !== undefined, 'aria-describedby': `${id}-about` })}
      <div id={`${id}-about`}>
        {problem !== undefined && <p className="field-problem">{problem}</p>}
        {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      </div>
    </div>
  );
}
