import { Argument, type Command } from 'commander';
import { switchAgency, switchProvider } from '../../lib/operator/actions';
import { PAUSABLE_PROVIDERS, readPauses } from '../../lib/pauses';
import type { CalendarProvider } from '../../lib/providers/errors';
import { addCommand, BY_CLI, type Cli } from './cli';

/** agency pause|resume, provider pause|resume, paused */
export function addPauseCommands(program: Command, cli: Cli): void {
  const agency = program.command('agency').description('All workspaces of an agency: pause, resume. <agency> is its id.');
  addCommand(agency, 'pause <agency>', 'No sweep, no offers and no alarms for any of its workspaces until it is resumed.', 'agency pause north')
    .action(async (id: string) => {
      await cli.withDatabase(({ db }) => switchAgency(db, BY_CLI, id, true));
      cli.say(`Paused agency ${id}.`);
    });
  addCommand(agency, 'resume <agency>', 'End the pause of the agency; workspaces that are paused themselves stay so.', 'agency resume north')
    .action(async (id: string) => {
      await cli.withDatabase(({ db }) => switchAgency(db, BY_CLI, id, false));
      cli.say(`Resumed agency ${id}: the next sweep reads its calendars.`);
    });

  const provider = program.command('provider').description("A vendor's calendars, of everybody: pause, resume.");
  const vendor = (): Argument => new Argument('<provider>', 'whose calendars').choices([...PAUSABLE_PROVIDERS]);
  addCommand(provider, 'pause', 'Nobody calls this provider until it is resumed.', 'provider pause hubspot').addArgument(vendor())
    .action(async (name: CalendarProvider) => {
      await cli.withDatabase(({ db }) => switchProvider(db, BY_CLI, name, true));
      cli.say(`Paused ${name}.`);
    });
  addCommand(provider, 'resume', 'End the pause of a provider.', 'provider resume hubspot').addArgument(vendor())
    .action(async (name: CalendarProvider) => {
      await cli.withDatabase(({ db }) => switchProvider(db, BY_CLI, name, false));
      cli.say(`Resumed ${name}: the next sweep reads its calendars.`);
    });

  addCommand(program, 'paused', 'List agencies and providers that are paused.', 'paused', 'paused --json')
    .option('--json', 'as JSON')
    .action(async (o: { json?: boolean }) => {
      const pauses = await cli.withDatabase(({ db }) => readPauses(db));
      if (o.json) cli.say(JSON.stringify(pauses, null, 2));
      else {
        const lines = [
          ...pauses.agencies.map((one) => `agency ${one.id} (${one.name}) since ${one.pausedAt.toISOString()}`),
          ...pauses.providers.map((one) => `provider ${one.provider} since ${one.pausedAt.toISOString()}`),
        ];
        cli.say(lines.length === 0 ? 'No agency and no provider is paused. Paused workspaces: npm run workspaces -- list --state paused' : lines.join('\n'));
      }
    });
}
