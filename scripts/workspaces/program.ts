import { Command } from 'commander';
import { addAddCommands } from './add-commands';
import { addBookingCommands } from './bookings';
import { addChangeCommands } from './change-commands';
import { addAlarmCommands } from './alarms';
import type { Cli } from './cli';
import { addFirstTouchCommands } from './first-touch-commands';
import { addWebhookCommands } from './follow-up-webhooks';
import { addFollowUpCommands } from './follow-ups';
import { addKeyCommands } from './keys';
import { addLeadCommands } from './lead';
import { addOfferCommands } from './offers';
import { addPauseCommands } from './pauses';
import { addReadCommands } from './read-commands';
import { addStatusCommands } from './status';

/** `npm run workspaces -- <command>` */
export function workspacesProgram(cli: Cli): Command {
  const program = new Command('npm run workspaces --')
    .description('Add, change and look at workspaces. <workspace> is an id, at least six characters of its beginning, or a name.')
    .showHelpAfterError('(add --help for the options and examples)');
  addAddCommands(program, cli);
  addReadCommands(program, cli);
  addChangeCommands(program, cli);
  addStatusCommands(program, cli);
  addPauseCommands(program, cli);
  addAlarmCommands(program, cli);
  addKeyCommands(program, cli);
  addBookingCommands(program, cli);
  addLeadCommands(program, cli);
  addFirstTouchCommands(program, cli);
  addFollowUpCommands(program, cli);
  addOfferCommands(program, cli);
  addWebhookCommands(program, cli);
  return program;
}
