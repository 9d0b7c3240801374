// `npm run credentials -- status|rotate`: which keys the stored secrets are sealed with, and moving them to the newest.
import { Command } from 'commander';
import { readKeyUse, rotateCredentials } from '../lib/credential-rotation';
import { parseCredentialKeys, type CredentialKeys } from '../lib/credentials';
import type { Env } from '../lib/env';
import { runMain, UserError } from './local/fail';
import { say } from './local/output';
import { withScriptDatabase } from './local/script-database';

const program = new Command('npm run credentials --')
  .description('Secrets at rest: CREDENTIALS_KEY is keyId:base64 of 32 bytes, several separated by commas. The first seals, every one opens.')
  .addHelpText('after', `
To rotate:
  1. Put a new key first: CREDENTIALS_KEY="new:$(openssl rand -base64 32),old:…", wherever the app runs, and deploy.
  2. npm run credentials -- rotate
  3. When status shows no row of the old key, drop it from CREDENTIALS_KEY and deploy.`);

program.command('status').description('how many stored secrets are sealed with which key').action(async () => {
  await withScriptDatabase(async ({ db, env }) => {
    const keys = keysOf(env);
    const uses = await readKeyUse(db);
    for (const { store, keyId, rows } of uses) say(`${store}  key "${keyId}"  ${String(rows)} ${rows === 1 ? 'row' : 'rows'}${noteOn(keys, keyId)}`);
    if (uses.length === 0) say('No secret is stored.');
  });
});

program.command('rotate').description('seals everything with the first key; safe while the app runs, and to run again').option('--batch <rows>', 'rows a transaction', '200').action(async ({ batch }: { batch: string }) => {
  const batchRows = Number(batch);
  if (!Number.isInteger(batchRows) || batchRows < 1 || batchRows > 5_000) throw new UserError('--batch must be from 1 to 5000');
  await withScriptDatabase(async ({ db, env }) => {
    const keys = keysOf(env);
    const total = (await readKeyUse(db)).filter(({ keyId }) => keyId !== keys.current).reduce((sum, { rows }) => sum + rows, 0);
    say(`${String(total)} to seal with key "${keys.current}".`);
    const { moved, overtaken, unopened } = await rotateCredentials(db, keys, { batchRows, onProgress: (done) => say(`${String(done)} of ${String(total)}`) });
    say(`${String(moved)} moved${overtaken > 0 ? `, ${String(overtaken)} changed by somebody else meanwhile` : ''}.`);
    if (unopened.length > 0) throw new UserError(`${String(unopened.length)} could not be opened and stay as they are:\n${unopened.map((problem) => `  ${problem}`).join('\n')}`);
  });
});

function keysOf({ CREDENTIALS_KEY }: Env): CredentialKeys {
  if (CREDENTIALS_KEY === undefined) throw new UserError('CREDENTIALS_KEY is not set: no secret can be stored or opened. Make one with: echo "k1:$(openssl rand -base64 32)"');
  return parseCredentialKeys(CREDENTIALS_KEY);
}

function noteOn(keys: CredentialKeys, keyId: string): string {
  if (keyId === keys.current) return ', which seals now';
  return keys.byId.has(keyId) ? '' : ', which CREDENTIALS_KEY does not hold: these do not open';
}

await runMain(() => program.parseAsync());
