import { Option, type Command } from 'commander';
import { listAlarmRoutes, removeAlarmRoute, setAlarmRoute, testAlarmRoute, type AlarmRouteInput } from '../../lib/alarms';
import { parseCredentialKeys } from '../../lib/credentials';
import { recorded, type Deed } from '../../lib/operator/audit';
import { createHttpTransport } from '../../lib/providers/http';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';

interface RouteOptions {
  workspace?: string;
  agency?: string;
  to: 'slack' | 'email';
}

const whose = (command: Command): Command => command
  .option('--workspace <workspace>', 'of this workspace')
  .option('--agency <id>', 'of all workspaces of this agency that have none of their own')
  .addOption(new Option('--to <channel>', 'where to').choices(['slack', 'email']).makeOptionMandatory());

async function scopeOf(script: ScriptContext, o: RouteOptions): Promise<Pick<AlarmRouteInput, 'scope' | 'scopeId' | 'channel'>> {
  if ((o.workspace === undefined) === (o.agency === undefined)) throw new UserError('Say whose alarms: either --workspace or --agency.');
  return o.workspace === undefined
    ? { scope: 'agency', scopeId: o.agency ?? '', channel: o.to }
    : { scope: 'workspace', scopeId: await resolveWorkspace(script, o.workspace), channel: o.to };
}

/** Without the address and the recipient. */
function deedOf(action: string, { scope, scopeId, channel }: Pick<AlarmRouteInput, 'scope' | 'scopeId' | 'channel'>): Deed {
  return { action, subject: scopeId, ...(scope === 'agency' && { agencyId: scopeId }), details: { to: channel } };
}

/** alarm-route set, remove, list, test */
export function addAlarmCommands(program: Command, cli: Cli): void {
  const route = program.command('alarm-route').description('Where the alarms of a workspace or an agency go, instead of the default (ALARM_SLACK_WEBHOOK_URL, ALARM_EMAIL_WEBHOOK_URL): set, remove, list, test.');

  whose(addCommand(route, 'set', 'Set it; the URL is read from standard input, and stored encrypted.', 'alarm-route set --agency north --to slack < url.txt', 'alarm-route set --workspace Acme --to email --recipient ops@example.com < url.txt'))
    .option('--recipient <email>', 'with --to email: whom it is for')
    .action(async (o: RouteOptions & { recipient?: string }) => {
      await cli.withDatabase(async (script) => {
        const { env, db } = script;
        const scope = await scopeOf(script, o);
        if (!env.CREDENTIALS_KEY) throw new UserError('Set CREDENTIALS_KEY first: URLs of alarm routes are stored encrypted only. Make one with: echo "k1:$(openssl rand -base64 32)"');
        const url = await cli.readSecret('URL of the webhook');
        const keys = parseCredentialKeys(env.CREDENTIALS_KEY);
        const id = await recorded(db, BY_CLI, (tx) => setAlarmRoute(tx, { ...scope, url, recipient: o.recipient }, keys, env.OUTBOUND_ALLOW_HOSTS), () => deedOf('alarm_route.set', scope));
        cli.say(`Set: alarms of the ${scope.scope} ${scope.scopeId} go to ${scope.channel}. Try it with: npm run workspaces -- alarm-route test ${id}`);
      });
    });

  whose(addCommand(route, 'remove', 'Remove it: the wider one, or the default, counts again.', 'alarm-route remove --agency north --to slack'))
    .action(async (o: RouteOptions) => {
      await cli.withDatabase(async (script) => {
        const scope = await scopeOf(script, o);
        await recorded(script.db, BY_CLI, (tx) => removeAlarmRoute(tx, scope), () => deedOf('alarm_route.remove', scope));
        cli.say(`Removed the alarm route of the ${scope.scope} ${scope.scopeId} to ${scope.channel}.`);
      });
    });

  addCommand(route, 'list', 'List them, without their URLs.', 'alarm-route list', 'alarm-route list --json')
    .option('--json', 'as JSON')
    .action(async (o: { json?: boolean }) => {
      const routes = await cli.withDatabase(({ db }) => listAlarmRoutes(db));
      if (o.json) cli.say(JSON.stringify(routes, null, 2));
      else cli.say(routes.length === 0 ? 'No workspace and no agency has an alarm route: all alarms go to the default.' : routes.map((one) => `${one.id}  ${one.scope} ${one.scopeId}  ${one.channel}${one.recipient === null ? '' : ` to ${one.recipient}`}`).join('\n'));
    });

  addCommand(route, 'test <target>', 'Send a test message to a route, or to the default (default:slack, default:email).', 'alarm-route test default:slack')
    .action(async (target: string) => {
      await cli.withDatabase(async ({ db, env }) => {
        const transport = createHttpTransport({ allowHosts: env.OUTBOUND_ALLOW_HOSTS, trustedOrigins: [] });
        try {
          const result = await testAlarmRoute({ db, env, transport }, target);
          if (result.kind === 'failed') throw new UserError(`Not delivered: ${result.error}.`);
          cli.say('Delivered.');
        } finally {
          await transport.close();
        }
      });
    });
}
