import { Command } from 'commander';
import { createContext, type CacheContext } from '../../lib/refresh/context';
import { detectCalendarType } from '../../lib/providers/detect';
import { findWorkspaces } from '../../lib/workspaces';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';

/** Who did it, in the record of what operators do. */
export const BY_CLI = { actor: 'cli' } as const;

/** What the commands touch outside, so that a test can stand in for a terminal. */
export interface Cli {
  withDatabase: <T>(work: (script: ScriptContext) => Promise<T>) => Promise<T>;
  say: (line: string) => void;
  warn: (line: string) => void;
  readFile: (path: string) => Promise<string>;
  readSecret: (prompt: string) => Promise<string>;
  /** The command did a part of what was asked. */
  endWith: (exitCode: number) => void;
}

export function addCommand(program: Command, usage: string, description: string, ...examples: string[]): Command {
  return program.command(usage).description(description).addHelpText('after', `\nExamples:\n${examples.map((example) => `  npm run workspaces -- ${example}`).join('\n')}`);
}

/** The one workspace that an id, its beginning, or a name means. */
export async function resolveWorkspace({ db }: ScriptContext, idOrName: string): Promise<string> {
  const [first, ...others] = await findWorkspaces(db, idOrName);
  if (!first) throw new UserError(`There is no workspace ${JSON.stringify(idOrName)}. List them with: npm run workspaces -- list`);
  if (others.length === 0) return first.id;
  const all = [first, ...others].map((one) => `  ${one.id}  ${one.name}${one.userId ? ` (${one.userId})` : ''}`);
  throw new UserError(`${JSON.stringify(idOrName)} means several workspaces; use an id:\n${all.join('\n')}`);
}

export async function withContext<T>({ env, db }: ScriptContext, work: (context: CacheContext) => Promise<T>): Promise<T> {
  const context = createContext(env, db);
  try {
    return await work(context);
  } finally {
    await context.transport.close();
  }
}

export function warnOfLink(cli: Cli, url: string, where = ''): void {
  if (detectCalendarType(url) !== 'unknown') return;
  cli.warn(`${where}Note: the link is of no provider that is supported (Calendly, HubSpot Meetings, GoHighLevel), so it will be "misconfigured".`);
}
