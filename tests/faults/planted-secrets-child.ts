/** The app's own route modules over the process's own environment, called one after the other; answers to standard output as lines. */
import { readFileSync } from 'node:fs';
import { availabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { db } from '@/lib/db';
import { env } from '@/lib/env';

interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response> | Response;
type Module = Record<string, Handler | undefined>;

const MODULES: [pattern: RegExp, load: () => Promise<unknown>][] = [
  [/^\/api\/availability$/, () => import('@/app/api/availability/route')],
  [/^\/api\/availability\/(?<workspaceId>[^/]+)$/, () => import('@/app/api/availability/[workspaceId]/route')],
  [/^\/api\/bookings\/(?<externalId>[^/]+)$/, () => import('@/app/api/bookings/[externalId]/route')],
  [/^\/api\/followups$/, () => import('@/app/api/followups/route')],
  // Its route hands the heartbeat to the framework, which is not here: the same job, without that hook.
  [/^\/api\/cron\/availability$/, () => Promise.resolve({ GET: cronRoute(availabilityJob, { env, db }) })],
  [/^\/api\/cron\/followups$/, () => import('@/app/api/cron/followups/route')],
  [/^\/api\/cron\/emailbison\/availability-slot$/, () => import('@/app/api/cron/emailbison/availability-slot/route')],
  [/^\/api\/health$/, () => import('@/app/api/health/route')],
  [/^\/api\/openapi\.json$/, () => import('@/app/api/openapi.json/route')],
  [/^\/api\/webhooks\/emailbison\/(?<token>[^/]+)$/, () => import('@/app/api/webhooks/emailbison/[token]/route')],
];

const calls = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Call[];
for (const { method, path, headers, body } of calls) {
  const url = new URL(path, 'https://app.example');
  const [pattern, load] = MODULES.find(([one]) => one.test(url.pathname)) ?? [];
  const handler = ((await load?.()) as Module | undefined)?.[method];
  if (!handler) throw new Error(`no handler for ${method} ${url.pathname}`);
  const params = { ...pattern?.exec(url.pathname)?.groups };
  const response = await handler(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }), { params: Promise.resolve(params) });
  process.stdout.write(`ANSWER ${JSON.stringify({ path, status: response.status, headers: [...response.headers], body: await response.text() })}\n`);
}
process.exit(0);
