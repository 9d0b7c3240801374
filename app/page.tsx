/** The front door: whether the app is ready, and where things are. Shows no workspace's data. */
import type { ReactNode } from 'react';
import { db } from '@/lib/db';
import { readHealth } from '@/lib/health';
import styles from './page.module.css';

export const dynamic = 'force-dynamic';

export default async function FrontPage(): Promise<ReactNode> {
  const { ready } = await readHealth(() => db());
  return (
    <main className={styles.page}>
      <h1>Availability cache</h1>
      <p className={ready ? styles.ready : styles.notReady}>{ready ? 'Ready.' : 'Not ready.'}</p>
      <p>Keeps every open slot of the next 30 days of every workspace in Postgres, refreshed every minute.</p>
      <dl>
        <dt><code>GET /api/health</code></dt>
        <dd>Whether the app can do its work; with the cron secret, what is wrong.</dd>
        <dt><code>GET /api/cron/availability</code></dt>
        <dd>A sweep, every minute; needs the cron secret.</dd>
        <dt><code>npm run workspaces -- list</code></dt>
        <dd>Every workspace with its state and age.</dd>
      </dl>
    </main>
  );
}
