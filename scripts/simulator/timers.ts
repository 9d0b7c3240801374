/** Every timer of the simulator, so that closing leaves none behind. */
export class Timers {
  private readonly pending = new Set<NodeJS.Timeout>();
  private isClosed = false;

  after(delayMs: number, run: () => void): void {
    if (this.isClosed) return;
    if (delayMs <= 0) {
      run();
      return;
    }
    const timer = setTimeout(() => {
      this.pending.delete(timer);
      run();
    }, delayMs);
    this.pending.add(timer);
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.pending) clearTimeout(timer);
    this.pending.clear();
  }
}
