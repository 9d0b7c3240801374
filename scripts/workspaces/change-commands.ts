import { Option, type Command } from 'commander';
import { parseCredentialKeys } from '../../lib/credentials';
import * as operator from '../../lib/operator/actions';
import { once } from '../../lib/operator/audit';
import { remove } from '../../lib/workspaces';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';
import { addCommand, BY_CLI, resolveWorkspace, warnOfLink, type Cli } from './cli';

const PROVIDERS = ['calendly', 'hubspot', 'ghl', 'emailbison'] as const;
type Provider = (typeof PROVIDERS)[number];

/** pause, resume, remove, choose, set, credential */
export function addChangeCommands(program: Command, cli: Cli): void {
  /** A command that changes one workspace and says so. */
  function change(usage: string, description: string, example: string, work: (script: ScriptContext, id: string, rest: string[]) => Promise<string>): void {
    addCommand(program, usage, description, example).action(async (name: string, ...rest: unknown[]) => {
      cli.say(await cli.withDatabase(async (script) => work(script, await resolveWorkspace(script, name), rest.filter((one) => typeof one === 'string'))));
    });
  }

  change('pause <workspace>', 'No sweep, no offers and no alarms until it is resumed.', 'pause Acme', async ({ db }, id) => {
    await operator.pauseWorkspaces(db, BY_CLI, [id]);
    return `Paused ${id}.`;
  });
  change('resume <workspace>', 'End a pause.', 'resume Acme', async ({ db }, id) => {
    await operator.resumeWorkspaces(db, BY_CLI, [id]);
    return `Resumed ${id}: the next sweep reads its calendar.`;
  });
  change('remove <workspace>', 'Remove it with its leads, bookings, offers and slots.', 'remove 3f9c2a1b', async ({ db }, id) => {
    await once(db, BY_CLI, { action: 'workspace.remove', subject: id }, (tx) => remove(tx, id));
    return `Removed ${id}.`;
  });
  change('choose <workspace> [id]', 'Choose the event type or calendar where the link leads to several; without an id the choice is undone.', 'choose Acme EBAXZXNO5XL6LLRJ', async ({ db }, id, [chosen]) => {
    await operator.choose(db, BY_CLI, id, chosen ?? null);
    return chosen === undefined ? `Undid the choice of ${id}.` : `Chose ${chosen} for ${id}: the next sweep reads it.`;
  });

  addCommand(program, 'set <workspace>', 'Change link, duration, zone or the alarm for few open slots.', 'set Acme --url https://calendly.com/acme/demo', 'set Acme --duration 45 --zone America/New_York', 'set Acme --min-open-slots 10')
    .option('--url <url>', 'the booking link')
    .option('--duration <minutes>', 'length of a meeting')
    .option('--zone <zone>', 'IANA time zone')
    .option('--min-open-slots <count>', 'an alarm when fewer are open in working hours of the next 7 days; none')
    .action(async (name: string, o: { url?: string; duration?: string; zone?: string; minOpenSlots?: string }) => {
      if (Object.keys(o).length === 0) throw new UserError('Say what to set: --url, --duration, --zone or --min-open-slots.');
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        await operator.changeConfiguration(script.db, BY_CLI, id, { url: o.url, durationMinutes: o.duration, timezone: o.zone, minOpenSlots: o.minOpenSlots });
        if (o.url !== undefined) warnOfLink(cli, o.url);
        const isCalendar = o.url !== undefined || o.duration !== undefined || o.zone !== undefined;
        cli.say(isCalendar ? `Changed ${id}: the next sweep reads its calendar with that.` : `Changed ${id}.`);
      });
    });

  addCommand(program, 'credential <workspace>', 'Store a token for the official API, read from standard input and never from the command line.', 'credential Acme --provider calendly < token.txt', 'credential Acme --provider calendly --remove')
    .addOption(new Option('--provider <provider>', 'whose token it is').choices([...PROVIDERS]).makeOptionMandatory())
    .option('--remove', 'remove it instead')
    .action(async (name: string, o: { provider: Provider; remove?: boolean }) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        if (o.remove) {
          await operator.dropCredential(script.db, BY_CLI, id, o.provider);
          cli.say(`Removed the ${o.provider} credential of ${id}.`);
          return;
        }
        if (!script.env.CREDENTIALS_KEY) throw new UserError('Set CREDENTIALS_KEY first: tokens are stored encrypted only. Make one with: echo "k1:$(openssl rand -base64 32)"');
        const keys = parseCredentialKeys(script.env.CREDENTIALS_KEY);
        await operator.storeCredential(script.db, BY_CLI, id, o.provider, await cli.readSecret(`${o.provider} token`), keys);
        cli.say(`Stored the ${o.provider} credential of ${id}: the next sweep uses it.`);
      });
    });
}
