import type { Command } from 'commander';
import { recorded } from '../../lib/operator/audit';
import { addApiKey, ApiKeyError, listApiKeys, revokeApiKey, type ApiKeyListing } from '../../lib/reader/keys';
import { UserError } from '../local/fail';
import { addCommand, BY_CLI, type Cli } from './cli';

/** key add, key list, key revoke */
export function addKeyCommands(program: Command, cli: Cli): void {
  const key = program.command('key').description("Keys of an agency for the reader API: add, list, revoke. <agency> is the agency's id.");

  addCommand(key, 'add <agency>', 'Make a key. It is shown now and never again.', 'key add north', 'key add north --name n8n')
    .option('--name <name>', 'what it is for')
    .action(async (agency: string, o: { name?: string }) => {
      const made = await cli.withDatabase(({ db }) => told(recorded(db, BY_CLI, (tx) => addApiKey(tx, agency, o.name ?? null),
        ({ prefix }) => ({ action: 'key.add', subject: agency, agencyId: agency, details: { key: prefix, name: o.name ?? null } }))));
      // The key alone on standard output, so that it can be piped into a secret store.
      cli.say(made.key);
      cli.warn(`This is the only time that it is shown. It reads every workspace of agency ${agency}. To end it: npm run workspaces -- key revoke ${agency} ${made.prefix}`);
    });

  addCommand(key, 'list <agency>', 'List its keys by their beginnings, the revoked ones too.', 'key list north', 'key list north --json')
    .option('--json', 'as JSON')
    .action(async (agency: string, o: { json?: boolean }) => {
      const keys = await cli.withDatabase(({ db }) => listApiKeys(db, agency));
      if (o.json) cli.say(JSON.stringify(keys, null, 2));
      else cli.say(keys.length === 0 ? `Agency ${agency} has no keys. Make one with: npm run workspaces -- key add ${agency}` : tableOf(keys));
    });

  addCommand(key, 'revoke <agency> <beginning>', 'End a key at once.', 'key revoke north avk_Ab12Cd')
    .action(async (agency: string, beginning: string) => {
      const prefix = await cli.withDatabase(({ db }) => told(recorded(db, BY_CLI, (tx) => revokeApiKey(tx, agency, beginning, new Date()),
        (revoked) => ({ action: 'key.revoke', subject: agency, agencyId: agency, details: { key: revoked } }))));
      cli.say(`Revoked ${prefix}: it is refused from now on.`);
    });
}

async function told<T>(work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    throw error instanceof ApiKeyError ? new UserError(error.message, { cause: error }) : error;
  });
}

function tableOf(keys: readonly ApiKeyListing[]): string {
  const day = (at: Date | null): string => at?.toISOString().slice(0, 16).replace('T', ' ') ?? '–';
  const rows = [['KEY', 'NAME', 'MADE (UTC)', 'LAST USED', 'REVOKED'], ...keys.map((one) => [`${one.prefix}…`, one.name ?? '–', day(one.createdAt), day(one.lastUsedAt), day(one.revokedAt)])];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
