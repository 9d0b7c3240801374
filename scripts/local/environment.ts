import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile } from 'node:process';
import { ENV_VARIABLES } from '../../lib/env';
import { PROJECT_ROOT } from './migration-files';

/** Reads `.env.local` and `.env`, as the web server does; what is set already wins. */
export function loadEnvFiles(): void {
  for (const name of ['.env.local', '.env']) {
    const path = join(PROJECT_ROOT, name);
    if (existsSync(path)) loadEnvFile(path);
  }
}

/**
 * An environment for the app that holds nothing of the operator's own settings but what is given here.
 * The web server reads `.env` too, and an empty value keeps it from setting a variable.
 */
export function isolatedAppEnv(given: Record<string, string>): NodeJS.ProcessEnv {
  const cleared = Object.fromEntries(ENV_VARIABLES.map((name) => [name, '']));
  const { NODE_ENV: _dropped, ...inherited } = process.env;
  return { ...inherited, NEXT_TELEMETRY_DISABLED: '1', ...cleared, NODE_ENV: 'production', ...given };
}
