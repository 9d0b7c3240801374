/** What a piece of work costs the process that does it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

export interface Cost {
  wallMs: number;
  /** User and system, all threads. */
  cpuMs: number;
  /** Resident memory before the work. */
  startRssMb: number;
  /** Highest resident memory while it ran. */
  peakRssMb: number;
}

const MB = 1024 * 1024;

/** @param profileFile a CPU profile of the work is written there */
export async function measured<T>(work: () => Promise<T>, profileFile?: string): Promise<{ value: T; cost: Cost }> {
  const stopProfile = profileFile === undefined ? undefined : await startProfile(profileFile);
  // As idle time does within the minute between two sweeps; what the run before left is not this one's cost.
  globalThis.gc?.();
  const startRssMb = process.memoryUsage.rss() / MB;
  forgetPeak();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const value = await work();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const cost = { wallMs, cpuMs: (user + system) / 1000, startRssMb, peakRssMb: peakRssBytes() / MB };
  await stopProfile?.();
  return { value, cost };
}

/** Linux can start the high-water mark anew; elsewhere it is that of the whole life of the process. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed here.
  }
}

/** Not `maxRSS` where it can be helped: on Linux a forked process inherits that of its parent. */
function peakRssBytes(): number {
  const ofThisProcess = peakRssMbOf('self');
  return ofThisProcess === undefined ? process.resourceUsage().maxRSS * 1024 : ofThisProcess * MB;
}

/** Highest resident memory of a process so far, on Linux. */
export function peakRssMbOf(pid: number | 'self'): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    // Not Linux.
    return undefined;
  }
}

/** Of the largest of a process and those that it started, on Linux. */
export function peakRssMbUnder(pid: number): number | undefined {
  const parents = new Map<number, number>();
  try {
    for (const entry of readdirSync('/proc')) {
      if (/^\d+$/.test(entry)) parents.set(Number(entry), parentOf(entry));
    }
  } catch {
    // Not Linux.
    return undefined;
  }
  const isUnder = (id: number): boolean => id === pid || (parents.has(id) && isUnder(parents.get(id) ?? 0));
  const peaks = [...parents.keys()].filter(isUnder).flatMap((id) => peakRssMbOf(id) ?? []);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}

function parentOf(entry: string): number {
  try {
    // The name in parentheses may hold spaces.
    return Number(readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) \S+ /s, '').split(' ', 1)[0]);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

async function startProfile(file: string): Promise<() => Promise<void>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    await writeFile(file, JSON.stringify(profile));
  };
}
