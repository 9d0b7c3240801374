import { afterAll, beforeAll, expect, it } from 'vitest';
import { readMetricsText } from '@/lib/metrics';
import { readHealth } from '@/lib/health';
import { failure, itemOf, store } from '../refresh/writes';
import { startOpsStage, SWEEP_COUNTS, type OpsStage } from './stage';

let stage: OpsStage;
beforeAll(async () => { stage = await startOpsStage(); });
afterAll(async () => { await stage.close(); });

interface Parsed {
  type: string;
  samples: Map<string, number>;
}

/** A strict reader of the text format; throws at what a scraper would refuse. */
function parse(text: string): Map<string, Parsed> {
  const families = new Map<string, Parsed>();
  let current: { name: string } & Parsed | undefined;
  if (!text.endsWith('\n')) throw new Error('no newline at the end');
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) \S.*$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (gauge|counter|histogram)$/.exec(line);
    if (help?.[1]) {
      if (families.has(help[1])) throw new Error(`${help[1]} comes twice`);
      current = { name: help[1], type: '', samples: new Map() };
    } else if (type?.[1]) {
      if (current?.name !== type[1]) throw new Error(`TYPE without HELP: ${line}`);
      current.type = type[2] ?? '';
      families.set(current.name, current);
    } else {
      const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line);
      if (!sample?.[1] || !current) throw new Error(`not a sample: ${line}`);
      const base = current.type === 'histogram' ? sample[1].replace(/_(bucket|sum|count)$/, '') : sample[1];
      if (base !== current.name) throw new Error(`a sample of another family: ${line}`);
      const key = `${sample[1]}${sample[2] ?? ''}`;
      if (current.samples.has(key)) throw new Error(`twice: ${key}`);
      current.samples.set(key, Number(sample[3]));
    }
  }
  return families;
}

it('of an app where nothing is known are valid, and claim nothing', async () => {
  await stage.cache.db.client.deleteMany();
  const families = parse(await readMetricsText(stage.cache.db, 5_000));
  expect(families.get('availability_age_seconds')?.samples.get('availability_age_seconds_count')).toBe(0);
  expect(families.get('availability_last_sweep_refreshed')?.samples.size).toBe(0);
});

it('are valid, and say what the database says', async () => {
  await stage.reset();
  await stage.addRead('older', { ageMs: 100_000, agencyId: 'quote " and \\ backslash' });
  await stage.addRead('failing', { type: 'ghl' });
  await store(stage.cache.db, failure(await itemOf(stage.cache.context, 'failing'), Math.floor(await stage.now()), 'timeout'));
  await stage.addRun('good', { agoMs: 2_000, counts: { ...SWEEP_COUNTS, refreshed: 3, byProvider: { ghl: { requests: 7, p50Ms: 120, p95Ms: 300, errors: 1 } } } });
  const families = parse(await readMetricsText(stage.cache.db, 5_000));
  const sample = (name: string, labels = ''): number | undefined => families.get(`availability_${name}`)?.samples.get(`availability_${name}${labels}`);
  const ages = families.get('availability_age_seconds')?.samples ?? new Map<string, number>();
  const buckets = [...ages].filter(([key]) => key.includes('_bucket')).map(([, count]) => count);
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  expect([ages.get('availability_age_seconds_bucket{le="90"}'), ages.get('availability_age_seconds_bucket{le="120"}'), ages.get('availability_age_seconds_bucket{le="+Inf"}'), ages.get('availability_age_seconds_count')]).toEqual([2, 3, 3, 3]);
  expect(sample('failing_workspaces', '{kind="timeout"}')).toBe(1);
  expect(sample('workspaces', '{standing="counted"}')).toBe(3);
  expect(sample('last_sweep_refreshed')).toBe(3);
  expect(sample('last_sweep_provider_latency_seconds', '{provider="ghl",quantile="0.95"}')).toBe(0.3);
  expect(sample('runs_last_hour', '{job="availability",outcome="good"}')).toBe(2);
  expect(sample('agency_age_seconds', '{agency="quote \\" and \\\\ backslash",quantile="1"}')).toBeGreaterThan(99);
  expect(sample('refreshes_this_hour', '{provider="ghl",result="failed"}')).toBe(1);
});

it('health tells the last success of each job and the oldest age', async () => {
  await stage.reset();
  await stage.addRun('good', { job: 'followups', agoMs: 60_000 });
  const health = await readHealth(() => stage.cache.db, () => stage.env);
  expect(health).toMatchObject({ lastSuccessAgeSeconds: { availability: expect.any(Number) as number, followups: expect.closeTo(60, -1) as number }, oldestCacheAgeSeconds: expect.any(Number) as number });
});
