import type { ReactNode } from 'react';
import { signOutAction } from '../sign-in/actions';
import { Navigation } from './_components/navigation';
import { requireOperator } from './_server/operator';

export default async function ConsoleLayout({ children }: { children: ReactNode }): Promise<ReactNode> {
  // Before anything is sent: a redirect later would come inside a page that has begun.
  await requireOperator();
  return (
    <>
      <a className="skip" href="#content">Skip to content</a>
      <header className="topbar">
        <Navigation />
        <form action={signOutAction}>
          <button type="submit" className="button quiet">Sign out</button>
        </form>
      </header>
      <main id="content" className="page" tabIndex={-1}>{children}</main>
    </>
  );
}
