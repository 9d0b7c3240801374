// `npm run workspaces -- <command>`: add, change and look at workspaces.
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { getWorkspaceAvailabilitySlotsUtc, refreshWorkspaceAvailabilityCache } from '../lib/availability-cache';
import { parseCredentialKeys } from '../lib/credentials';
import { detectCalendarType } from '../lib/providers/detect';
import { createContext, type CacheContext } from '../lib/refresh/context';
import * as workspaces from '../lib/workspaces';
import { adviceFor } from './local/advice';
import { runMain, UserError } from './local/fail';
import { withScriptDatabase, type ScriptContext } from './local/script-database';
import { readSecret } from './local/standard-input';
import { parseWorkspaceCsv } from './workspaces/csv';
import { detailsOf, summaryOf, tableOf } from './workspaces/print';
import { listWorkspaces, type WorkspaceListing } from './workspaces/read';

const PROVIDERS = ['calendly', 'hubspot', 'ghl', 'emailbison'] as const;
type Provider = (typeof PROVIDERS)[number];

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

/** The one workspace that an id, its beginning, or a name means. */
async function resolve({ db }: ScriptContext, idOrName: string): Promise<string> {
  const [first, ...others] = await workspaces.findWorkspaces(db, idOrName);
  if (!first) throw new UserError(`There is no workspace ${JSON.stringify(idOrName)}. List them with: npm run workspaces -- list`);
  if (others.length > 0) throw new UserError(`${JSON.stringify(idOrName)} means several workspaces; use an id:\n${[first, ...others].map((one) => `  ${one.id}  ${one.name}${one.userId ? ` (${one.userId})` : ''}`).join('\n')}`);
  return first.id;
}

async function withContext<T>({ env, db }: ScriptContext, work: (context: CacheContext) => Promise<T>): Promise<T> {
  const context = createContext(env, db);
  try {
    return await work(context);
  } finally {
    await context.transport.close();
  }
}

function warnOfLink(url: string, where = ''): void {
  if (detectCalendarType(url) === 'unknown') process.stderr.write(`${where}Note: the link is of no provider that is supported (Calendly, HubSpot Meetings, GoHighLevel), so it will be "misconfigured".\n`);
}

const program = new Command('npm run workspaces --')
  .description('Add, change and look at workspaces. <workspace> is an id, at least six characters of its beginning, or a name.')
  .showHelpAfterError('(add --help for the options and examples)');

const command = (usage: string, description: string, ...examples: string[]): Command =>
  program.command(usage).description(description).addHelpText('after', `\nExamples:\n${examples.map((example) => `  npm run workspaces -- ${example}`).join('\n')}`);

command('add', 'Add a workspace with its booking link.', 'add --name "Acme" --url https://calendly.com/acme/intro --agency north --agency-name "North Agency" --zone Europe/Berlin --duration 30')
  .requiredOption('--name <name>', 'its name')
  .requiredOption('--url <url>', 'the booking link')
  .option('--agency <id>', 'id of its agency')
  .option('--agency-name <name>', 'display name of the agency')
  .option('--zone <zone>', 'IANA time zone', workspaces.DEFAULT_TIMEZONE)
  .option('--duration <minutes>', 'length of a meeting', String(workspaces.DURATION.default))
  .action(async (o: { name: string; url: string; agency?: string; agencyName?: string; zone: string; duration: string }) => {
    const id = await withScriptDatabase(({ db }) => workspaces.addWorkspace(db, { name: o.name, url: o.url, agencyId: o.agency, agencyName: o.agencyName, timezone: o.zone, durationMinutes: o.duration }));
    warnOfLink(o.url);
    say(`Added ${id}. The next sweep reads its calendar; now: npm run workspaces -- refresh ${id}`);
  });

command('import <file>', 'Add or update workspaces from a CSV file (- for standard input): agency id, agency name, workspace, url, zone, duration. With a header, columns may be left out and in any order. Can be repeated: the same agency and workspace name is updated.', 'import workspaces.csv', 'import - < workspaces.csv')
  .action(async (file: string) => {
    const text = file === '-' ? (await process.stdin.toArray()).join('') : await readFile(file, 'utf8').catch((cause: unknown) => { throw new UserError(`Cannot read ${file}: ${(cause as Error).message}`, { cause }); });
    const counts = { added: 0, updated: 0, unchanged: 0, refused: 0 };
    const rows = parseWorkspaceCsv(text);
    await withScriptDatabase(async ({ db }) => {
      for (const { line, workspace, problem } of rows) {
        if (!workspace) {
          counts.refused++;
          process.stderr.write(`line ${String(line)}: ${problem ?? 'refused'}\n`);
          continue;
        }
        warnOfLink(workspace.url, `line ${String(line)}: `);
        counts[(await workspaces.importWorkspace(db, workspace)).outcome]++;
      }
    });
    say(`${String(counts.added)} added, ${String(counts.updated)} updated, ${String(counts.unchanged)} unchanged, ${String(counts.refused)} refused`);
    if (counts.refused > 0) process.exitCode = 1;
  });

command('list', 'List workspaces with state and age.', 'list', 'list --agency north --state misconfigured', 'list --json')
  .option('--agency <id>', 'only of this agency')
  .addOption(new Option('--state <state>', 'only of this state').choices(['paused', 'misconfigured', 'unavailable', 'empty', 'stale', 'fresh']))
  .option('--json', 'as JSON')
  .action(async (o: { agency?: string; state?: string; json?: boolean }) => {
    const all = await withScriptDatabase(({ db, env }) => listWorkspaces(db, env.AVAILABILITY_MAX_AGE_MS, o.agency === undefined ? {} : { agencyId: o.agency }));
    const shown = all.filter((one) => o.state === undefined || one.state === o.state);
    if (o.json) say(JSON.stringify(shown, null, 2));
    else say(shown.length === 0 ? 'No workspaces.' : `${tableOf(shown)}\n\n${summaryOf(shown)}`);
  });

