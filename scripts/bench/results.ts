import type { Check } from './checks';
import type { Options } from './options';
import type { Run } from './programs';

export interface Row {
  name: string;
  runs: Run[];
}

export interface Results {
  at: string;
  options: Options;
  machine: Record<string, string | number>;
  postgres: Record<string, string>;
  rows: Record<'ours' | 'bare' | 'defaults' | 'cold' | 'naive', Row>;
  /** Sweeps with the default settings. */
  database: {
    /** Nothing changed; the first after a checkpoint writes whole pages. */
    afterCheckpoint: Run[];
    between: Run[];
    /** One slot fewer in every workspace; again first with whole pages, then without most of them. */
    changedAfterCheckpoint: Run[];
    changed: Run[];
  };
  checks: Check[];
}
