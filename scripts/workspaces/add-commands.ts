import type { Command } from 'commander';
import { recorded } from '../../lib/operator/audit';
import * as workspaces from '../../lib/workspaces';
import { addCommand, BY_CLI, warnOfLink, type Cli } from './cli';
import { parseWorkspaceCsv } from './csv';

/** add, import */
export function addAddCommands(program: Command, cli: Cli): void {
  addCommand(program, 'add', 'Add a workspace with its booking link.', 'add --name "Acme" --url https://calendly.com/acme/intro --agency north --agency-name "North Agency" --zone Europe/Berlin --duration 30')
    .requiredOption('--name <name>', 'its name')
    .requiredOption('--url <url>', 'the booking link')
    .option('--agency <id>', 'id of its agency')
    .option('--agency-name <name>', 'display name of the agency')
    .option('--zone <zone>', 'IANA time zone', workspaces.DEFAULT_TIMEZONE)
    .option('--duration <minutes>', 'length of a meeting', String(workspaces.DURATION.default))
    .action(async (o: { name: string; url: string; agency?: string; agencyName?: string; zone: string; duration: string }) => {
      const input = { name: o.name, url: o.url, agencyId: o.agency, agencyName: o.agencyName, timezone: o.zone, durationMinutes: o.duration };
      const id = await cli.withDatabase(({ db }) => recorded(db, BY_CLI, (tx) => workspaces.addWorkspace(tx, input), (added) => ({ action: 'workspace.add', subject: added })));
      warnOfLink(cli, o.url);
      cli.say(`Added ${id}. The next sweep reads its calendar; now: npm run workspaces -- refresh ${id}`);
    });

  addCommand(program, 'import <file>', 'Add or update workspaces from a CSV file (- for standard input): agency id, agency name, workspace, url, zone, duration. With a header, columns may be left out and in any order. Can be repeated: the same agency and workspace name is updated.', 'import workspaces.csv', 'import - < workspaces.csv')
    .action(async (file: string) => {
      const text = await cli.readFile(file);
      const counts = { added: 0, updated: 0, unchanged: 0, refused: 0 };
      const rows = parseWorkspaceCsv(text);
      await cli.withDatabase(async ({ db }) => {
        for (const { line, workspace, problem } of rows) {
          if (!workspace) {
            counts.refused++;
            cli.warn(`line ${String(line)}: ${problem ?? 'refused'}`);
            continue;
          }
          warnOfLink(cli, workspace.url, `line ${String(line)}: `);
          const { outcome } = await recorded(db, BY_CLI, (tx) => workspaces.importWorkspace(tx, workspace), ({ id, outcome: what, isAgencyRenamed }) => {
            if (what !== 'unchanged') return { action: what === 'added' ? 'workspace.add' : 'workspace.change', subject: id, details: { line } };
            return isAgencyRenamed && workspace.agencyId !== undefined ? { action: 'agency.rename', subject: workspace.agencyId, agencyId: workspace.agencyId, details: { line } } : null;
          });
          counts[outcome]++;
        }
      });
      cli.say(`${String(counts.added)} added, ${String(counts.updated)} updated, ${String(counts.unchanged)} unchanged, ${String(counts.refused)} refused`);
      if (counts.refused > 0) cli.endWith(1);
    });
}
