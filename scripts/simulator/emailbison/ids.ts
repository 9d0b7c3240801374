const FIRST_IDS = { workspace: 2, campaign: 101, step: 11, sender: 31, lead: 1001, email: 5001, reply: 301, variable: 1, webhook: 1 };
export type IdKind = keyof typeof FIRST_IDS;

/** Numbers as a database hands them out: one sequence a table, shared by all workspaces. */
export class Ids {
  private readonly next: Record<IdKind, number> = { ...FIRST_IDS };

  /** The next one, or the one that is asked for. */
  take(kind: IdKind, wanted?: number): number {
    const id = wanted ?? this.next[kind];
    this.next[kind] = Math.max(this.next[kind], id + 1);
    return id;
  }
}
