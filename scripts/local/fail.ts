import { EnvError } from '../../lib/env';

/** A failure that the reader can act on: printed as it is, without a stack. */
export class UserError extends Error {
  override name = 'UserError';
}

/** Runs a script's main function; a failure becomes one clear sentence and exit code 1. */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}

export function sentenceOf(error: unknown): string {
  if (error instanceof UserError || error instanceof EnvError) return error.message;
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code === 'ECONNREFUSED') return 'The database does not accept connections: is it running, and is DATABASE_URL right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The host in DATABASE_URL cannot be found (${message ?? code}).`;
  if (code === '28P01' || code === '28000') return 'The database refuses the user or password in DATABASE_URL.';
  if (code === '3D000') return `The database named in DATABASE_URL does not exist (${message ?? code}).`;
  return message?.trim() ? message.trim() : String(error);
}
