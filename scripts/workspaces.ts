// `npm run workspaces -- <command>`: add, change and look at workspaces.
import { readFile } from 'node:fs/promises';
import { runMain, UserError } from './local/fail';
import { withScriptDatabase } from './local/script-database';
import { readSecret } from './local/standard-input';
import { workspacesProgram } from './workspaces/program';

const program = workspacesProgram({
  withDatabase: withScriptDatabase,
  say: (line) => { process.stdout.write(`${line}\n`); },
  warn: (line) => { process.stderr.write(`${line}\n`); },
  readFile: async (path) => {
    if (path === '-') return (await process.stdin.toArray()).join('');
    return await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new UserError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
    });
  },
  readSecret,
  endWith: (exitCode) => { process.exitCode = exitCode; },
});

await runMain(() => program.parseAsync());
