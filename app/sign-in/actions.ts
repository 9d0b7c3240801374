'use server';

import { cookies, headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { addressOf, consoleContext, lengthText, safeReturnPath, signIn, type SignIn } from '@/lib/console';
import { env } from '@/lib/env';
import { log } from '@/lib/log';
import { cookieRules, requireSameOrigin } from '../(console)/_server/operator';

export interface SignInState {
  problem: string | null;
}

export async function signInAction(_before: SignInState, form: FormData): Promise<SignInState> {
  await requireSameOrigin();
  const password = env().CONSOLE_PASSWORD;
  if (password === undefined) return { problem: 'CONSOLE_PASSWORD is not set, so nobody can sign in.' };
  const result = await trySignIn(password, textOf(form, 'password'), addressOf((await headers()).get('x-forwarded-for')));
  if (result === null) return { problem: 'The database does not answer, so nobody can be let in now. Try again in a minute.' };
  log().info({ outcome: result.kind }, 'console_sign_in');
  if (result.kind === 'throttled') return { problem: `Too many tries. Wait ${lengthText(result.retryAfterSeconds * 1_000)} and try again.` };
  if (result.kind === 'wrong_password') return { problem: 'That is not the password.' };
  const { name, secure } = await cookieRules();
  // Lax, not Strict: a link in an alarm must lead to its page. Changes have a check of their own.
  (await cookies()).set(name, result.token, { httpOnly: true, sameSite: 'lax', secure, path: '/', expires: new Date(result.expiresAt) });
  redirect(safeReturnPath(textOf(form, 'next')));
}

export async function signOutAction(): Promise<void> {
  await requireSameOrigin();
  const { name, secure } = await cookieRules();
  (await cookies()).set(name, '', { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: 0 });
  redirect('/sign-in');
}

async function trySignIn(password: string, given: string, address: string): Promise<SignIn | null> {
  try {
    return await signIn(consoleContext().db, password, given, address, Date.now());
  } catch (error) {
    log().error({ error: error instanceof Error ? error.name : 'unknown' }, 'console_sign_in_failed');
    return null;
  }
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
