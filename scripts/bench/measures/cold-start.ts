/** The built app in a fresh process: its first answer, what it loads, and what a whole sweep in it takes. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { freePort } from '../../local/free-port';
import { PROJECT_ROOT } from '../../local/migration-files';
import { step } from '../../local/output';
import { buildWeb } from '../../local/web-build';
import { startWebServer } from '../../local/web-server';
import { atMost } from '../checks';
import { peakRssMbUnder } from '../measure';
import { prepare, type Measure } from '../session';
import { formatNumber } from '../table';

const SECRET = 'a-secret-of-the-bench';
const ROUTE = '/api/cron/availability';
const ROUTE_FILE = join(PROJECT_ROOT, '.next/server/app/api/cron/availability/route.js');
const PARTS_SHOWN = 8;
const MAX_RSS_MB = 350;

export const coldStart: Measure = {
  workspaces: ({ workspaces }) => workspaces,
  async run(session) {
    const { stage, lifetime, options: { workspaces, p50 } } = session;
    await step('production build', async (note) => { note(await buildWeb(lifetime)); });
    await prepare(session, workspaces, p50);
    const startedAt = performance.now();
    const server = await startWebServer(lifetime, {
      command: 'start', port: await freePort(), env: { ...stage.appEnv, CRON_SECRET: SECRET }, logFile: stage.logOf('web-server'), isReadyWhenListening: true,
    });
    const listeningMs = performance.now() - startedAt;
    const ask = async (query: string): Promise<{ ms: number; answer: { refreshed: number; durationMs: number } }> => {
      const askedAt = performance.now();
      const response = await fetch(`${server.url}${ROUTE}${query}`, { headers: { authorization: `Bearer ${SECRET}` }, signal: AbortSignal.timeout(120_000) });
      const answer = (await response.json()) as { refreshed: number; durationMs: number };
      if (response.status !== 200) throw new Error(`${ROUTE} answered ${String(response.status)}: ${JSON.stringify(answer)}`);
      return { ms: performance.now() - askedAt, answer };
    };
    const first = await step('first answer', () => ask('?limit=1'));
    const second = await step('second answer', () => ask('?limit=1'));
    const whole = await step(`a sweep of ${formatNumber(workspaces)} in it`, () => ask(''));
    const warm = await step('and once more', () => ask(''));
    const { pid } = server.process.child;
    const rssMb = pid === undefined ? undefined : peakRssMbUnder(pid);
    const parts = await partsOfBundle();
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      title: `Cold start: the route's first answer in a fresh process of the built app, over ${formatNumber(workspaces)} workspaces`,
      tables: [
        [
          ['', 'ms'],
          ['process start until it listens', formatNumber(listeningMs)],
          ['first answer, a sweep of one workspace', formatNumber(first.ms)],
          ['second answer', formatNumber(second.ms)],
          [`a whole sweep, first ever (${formatNumber(whole.answer.refreshed)} refreshed)`, formatNumber(whole.ms)],
          [`a whole sweep, warm (${formatNumber(warm.answer.refreshed)} refreshed)`, formatNumber(warm.ms)],
        ],
        [
          [`what the route is deployed with: ${formatNumber(total / 1024)} kB`, 'kB'],
          ...parts.filter((_, index) => index < PARTS_SHOWN).map(({ name, bytes }) => [name, formatNumber(bytes / 1024)]),
        ],
      ],
      notes: [],
      checks: [
        rssMb === undefined
          ? { what: 'peak resident memory of the server', figure: 'not known on this system', ok: null }
          : atMost(`peak resident memory of the server, sweeps of ${formatNumber(workspaces)} in it,`, rssMb, MAX_RSS_MB, { say: (mb) => `${formatNumber(mb)} MB` }),
      ],
      figures: { listeningMs, first, second, whole, warm, rssMb, parts },
    };
  },
};

/** Size on disk of everything that the build says the route needs, by package; the largest first. */
async function partsOfBundle(): Promise<{ name: string; bytes: number }[]> {
  const trace = JSON.parse(await readFile(`${ROUTE_FILE}.nft.json`, 'utf8')) as { files: string[] };
  const sizes = new Map<string, number>();
  for (const file of trace.files) {
    const path = resolve(dirname(ROUTE_FILE), file);
    const entry = await stat(path).catch(() => undefined);
    if (!entry?.isFile()) continue;
    const name = partOf(relative(PROJECT_ROOT, path));
    sizes.set(name, (sizes.get(name) ?? 0) + entry.size);
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

function partOf(path: string): string {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
  return name ?? (path.startsWith('.next/') ? 'the app’s own chunks' : path);
}
