'use client';

import { useId, useRef, useState, useTransition, type ReactNode } from 'react';

interface ConfirmButtonProps {
  /** The button's words. */
  children: ReactNode;
  title: string;
  /** What will happen. */
  what: ReactNode;
  /** The words of the button that does it. */
  confirm: string;
  tone?: 'primary' | 'danger';
  disabled?: boolean;
  /** Further fields of the form. */
  fields?: ReactNode;
  /** A server action; returns what went wrong, or null. */
  action: (form: FormData) => Promise<string | null>;
}

/** A button that asks before it acts. The dialog stays open, with what went wrong, until the action has succeeded. */
export function ConfirmButton({ children, title, what, confirm, tone = 'primary', disabled = false, fields, action }: ConfirmButtonProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const [requestId, setRequestId] = useState('');
  const [isPending, start] = useTransition();

  const open = (): void => {
    setProblem(null);
    // One opening is one action: sent twice it is done once.
    setRequestId(crypto.randomUUID());
    dialog.current?.showModal();
  };
  const act = (form: FormData): void => {
    start(async () => {
      const wrong = await action(form).catch(() => 'It did not work. The app may have been replaced meanwhile: load the page again and try once more.');
      setProblem(wrong);
      if (wrong === null) dialog.current?.close();
    });
  };
  return (
    <>
      <button type="button" className="button" disabled={disabled} onClick={open} aria-haspopup="dialog">{children}</button>
      <dialog ref={dialog} aria-labelledby={titleId} className="dialog">
        <form action={act} className="stack">
          <h2 id={titleId}>{title}</h2>
          <div>{what}</div>
          <input type="hidden" name="requestId" value={requestId} />
          {fields}
          {problem !== null && <p role="alert" className="field-problem">{problem}</p>}
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={() => dialog.current?.close()} disabled={isPending}>Cancel</button>
            <button type="submit" className={`button ${tone}`} disabled={isPending}>{isPending ? 'Working…' : confirm}</button>
          </div>
        </form>
      </dialog>
    </>
  );
}
