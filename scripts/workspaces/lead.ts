import type { Command } from 'commander';
import { eraseLead } from '../../lib/leads';
import { recorded } from '../../lib/operator/audit';
import { UserError } from '../local/fail';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';

/** lead erase */
export function addLeadCommands(program: Command, cli: Cli): void {
  const lead = program.command('lead').description("A lead's data: erase.");
  addCommand(lead, 'erase <workspace> <email>', "Remove a person's data: lead, offers, follow-ups. Bookings keep their time and lose the person.", 'lead erase Acme pat@example.com')
    .action(async (workspace: string, email: string) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, workspace);
        // Not the address: the record stays, and what is on a terminal is kept in logs.
        const erased = await recorded(script.db, BY_CLI, (tx) => eraseLead(tx, id, email), (counts) => (counts === null ? null : { action: 'lead.erase', subject: id, details: { ...counts } }));
        if (!erased) throw new UserError(`Workspace ${id} has no lead of that address.`);
        cli.say(`Erased the lead with ${erased.offers} offers and ${erased.followUps} follow-ups; ${erased.bookings} bookings keep their time without it. If EmailBison still has the person in a campaign, remove them there too, else first touch adds them again.`);
      });
    });
}
