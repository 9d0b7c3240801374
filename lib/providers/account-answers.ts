import type { Pause } from '../abort';

/**
 * What an account's API says of the account, such as the list of its event types: the same for each of its calendars. A run
 * that asks it for every calendar again would use up a small quota with that alone.
 */
export class AccountAnswers {
  private readonly answers = new Map<string, Promise<unknown>>();
  private asking = 0;

  /** Something is being asked that others would ask next. */
  get isAsking(): boolean {
    return this.asking > 0;
  }

  get isKnown(): boolean {
    return this.answers.size > 0;
  }

  /**
   * The answer of the first who asked; who comes meanwhile waits for it. A failure is that of all who waited and is not kept.
   * @param pause what others are asked for is not the caller's own time
   * @param url also tells the type: one address is read by one schema
   */
  async once<T>(url: string, ask: () => Promise<T>, pause: Pause = (wait) => wait()): Promise<T> {
    const known = this.answers.get(url);
    if (known) return await pause(() => known as Promise<T>);
    this.asking++;
    const answer = ask().finally(() => { this.asking--; });
    this.answers.set(url, answer);
    answer.catch(() => { this.answers.delete(url); });
    return await answer;
  }
}
