/**
 * Who may see and change things. Every page of the console calls `requireOperator`, every server action
 * `requireOperatorForChange`; neither trusts that something before it has checked.
 */
import { cookies, headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cookieRulesFor, isSameOrigin, readSession, sessionKeyOf, hostOf, type CookieRules, type Session } from '@/lib/console';
import { env, EnvError, isProduction } from '@/lib/env';

/** The session, or null: nobody is signed in, or nobody can be. */
export async function currentOperator(): Promise<Session | null> {
  const password = consolePassword();
  if (password === undefined) return null;
  const rules = await cookieRules();
  return readSession(sessionKeyOf(password), (await cookies()).get(rules.name)?.value, Date.now());
}

/** For a page: sends who is not signed in to the sign-in page, and back here afterwards. */
export async function requireOperator(): Promise<Session> {
  const operator = await currentOperator();
  if (operator) return operator;
  const path = (await headers()).get('x-page-path') ?? '/';
  redirect(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`);
}

/** For a server action: the request comes from a page of ours, and from an operator. */
export async function requireOperatorForChange(): Promise<Session> {
  await requireSameOrigin();
  return await requireOperator();
}

/** @throws when another site's page, or no page at all, asks for a change */
export async function requireSameOrigin(): Promise<void> {
  if (!isSameOrigin(await headers())) throw new Error('This change was not asked for by a page of the console, so nothing was done.');
}

export async function cookieRules(): Promise<CookieRules> {
  return cookieRulesFor(hostOf(await headers()), isProduction());
}

/** Undefined where none is set, or the environment is bad: the sign-in page says which. */
function consolePassword(): string | undefined {
  try {
    return env().CONSOLE_PASSWORD;
  } catch (error) {
    if (error instanceof EnvError) return undefined;
    throw error;
  }
}

/** When this page is made, epoch milliseconds of this machine. */
export function pageTime(): number {
  return Date.now();
}
