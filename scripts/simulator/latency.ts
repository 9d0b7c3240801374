import { z } from 'zod';
import { createRandom } from './random';

/** How long an answer takes. Real services are log-normal: a median and a long tail. */
export const latencySchema = z.union([
  z.strictObject({ p50Ms: z.number().min(0), sigma: z.number().min(0).max(3).default(0.5) }),
  z.strictObject({ fixedMs: z.number().min(0) }),
]);
export type LatencySpec = z.input<typeof latencySchema>;

/** No single draw may outlast what any client waits, or a benchmark would measure the tail of a formula. */
const MAX_LATENCY_MS = 60_000;

export function createLatency(spec: LatencySpec | undefined, seed: number): () => number {
  if (!spec) return () => 0;
  const parsed = latencySchema.parse(spec);
  if ('fixedMs' in parsed) return () => parsed.fixedMs;
  const random = createRandom(seed);
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    const normal = radius * Math.cos(2 * Math.PI * random.next());
    return Math.min(MAX_LATENCY_MS, parsed.p50Ms * Math.exp(parsed.sigma * normal));
  };
}

/** `none`, `80` (fixed ms) or `80,0.5` (median ms, sigma). */
export function parseLatency(text: string): LatencySpec | undefined {
  if (text === 'none' || text === '0') return undefined;
  const [first = '', second, ...rest] = text.split(',');
  const numbers = [first, ...(second === undefined ? [] : [second])].map(Number);
  if (rest.length > 0 || first === '' || numbers.some((value) => !Number.isFinite(value) || value < 0)) {
    throw new Error(`Latency is "none", "<ms>" or "<median ms>,<sigma>", not "${text}"`);
  }
  return second === undefined
    ? { fixedMs: Number(first) }
    : { p50Ms: Number(first), sigma: Number(second) };
}
