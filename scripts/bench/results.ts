import type { Options } from './options';

/** What is asked of a figure. */
export interface Check {
  what: string;
  figure: string;
  /** Null: printed only, because it is not asked at this size or not in a short run. */
  ok: boolean | null;
}

/** What one measure found. */
export interface Section {
  title: string;
  /** The first row of each is its head. */
  tables: string[][][];
  notes: string[];
  checks: Check[];
  /** Everything behind the tables, as it was measured. */
  figures: unknown;
}

export interface Results {
  at: string;
  options: Options;
  machine: Record<string, string | number>;
  postgres: Record<string, string>;
  sections: Section[];
}
