/** The console's door. It shows nothing of any workspace. */
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { hostOf, isLoopback, paramOf, safeReturnPath, type SearchParams } from '@/lib/console';
import { env, EnvError, isProduction } from '@/lib/env';
import { currentOperator } from '../(console)/_server/operator';
import { SignInForm } from './sign-in-form';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<SearchParams> }): Promise<ReactNode> {
  const next = safeReturnPath(paramOf(await searchParams, 'next'));
  if (await currentOperator()) redirect(next);
  const closed = whyClosed();
  const isPlainHttp = await isPlainHttpFromElsewhere();
  return (
    <main className="door">
      <h1>Availability cache</h1>
      {closed ?? (
        <>
          {isPlainHttp && <p className="notice" role="note">This page came over plain http. A session needs https: browsers do not keep its cookie otherwise.</p>}
          <SignInForm next={next} />
        </>
      )}
    </main>
  );
}

function whyClosed(): ReactNode {
  try {
    if (env().CONSOLE_PASSWORD !== undefined) return null;
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return <div className="notice" role="note"><p><strong>The app is not configured.</strong></p><p>{error.message}</p></div>;
  }
  return (
    <div className="notice" role="note">
      <p><strong>The console is closed: no password is set.</strong></p>
      <p>Set the environment variable <code>CONSOLE_PASSWORD</code> to a text of at least 12 characters and start the app again{isProduction() ? '' : '; in a file .env while developing'}. A good one comes from:</p>
      <pre><code>openssl rand -base64 18</code></pre>
      <p>Sweeps, the reader API and the command line do not need it.</p>
    </div>
  );
}

async function isPlainHttpFromElsewhere(): Promise<boolean> {
  const received = await headers();
  return isProduction() && !isLoopback(hostOf(received)) && received.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'http';
}
