/** Gathers results of attempts and writes them in batches while the run goes on. */
import type { BackoffSettings } from './backoff';
import type { Db } from '../db';
import { storeBatch, type StoredWrite, type StoreSettings, type Write } from './store';

/** A crash loses at most what waits here: small in time, large in rows, so that statements stay few. */
const BATCH_ROWS = 1_000;
const BATCH_WAIT_MS = 2_000;
/**
 * A write with its slots counts as so many rows: it is some kilobytes of parameters, and Prisma's log of its last hundred debug
 * messages keeps those of the last twenty statements or so alive, printed or not.
 */
const SLOTS_AS_ROWS = 5;

export interface SinkOptions {
  db: Db;
  settings: StoreSettings & BackoffSettings;
  /** What the run can still spend on writing, milliseconds. */
  timeLeftMs: () => number;
  onStored: (stored: StoredWrite[]) => void;
}

export class Sink {
  private pending: Write[] = [];
  private rows = 0;
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SinkOptions) {}

  add(write: Write): void {
    this.pending.push(write);
    this.rows += write.kind === 'success' && write.sendSlots ? SLOTS_AS_ROWS : 1;
    if (this.rows >= BATCH_ROWS) this.write();
    else this.timer ??= setTimeout(() => { this.write(); }, BATCH_WAIT_MS);
  }

  /** Writes what waits and returns when all is stored. */
  async flush(): Promise<void> {
    this.write();
    await this.writing;
  }

  /** One batch at a time: a run must not take every connection of the pool. */
  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.pending;
    if (batch.length === 0) return;
    this.pending = [];
    this.rows = 0;
    this.writing = this.writing.then(async () => {
      const { db, settings, timeLeftMs, onStored } = this.options;
      onStored(await storeBatch(db, batch, settings, timeLeftMs));
    });
  }
}