command('show <workspace>', 'Show one workspace: state, age, next slots, last error, and what to do.', 'show Acme', 'show 3f9c2a1b --json')
  .option('--json', 'as JSON, with every slot')
  .action(async (name: string, o: { json?: boolean }) => {
    await withScriptDatabase(async (script) => {
      const id = await resolve(script, name);
      const [listing] = await listWorkspaces(script.db, script.env.AVAILABILITY_MAX_AGE_MS, { ids: [id] });
      const answer = await withContext(script, (context) => getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false }, context));
      if (!listing) throw new UserError(`Workspace ${id} was just removed.`);
      say(o.json ? JSON.stringify({ ...listing, ...answer } satisfies WorkspaceListing, null, 2) : detailsOf(listing, answer));
    });
  });

command('refresh <workspace>', 'Read its calendar now.', 'refresh Acme')
  .action(async (name: string) => {
    await withScriptDatabase(async (script) => {
      const id = await resolve(script, name);
      const outcome = await withContext(script, (context) => refreshWorkspaceAvailabilityCache(id, context));
      if (outcome.kind === 'refreshed') say(`${String(outcome.slotCount)} slots, ${outcome.changed ? 'changed' : 'unchanged'}, in ${String(outcome.durationMs)} ms.`);
      else if (outcome.kind === 'skipped') throw new UserError(`Not refreshed: ${REASONS[outcome.reason] ?? outcome.reason}`);
      else throw new UserError(`${outcome.errorKind}: ${outcome.message}\n${adviceFor(outcome.errorKind)?.replaceAll('<workspace>', id) ?? ''}`.trim());
    });
  });

const REASONS: Record<string, string> = {
  paused: 'the workspace is paused (npm run workspaces -- resume).',
  notConfigured: 'the workspace has no calendar link (npm run workspaces -- set … --url <url>).',
  claimed: 'another process is refreshing it at this moment.',
  deleted: 'the workspace was removed meanwhile.',
};

/** A command that changes one workspace and says so. */
function change(usage: string, description: string, example: string, work: (script: ScriptContext, id: string, rest: string[]) => Promise<string>): void {
  command(usage, description, example).action(async (name: string, ...rest: unknown[]) => {
    say(await withScriptDatabase(async (script) => work(script, await resolve(script, name), rest.filter((one) => typeof one === 'string'))));
  });
}

change('pause <workspace>', 'No sweep, no offers and no alarms until it is resumed.', 'pause Acme', async ({ db }, id) => {
  await workspaces.pause(db, id, new Date());
  return `Paused ${id}.`;
});
change('resume <workspace>', 'End a pause.', 'resume Acme', async ({ db }, id) => {
  await workspaces.resume(db, id);
  return `Resumed ${id}: the next sweep reads its calendar.`;
});
change('remove <workspace>', 'Remove it with its leads, bookings, offers and slots.', 'remove 3f9c2a1b', async ({ db }, id) => {
  await workspaces.remove(db, id);
  return `Removed ${id}.`;
});
change('choose <workspace> [id]', 'Choose the event type or calendar where the link leads to several; without an id the choice is undone.', 'choose Acme EBAXZXNO5XL6LLRJ', async ({ db }, id, [chosen]) => {
  await workspaces.chooseCalendar(db, id, chosen ?? null);
  return chosen === undefined ? `Undid the choice of ${id}.` : `Chose ${chosen} for ${id}: the next sweep reads it.`;
});

command('set <workspace>', 'Change link, duration or zone.', 'set Acme --url https://calendly.com/acme/demo', 'set Acme --duration 45 --zone America/New_York')
  .option('--url <url>', 'the booking link')
  .option('--duration <minutes>', 'length of a meeting')
  .option('--zone <zone>', 'IANA time zone')
  .action(async (name: string, o: { url?: string; duration?: string; zone?: string }) => {
    if (Object.keys(o).length === 0) throw new UserError('Say what to set: --url, --duration or --zone.');
    await withScriptDatabase(async (script) => {
      const id = await resolve(script, name);
      await workspaces.changeWorkspace(script.db, id, { url: o.url, durationMinutes: o.duration, timezone: o.zone });
      if (o.url !== undefined) warnOfLink(o.url);
      say(`Changed ${id}: the next sweep reads its calendar with that.`);
    });
  });

command('credential <workspace>', 'Store a token for the official API, read from standard input and never from the command line.', 'credential Acme --provider calendly < token.txt', 'credential Acme --provider calendly --remove')
  .addOption(new Option('--provider <provider>', 'whose token it is').choices([...PROVIDERS]).makeOptionMandatory())
  .option('--remove', 'remove it instead')
  .action(async (name: string, o: { provider: Provider; remove?: boolean }) => {
    await withScriptDatabase(async (script) => {
      const id = await resolve(script, name);
      if (o.remove) {
        await workspaces.removeCredential(script.db, id, o.provider);
        say(`Removed the ${o.provider} credential of ${id}.`);
        return;
      }
      if (!script.env.CREDENTIALS_KEY) throw new UserError('Set CREDENTIALS_KEY first: tokens are stored encrypted only. Make one with: echo "k1:$(openssl rand -base64 32)"');
      const keys = parseCredentialKeys(script.env.CREDENTIALS_KEY);
      await workspaces.setCredential(script.db, id, o.provider, await readSecret(`${o.provider} token`), keys);
      say(`Stored the ${o.provider} credential of ${id}: the next sweep uses it.`);
    });
  });

await runMain(() => program.parseAsync());
