'use client';

import { useActionState, type ReactNode } from 'react';
import { signInAction } from './actions';

export function SignInForm({ next }: { next: string }): ReactNode {
  const [state, act, isPending] = useActionState(signInAction, { problem: null });
  return (
    <form action={act} className="stack">
      <input type="hidden" name="next" value={next} />
      {/* Password managers want a name beside a password. */}
      <input type="text" name="username" value="operator" autoComplete="username" readOnly hidden />
      <label className="field">
        <span>Password</span>
        <input type="password" name="password" autoComplete="current-password" required autoFocus aria-describedby="sign-in-problem" />
      </label>
      <p id="sign-in-problem" role="alert" className="field-problem">{state.problem}</p>
      <button type="submit" className="button primary" disabled={isPending}>{isPending ? 'Signing in…' : 'Sign in'}</button>
    </form>
  );
}
