/** Of each thing that was started: what ends it. */
export type Undo = (() => Promise<unknown>)[];

/**
 * Starts several things that need each other. `close` ends what `undo` names, the last first; when one of them does not
 * start, the others are ended at once.
 */
export async function startOrUndo<T>(start: (undo: Undo, close: () => Promise<void>) => Promise<T>): Promise<T> {
  const undo: Undo = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(undo, close);
  } catch (error) {
    await close();
    throw error;
  }
}
