/**
 * How old what readers are told is, over simulated minutes. Every sweep is real, with real latency and faults. The rest of
 * its minute is skipped: instead of waiting, every instant that the database holds is moved back by as much, and the ages
 * of the seconds in between are those after the sweep plus the time since.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { step } from '../../local/output';
import { atMost } from '../checks';
import { prepare, type Measure } from '../session';
import { quantileOf, summaryOf } from '../statistics';
import { formatNumber } from '../table';

const WORKSPACES = 1_000;
const FAULT_SHARE = 0.02;
const MINUTE_S = 60;
const MAX_P99_S = 75;

interface Second {
  p50: number;
  p99: number;
  max: number;
  /** Agencies whose median workspace was not tried for longer than the target: left behind, whatever its calendar answered. */
  behind: number;
}

export const freshness: Measure = {
  workspaces: () => WORKSPACES,
  async run(session) {
    const { programs, stage, lifetime, options: { p50, minutes } } = session;
    await prepare(session, WORKSPACES, p50);
    await programs.sweep();
    const share = FAULT_SHARE / 2;
    await stage.simulator.call('setFaults', [{ share, fault: { kind: 'status', status: 503 } }, { share, fault: { kind: 'reset' } }]);
    await stage.simulator.call('releaseClock', undefined);
    const worker = await programs.ours();
    const client = new pg.Client({ connectionString: stage.databaseUrl });
    await client.connect();
    const seconds: Second[] = [];
    const sweeps: { wallS: number; refreshed: number; errors: number }[] = [];
    await step(`${String(minutes)} simulated minutes`, async () => {
      for (let minute = 0; minute < minutes; minute++) {
        lifetime.throwIfEnding();
        const startedAt = performance.now();
        const elapsedS = (): number => (performance.now() - startedAt) / 1000;
        const sweep = worker.call('sweep', { concurrency: undefined }).then(({ report }) => ({ report, wallS: elapsedS() }));
        let ended: Awaited<typeof sweep> | undefined;
        for (let second = 1; !ended; second++) {
          seconds.push(secondOf(await agesOf(client), 0));
          ended = await Promise.race([sweep, delay(Math.max(0, (second - elapsedS()) * 1000), undefined)]);
        }
        const { report, wallS } = ended;
        sweeps.push({ wallS, refreshed: report.refreshed, errors: report.errors.total });
        const after = await agesOf(client);
        const readAtS = elapsedS();
        for (let second = Math.ceil(readAtS); second < MINUTE_S; second++) seconds.push(secondOf(after, second - readAtS));
        await moveBack(client, Math.max(0, MINUTE_S - elapsedS()));
      }
    });
    await client.end();

    // The first minute begins with what the sweep before it left, seconds ago.
    const p99s = seconds.map(({ p99 }) => p99);
    const worst = Math.max(...p99s);
    const behind = Math.max(...seconds.map((second) => second.behind));
    return {
      title: `Freshness: ${formatNumber(WORKSPACES)} workspaces, ${String(minutes)} simulated minutes${minutes < MINUTE_S ? ' (--minutes 60 is the full hour)' : ''}, answers in about ${String(p50)} ms, ${String(FAULT_SHARE * 100)} % of requests fail`,
      tables: [[
        ['age in seconds, sampled every second', 'median', 'p99', 'p99 of the worst second', 'oldest of all'],
        ['', formatNumber(quantileOf(seconds.map((second) => second.p50), 0.5), 1), formatNumber(quantileOf(p99s, 0.5), 1), formatNumber(worst, 1), formatNumber(Math.max(...seconds.map(({ max }) => max)), 1)],
      ]],
      notes: [
        `A sweep took ${formatNumber(summaryOf(sweeps.map(({ wallS }) => wallS)).median, 1)} s and left ${formatNumber(sweeps.reduce((sum, { errors }) => sum + errors, 0) / minutes, 1)} workspaces failed.`,
        'Sweeps are real; the rest of each minute is skipped by moving every stored instant back.',
      ],
      checks: [
        atMost('p99 age in every second', worst, MAX_P99_S, { say: (value) => `${value.toFixed(1)} s` }),
        atMost(`agencies whose median workspace was ever not tried for ${String(MAX_P99_S)} s:`, behind, 0, { say: (value) => formatNumber(value) }),
      ],
      figures: { sweeps, seconds },
    };
  },
};

/** Seconds since a workspace's last success and its last attempt. */
interface Age {
  success: number;
  attempt: number;
}

async function agesOf(client: pg.Client): Promise<Map<string, Age[]>> {
  const { rows } = await client.query<Age & { agency: string }>(`
    SELECT c."userId" AS agency, extract(epoch FROM clock_timestamp() - s."succeededAt")::float8 AS success,
      extract(epoch FROM clock_timestamp() - s."fetchedAt")::float8 AS attempt
    FROM "WorkspaceAvailabilityStatus" s JOIN "Client" c ON c.id = s."clientId"`);
  const byAgency = new Map<string, Age[]>();
  for (const { agency, ...age } of rows) byAgency.set(agency, [...(byAgency.get(agency) ?? []), age]);
  return byAgency;
}

function secondOf(byAgency: ReadonlyMap<string, Age[]>, laterS: number): Second {
  const ages = [...byAgency.values()].flat().map(({ success }) => success);
  return {
    p50: quantileOf(ages, 0.5) + laterS,
    p99: quantileOf(ages, 0.99) + laterS,
    max: Math.max(...ages) + laterS,
    behind: [...byAgency.values()].filter((agencyAges) => quantileOf(agencyAges.map(({ attempt }) => attempt), 0.5) + laterS > MAX_P99_S).length,
  };
}

async function moveBack(client: pg.Client, seconds: number): Promise<void> {
  const back = (columns: string[]): string => columns.map((column) => `"${column}" = "${column}" - $1 * interval '1 second'`).join(', ');
  await client.query(`UPDATE "WorkspaceAvailabilityStatus" SET ${back(['fetchedAt', 'succeededAt', 'staleAt', 'retryAt', 'refreshingUntil'])}`, [seconds]);
  await client.query(`UPDATE "ProviderHost" SET ${back(['openedAt', 'openUntil'])}`, [seconds]);
}
