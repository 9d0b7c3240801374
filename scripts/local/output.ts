import { formatSeconds } from './sweep-line';

const isTerminal = process.stdout.isTTY;
/** Where lines cannot be redrawn, a progress line is printed this often. */
const PLAIN_PROGRESS_MS = 5_000;
const REDRAW_MS = 200;

let isDrawn = false;

/** Prints a line, above a progress line where one is drawn. */
export function say(line: string): void {
  clearProgress();
  process.stdout.write(`${line}\n`);
}

export function clearProgress(): void {
  if (!isDrawn) return;
  process.stdout.write('\r\x1b[2K');
  isDrawn = false;
}

function draw(text: string): void {
  const width = process.stdout.columns || 80;
  process.stdout.write(`\r\x1b[2K${text.slice(0, width - 1)}`);
  isDrawn = true;
}

/** Shows `textNow()` again and again until stopped: redrawn in a terminal, a line every 5 s elsewhere. */
export function showProgress(textNow: () => string): () => void {
  const timer = setInterval(() => {
    if (isTerminal) draw(textNow());
    else process.stdout.write(`${textNow()}\n`);
  }, isTerminal ? REDRAW_MS : PLAIN_PROGRESS_MS);
  return () => {
    clearInterval(timer);
    clearProgress();
  };
}

/** Runs one step with its name, its progress and the time it took; `work` may return what to say of its result. */
export async function step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const elapsed = (): string => formatSeconds((performance.now() - startedAt) / 1000);
  let text = '';
  const stop = showProgress(() => `… ${name}  ${elapsed()}`);
  try {
    const result = await work((note) => { text = note; });
    stop();
    say(`✓ ${name.padEnd(20)} ${elapsed().padStart(6)}${text ? `  ${text}` : ''}`);
    return result;
  } catch (error) {
    stop();
    say(`✗ ${name.padEnd(20)} ${elapsed().padStart(6)}`);
    throw error;
  }
}
