/** How much a run of the fault tests does: little by default, what was asked for with `npm run test:faults -- --rounds 500`. */
export function sizeOf(variable: 'FAULT_ROUNDS' | 'FAULT_FREEZES' | 'FAULT_RUNS' | 'FAULT_MINUTES' | 'FAULT_SWEEPS' | 'FAULT_WORKSPACES' | 'FAULT_SECONDS', short: number): number {
  const given = Number(process.env[variable]);
  return Number.isInteger(given) && given >= 0 && process.env[variable] ? given : short;
}

export const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);

/** A line that shows while a long part runs. */
export function progress(text: string): void {
  process.stdout.write(`  … ${text}\n`);
}
