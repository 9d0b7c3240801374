/** The obvious program: p-limit, fetch, and one Prisma upsert of a JSON array of slots a workspace. */
import pLimit from 'p-limit';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../lib/generated/prisma/client';
import type { CalendarProvider } from '../../lib/providers/errors';
import { measured } from './measure';
import type { ReplayInput, ReplayResult } from './bare-worker';
import type { RecordedRequest } from './recording';
import { serveCommands } from './rpc';

export interface NaiveCommands {
  refreshAll: (input: ReplayInput & { databaseUrl: string }) => Promise<ReplayResult>;
}

interface Answer {
  days?: { spots: { status: string; start_time: string }[] }[];
  linkAvailability?: { linkAvailabilityByDuration: Record<string, { availabilities: { startMillisUtc: number }[] }> };
}

const SLOTS_OF: Record<CalendarProvider, (answer: Answer) => string[]> = {
  calendly: ({ days = [] }) => days.flatMap(({ spots }) => spots.filter((spot) => spot.status === 'available').map((spot) => spot.start_time)),
  hubspot: ({ linkAvailability }) =>
    (linkAvailability?.linkAvailabilityByDuration['1800000']?.availabilities ?? []).map((slot) => new Date(slot.startMillisUtc).toISOString()),
  ghl: (answer) => Object.values(answer as Record<string, { slots?: string[] }>).flatMap((day) => day.slots ?? []),
};

async function refreshAll({ requests, concurrency, databaseUrl, profileFile }: ReplayInput & { databaseUrl: string }): Promise<ReplayResult> {
  // As Prisma's guide has it: ten connections, and no limit on waiting for one.
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl }) });
  const workspaces = await db.client.findMany({ select: { id: true, links: { select: { id: true } } }, orderBy: { id: 'asc' } });
  const refreshes = groupByRefresh(requests);
  const limit = pLimit(concurrency);
  let bytes = 0;

  const refresh = async (requestsOfOne: RecordedRequest[], index: number): Promise<void> => {
    const workspace = workspaces[index % workspaces.length];
    const [first] = requestsOfOne;
    if (!workspace || !first) return;
    const slots: string[] = [];
    for (const { vendor, origin, path, headers } of requestsOfOne) {
      const response = await fetch(origin + path, { headers });
      if (!response.ok) throw new Error(`${origin}${path} answered ${String(response.status)}`);
      bytes += Number(response.headers.get('content-length'));
      slots.push(...SLOTS_OF[vendor]((await response.json()) as Answer));
    }
    const row = {
      calendarLinkId: workspace.links[0]?.id ?? '', calendarType: first.vendor, calendarUrl: first.origin, slotDurationMinutes: 30,
      slotsUtc: [], slotCount: 0, slotsHash: 0n, slotsFingerprint: '', changedAt: new Date(), providerMeta: slots,
    };
    await db.workspaceAvailabilityCache.upsert({ where: { clientId: workspace.id }, create: { clientId: workspace.id, ...row }, update: row });
  };
  const { cost } = await measured(async () => {
    await Promise.all(refreshes.map((requestsOfOne, index) => limit(() => refresh(requestsOfOne, index))));
  }, profileFile);
  await db.$disconnect();
  return { cost, requests: requests.length, bytes };
}

function groupByRefresh(requests: readonly RecordedRequest[]): RecordedRequest[][] {
  const groups = new Map<number, RecordedRequest[]>();
  for (const request of requests) groups.set(request.refresh, [...(groups.get(request.refresh) ?? []), request]);
  return [...groups.values()];
}

serveCommands<NaiveCommands>({ refreshAll });
