import { databaseUrl, EnvError, isServerless } from './env';

/**
 * A bad environment stops the start, with the variable's name. On a serverless host there is no start to stop:
 * every answer is a 503 that says the same.
 */
export function checkEnvironment(): void {
  try {
    databaseUrl();
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    process.stderr.write(`${error.message}\n`);
    if (!isServerless()) process.exit(1);
  }
}
