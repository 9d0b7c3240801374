import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createDb } from '../lib/db';
import { isolatedAppEnv } from './local/environment';
import { live } from './local/lifetime';
import { startPostgres } from './local/postgres';
import { seedDatabase } from './local/seed';
import { startSimulatorProcess } from './local/simulator-process';
import { startWebServer } from './local/web-server';
import { migrate } from './migrate';
import { seedPopulation } from './simulator/population';
await live(async (lifetime) => {
  const dir = '/tmp/wt/pages-preview';
  const server = await startPostgres({ dataDir: join(dir, 'postgres'), mode: 'throwaway', fresh: true });
  lifetime.watch(server.process);
  await migrate(server.url);
  const size = { workspaces: Number(process.argv[2] ?? 303), agencies: 12, seed: 1 };
  const providers = await startSimulatorProcess(lifetime, { ...size, latency: '30,0.6' }, join(dir, 'sim.log'));
  const db = createDb(server.url, { poolMax: 2 });
  const key = `demo:${randomBytes(32).toString('base64')}`;
  await seedDatabase(db, seedPopulation(size), key);
  const variables = { ...providers, DATABASE_URL: server.url, DIRECT_DATABASE_URL: server.url, CRON_SECRET: 'preview-preview-preview', CREDENTIALS_KEY: key, CONSOLE_PASSWORD: 'preview-preview', LOG_LEVEL: 'info' };
  const { url } = await startWebServer(lifetime, { command: (process.argv[3] ?? 'start') as 'start', port: 4177, env: isolatedAppEnv(variables), logFile: join(dir, 'server.log') });
  console.log(url, server.url);
  const sweep = async () => { try { const a = await fetch(`${url}/api/cron/availability`, { headers: { authorization: 'Bearer preview-preview-preview' } }); console.log((await a.text()).slice(0, 300)); } catch (e) { console.log(String(e)); } };
  await sweep();
  // some life: offers, bookings
  const { addLeads, requestOf } = await import('../tests/integration/slots/workspace');
  const { prepareOffer } = await import('../lib/slots/offers');
  const some = await db.client.findMany({ take: 5, where: { cache: { slotCount: { gt: 100 } } } });
  for (const one of some) {
    for (const lead of await addLeads(db, one.id, 4)) await prepareOffer(db, requestOf(one.id, lead, { sendAtMs: Date.now() }));
    const slots = (await db.workspaceAvailabilityCache.findUniqueOrThrow({ where: { clientId: one.id } })).slotsUtc;
    for (const at of [slots[20], slots[50], slots[80]]) if (at) await db.booking.create({ data: { clientId: one.id, startsAt: at, endsAt: new Date(at.getTime() + 1800000), source: 'operator', externalId: String(at.getTime()) } });
    console.log('live', one.id, one.name);
  }
  setInterval(() => void sweep(), 60_000);
  await new Promise<never>(() => undefined);
});
