import type { Command } from 'commander';
import { parseCredentialKeys } from '../../lib/credentials';
import { FollowUpInputError, makeWebhookPath, setWebhook } from '../../lib/followups';
import { recorded } from '../../lib/operator/audit';
import { UserError } from '../local/fail';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';

/** webhook set, webhook token */
export function addWebhookCommands(program: Command, cli: Cli): void {
  const group = program.command('webhook').description("A workspace's webhooks: set where follow-ups go, token for the address that EmailBison calls.");

  addCommand(group, 'set <workspace>', 'Where follow-ups of the channel webhook go. The signing secret is read from standard input and never from the command line.', 'webhook set Acme --url https://hooks.example.com/followups < secret.txt')
    .requiredOption('--url <url>', 'an https address')
    .action(async (workspace: string, { url }: { url: string }) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, workspace);
        if (!script.env.CREDENTIALS_KEY) throw new UserError('CREDENTIALS_KEY is not set: secrets are stored sealed. Make one with: echo "k1:$(openssl rand -base64 32)"');
        const secret = await cli.readSecret('The signing secret');
        const keys = parseCredentialKeys(script.env.CREDENTIALS_KEY);
        await recorded(script.db, BY_CLI, (tx) => setWebhook(tx, id, { url, secret }, keys, script.env.OUTBOUND_ALLOW_HOSTS), () => ({ action: 'webhook.set', subject: id })).catch((error: unknown) => {
          throw error instanceof FollowUpInputError ? new UserError(error.message, { cause: error }) : error;
        });
        cli.say(`Follow-ups of ${id} by webhook go to ${new URL(url).origin}, signed.`);
      });
    });

  addCommand(group, 'token <workspace>', 'Make the address that EmailBison tells of replies. It is shown now and never again; the one before ends at once.', 'webhook token Acme')
    .action(async (workspace: string) => {
      const path = await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, workspace);
        return await recorded(script.db, BY_CLI, (tx) => makeWebhookPath(tx, id), () => ({ action: 'webhook.token', subject: id }));
      });
      cli.say(path);
      cli.warn("Put your app's origin before it and enter it in EmailBison as a webhook for the events lead_replied and lead_interested. Whoever knows it can have a reply looked up, and nothing more.");
    });
}
