import { Option, type Command } from 'commander';
import { getWorkspaceAvailabilitySlotsUtc } from '../../lib/availability-cache';
import { refreshNow } from '../../lib/operator/refresh';
import { adviceFor } from '../local/advice';
import { UserError } from '../local/fail';
import { addCommand, BY_CLI, resolveWorkspace, withContext, type Cli } from './cli';
import { detailsOf, summaryOf, tableOf } from './print';
import { listWorkspaces, type WorkspaceListing } from './read';

const REASONS: Record<string, string> = {
  paused: 'the workspace is paused (npm run workspaces -- resume).',
  notConfigured: 'the workspace has no calendar link (npm run workspaces -- set … --url <url>).',
  claimed: 'another process is refreshing it at this moment.',
  deleted: 'the workspace was removed meanwhile.',
};

/** list, show, refresh */
export function addReadCommands(program: Command, cli: Cli): void {
  addCommand(program, 'list', 'List workspaces with state and age.', 'list', 'list --agency north --state misconfigured', 'list --json')
    .option('--agency <id>', 'only of this agency')
    .addOption(new Option('--state <state>', 'only of this state').choices(['paused', 'misconfigured', 'unavailable', 'empty', 'stale', 'fresh']))
    .option('--json', 'as JSON')
    .action(async (o: { agency?: string; state?: string; json?: boolean }) => {
      const all = await cli.withDatabase(({ db, env }) => listWorkspaces(db, env.AVAILABILITY_MAX_AGE_MS, o.agency === undefined ? {} : { agencyId: o.agency }));
      const shown = all.filter((one) => o.state === undefined || one.state === o.state);
      if (o.json) cli.say(JSON.stringify(shown, null, 2));
      else cli.say(shown.length === 0 ? (all.length === 0 ? 'No workspaces.' : `None of ${String(all.length)} workspaces is ${o.state ?? ''}.`) : `${tableOf(shown)}\n\n${summaryOf(shown)}`);
    });

  addCommand(program, 'show <workspace>', 'Show one workspace: state, age, next slots, last error, and what to do.', 'show Acme', 'show 3f9c2a1b --json')
    .option('--json', 'as JSON, with every slot')
    .action(async (name: string, o: { json?: boolean }) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        const [listing] = await listWorkspaces(script.db, script.env.AVAILABILITY_MAX_AGE_MS, { ids: [id] });
        const answer = await withContext(script, (context) => getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, context));
        if (!listing) throw new UserError(`Workspace ${id} was just removed.`);
        cli.say(o.json ? JSON.stringify({ ...listing, ...answer } satisfies WorkspaceListing, null, 2) : detailsOf(listing, answer));
      });
    });

  addCommand(program, 'refresh <workspace>', 'Read its calendar now.', 'refresh Acme')
    .action(async (name: string) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        const done = await withContext(script, (context) => refreshNow(BY_CLI, id, context));
        if (done.kind === 'repeated') throw new Error('a command is no submission that could come twice');
        const outcome = done.value;
        if (outcome.kind === 'refreshed') cli.say(`${String(outcome.slotCount)} slots, ${outcome.changed ? 'changed' : 'unchanged'}, in ${String(outcome.durationMs)} ms.`);
        else if (outcome.kind === 'skipped') throw new UserError(`Not refreshed: ${REASONS[outcome.reason] ?? outcome.reason}`);
        else throw new UserError(`${outcome.errorKind}: ${outcome.message}\n${adviceFor(outcome.errorKind)?.replaceAll('<workspace>', id) ?? ''}`.trim());
      });
    });
}
