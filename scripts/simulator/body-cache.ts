/**
 * Rendered bodies, kept while they are true. A benchmark asks for the same answers once a minute; most of
 * them change only when a slot passes or a booking arrives.
 */
export interface Rendered {
  text: string;
  validUntilMs: number;
}

interface Entry {
  body: Buffer;
  version: number;
  fromMs: number;
  untilMs: number;
}

export class BodyCache {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** `version` is the calendar's: any change of it makes all its bodies false. */
  get(key: string, version: number, nowMs: number, render: () => Rendered): Buffer {
    const known = this.entries.get(key);
    if (known?.version === version && nowMs >= known.fromMs && nowMs < known.untilMs) return known.body;
    const { text, validUntilMs } = render();
    const body = Buffer.from(text);
    if (known) this.drop(key, known);
    if (validUntilMs > nowMs) {
      this.entries.set(key, { body, version, fromMs: nowMs, untilMs: validUntilMs });
      this.bytes += body.length;
      this.shrink();
    }
    return body;
  }

  /** Oldest first: a sweep asks for everything once a round, so recency would say nothing more. */
  private shrink(): void {
    for (const [key, entry] of this.entries) {
      if (this.bytes <= this.maxBytes) return;
      this.drop(key, entry);
    }
  }

  private drop(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.bytes -= entry.body.length;
  }
}
