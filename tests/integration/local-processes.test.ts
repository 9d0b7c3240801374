import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';
import { spawnGuarded } from '../../scripts/local/guarded-process';
import { startLocalCron, type CronCall } from '../../scripts/local/local-cron';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';
import { findRunningPostgres, startPostgres } from '../../scripts/local/postgres';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-test-'));
  // Else the server's data would be kept elsewhere when root runs the tests.
  await chmod(folder, 0o755);
});
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not become true in time');
    await delay(20);
  }
}

/** A process that ignores the request to stop and has a child of its own; prints both ids. */
const STUBBORN = `
  process.on('SIGTERM', () => {});
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  require('node:fs').writeFileSync(process.argv[1], process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);`;

async function idsIn(file: string): Promise<number[]> {
  await until(async () => existsSync(file) && (await stat(file)).size > 0);
  return (await readFile(file, 'utf8')).split(' ').map(Number);
}

it('a process that ignores the request to stop is killed with its children', async () => {
  const file = join(folder, 'stubborn');
  const guarded = spawnGuarded({ name: 'stubborn', command: process.execPath, args: ['-e', STUBBORN, file] });
  const ids = await idsIn(file);
  expect(ids.every(isAlive)).toBe(true);
  await guarded.stop(200);
  await until(() => !ids.some(isAlive));
});

it('a process does not outlive a parent that was killed, nor do its children', async () => {
  const [file, script] = [join(folder, 'orphan'), join(folder, 'parent.mts')];
  await writeFile(script, `
    import { spawnGuarded } from ${JSON.stringify(join(PROJECT_ROOT, 'scripts/local/guarded-process.ts'))};
    spawnGuarded({ name: 'orphan', command: process.execPath, args: ['-e', ${JSON.stringify(STUBBORN)}, ${JSON.stringify(file)}] });`);
  const parent = spawn(process.execPath, ['--import', 'tsx', script], { cwd: PROJECT_ROOT, stdio: 'ignore' });
  const ids = await idsIn(file);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() => !ids.some(isAlive), 15_000);
});

it('the embedded PostgreSQL keeps its data, and starts again after a kill that left its pid file naming another process', async () => {
  const dataDir = join(folder, 'postgres');
  const first = await startPostgres({ dataDir, mode: 'durable' });
  expect(await findRunningPostgres(dataDir)).toBe(first.url);
  const client = new pg.Client({ connectionString: first.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 1 AS one');
  const pidFile = join(first.dataDir, 'cluster', 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  process.kill(Number(lines[0]), 'SIGKILL');
  await first.process.exited;
  await client.end().catch(() => undefined);
  expect(await findRunningPostgres(dataDir)).toBeUndefined();
  // The number belongs to a living process, which PostgreSQL alone would take for itself.
  await writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));

  const second = await startPostgres({ dataDir, mode: 'durable' });
  const again = new pg.Client({ connectionString: second.url });
  await again.connect();
  const { rows } = await again.query('SELECT one FROM kept');
  await again.end();
  await second.stop();
  expect(rows).toEqual([{ one: 1 }]);
});

it('a second server on the same data is refused in one sentence while the first runs', async () => {
  const dataDir = join(folder, 'twice');
  const first = await startPostgres({ dataDir, mode: 'throwaway' });
  await expect(startPostgres({ dataDir, mode: 'throwaway', fresh: true, predecessorTimeoutMs: 300 })).rejects.toThrow(/is in use by process \d+/);
  expect(await findRunningPostgres(dataDir)).toBe(first.url);
  await first.stop();
});

it('the local cron calls as the platform does: GET, with the secret, no redirect followed', async () => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    if (request.url === '/moved') response.writeHead(307, { location: '/elsewhere' }).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const calls: CronCall[] = [];
  const cron = startLocalCron({
    baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, secret: 's3cret', once: true,
    jobs: [{ path: '/a?mode=due', schedule: '* * * * *' }, { path: '/moved', schedule: '* * * * *' }, { path: '/never', schedule: '0 0 30 2 *' }],
    onCall: (call) => calls.push(call),
  });
  await cron.done;
  server.close();
  expect(requests.map((request) => [request.method, request.url, request.headers.authorization, request.headers['user-agent'], request.headers['x-vercel-cron-schedule']]).sort()).toEqual([
    ['GET', '/a?mode=due', 'Bearer s3cret', 'vercel-cron/1.0', '* * * * *'],
    ['GET', '/moved', 'Bearer s3cret', 'vercel-cron/1.0', '* * * * *'],
  ]);
  expect(new Map(calls.map((call) => [call.path, [call.status, call.body]]))).toEqual(new Map<string, unknown>([['/a?mode=due', [200, { success: true }]], ['/moved', [307, '']]]));
});
