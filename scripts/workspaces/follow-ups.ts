import { Option, type Command } from 'commander';
import type { Connection, Db } from '../../lib/db';
import * as followUps from '../../lib/followups';
import { changeFollowUps } from '../../lib/operator/actions';
import { recorded, recordedImport } from '../../lib/operator/audit';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';
import { parseFollowUpCsv, threadOf } from './follow-ups-csv';

interface Given {
  email: string; due: string; channel: string; thread?: string; template?: string; id?: string; firstName?: string; lastName?: string; zone?: string;
}

/** followups add, import, list, cancel, resolve, on, off */
export function addFollowUpCommands(program: Command, cli: Cli): void {
  const group = program.command('followups').description('Follow-ups: add, import, list, cancel, resolve; on, off for a workspace.');

  addCommand(group, 'add <workspace>', 'Add a follow-up.', `followups add Acme --email pat@example.com --due 2027-03-01T09:00:00Z --channel emailbison_reply --thread '{"replyId":55,"senderEmailId":31}'`)
    .requiredOption('--email <address>', 'whom it is to')
    .requiredOption('--due <instant>', 'not before, with its zone')
    .requiredOption('--channel <channel>', 'emailbison_reply or webhook')
    .option('--thread <json>', 'what it answers')
    .option('--template <text>', "default: the workspace's")
    .option('--id <id>', 'yours: the same again adds nothing')
    .option('--first-name <name>', "the lead's")
    .option('--last-name <name>', "the lead's")
    .option('--zone <zone>', "the lead's")
    .action(async (workspace: string, o: Given) => {
      const thread = threadOf(o.thread);
      if (thread === null) throw new UserError('--thread must be JSON.');
      await cli.withDatabase(async (script) => {
        const parsed = followUps.followUpInput.safeParse({
          workspaceId: await resolveWorkspace(script, workspace), leadEmail: o.email, leadFirstName: o.firstName, leadLastName: o.lastName, leadTimezone: o.zone,
          dueAt: o.due, channel: o.channel, ...thread, template: o.template, externalId: o.id,
        });
        if (!parsed.success) throw new UserError(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
        const created = await recorded(script.db, BY_CLI, (tx) => store(tx, parsed.data), (stored) =>
          ('problem' in stored || !stored.isNew ? null : { action: 'follow_up.add', subject: parsed.data.workspaceId, details: { followUp: stored.id } }));
        if ('problem' in created) throw new UserError(created.problem);
        cli.say(created.isNew ? `Added ${created.id}.` : `It was there already: ${created.id}. Nothing was changed.`);
      });
    });

  addCommand(group, 'import <file>', 'Add follow-ups from a CSV file (- for standard input) with a header: workspace (id or name), email, due, channel, and if wanted thread (JSON), template, id, first name, last name, zone. Good lines are kept, bad ones reported; with ids it can be repeated.', 'followups import followups.csv')
    .action(async (file: string) => {
      const rows = parseFollowUpCsv(await cli.readFile(file));
      const counts = await cli.withDatabase((script) => recordedImport(script.db, BY_CLI, 'follow_ups.import', async () => {
        const counted = { added: 0, known: 0, refused: 0 };
        const known = new Map<string, Promise<string>>();
        const workspaceOf = (name: string): Promise<string> => {
          const id = known.get(name) ?? resolveWorkspace(script, name);
          known.set(name, id);
          return id;
        };
        for (const { line, followUp, problem } of rows) {
          const result = followUp ? await storeNamed(script, followUp, workspaceOf) : { problem: problem ?? 'refused' };
          if (!('problem' in result)) counted[result.isNew ? 'added' : 'known']++;
          else {
            counted.refused++;
            cli.warn(`line ${line}: ${result.problem}`);
          }
        }
        return counted;
      }));
      cli.say(`${counts.added} added, ${counts.known} there already, ${counts.refused} refused`);
      if (counts.refused > 0) cli.endWith(1);
    });

  addCommand(group, 'list <workspace>', 'List its follow-ups; those that need a person first.', 'followups list Acme', 'followups list Acme --state unknown --json')
    .addOption(new Option('--state <state>', 'only of this state').choices([...followUps.FOLLOW_UP_STATES]))
    .option('--json', 'as JSON')
    .action(async (workspace: string, o: { state?: followUps.ListedFollowUp['state']; json?: boolean }) => {
      await cli.withDatabase(async (script) => {
        const rows = await followUps.listFollowUps(script.db, await resolveWorkspace(script, workspace), o.state === undefined ? {} : { state: o.state });
        if (o.json) cli.say(JSON.stringify(rows, null, 2));
        else cli.say(rows.length === 0 ? 'No follow-ups.' : rows.map(lineOf).join('\n'));
        const open = rows.filter(({ state }) => state === 'unknown').length;
        if (open > 0) cli.warn(`${open} may have been sent. Look at the thread, then: npm run workspaces -- followups resolve <id> sent|not-sent`);
      });
    });

  addCommand(group, 'cancel <id>', 'Cancel one that is not sent yet.', 'followups cancel 3f9c2a1b-…')
    .action(async (id: string) => {
      if (!(await cli.withDatabase(({ db }) => recordedChange(db, id, { action: 'follow_up.cancel' }, (tx) => followUps.cancelFollowUp(tx, id))))) throw new UserError(`Follow-up ${id} is not there, is over, or is being sent.`);
      cli.say(`Cancelled ${id}.`);
    });

  addCommand(group, 'resolve <id> <finding>', 'Say what became of an unknown one: sent, or not-sent. One that was not sent is sent anew, with times that are open then.', 'followups resolve 3f9c2a1b-… sent', 'followups resolve 3f9c2a1b-… not-sent')
    .action(async (id: string, finding: string) => {
      if (finding !== 'sent' && finding !== 'not-sent') throw new UserError('The finding is sent or not-sent.');
      if (!(await cli.withDatabase(({ db }) => recordedChange(db, id, { action: 'follow_up.resolve', finding }, (tx) => followUps.resolveFollowUp(tx, id, finding))))) throw new UserError(`Follow-up ${id} is not there, or is not unknown.`);
      cli.say(finding === 'sent' ? `${id} counts as sent.` : `${id} is sent anew by the next run.`);
    });

  for (const isOn of [true, false]) {
    const name = isOn ? 'on' : 'off';
    const command = addCommand(group, `${name} <workspace>`, isOn ? 'Send them from now on, or change their template.' : 'Send none; what is due waits.',
      `followups ${name} Acme`, ...(isOn ? ['followups on Acme --template "Would {{options}} work? Or pick a time: {{booking_link}}"'] : []));
    if (isOn) command.option('--template <text>', 'of follow-ups that bring none').option('--default-template', 'go back to the default text');
    command.action(async (workspace: string, o: { template?: string; defaultTemplate?: boolean }) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, workspace);
        const switched = await changeFollowUps(script.db, BY_CLI, id, isOn, o.defaultTemplate ? null : o.template).catch((error: unknown) => {
          throw error instanceof followUps.FollowUpInputError ? new UserError(error.message, { cause: error }) : error;
        });
        const overdue = switched.kind === 'done' ? switched.value : 0;
        cli.say(isOn ? `Follow-ups of ${id} are on: ${overdue} are due now and go out with the next run.` : `Follow-ups of ${id} are off; ${overdue} that are due wait.`);
      });
    });
  }
}

/** @returns false when nothing was changed, and so nothing is on record */
async function recordedChange(db: Db, id: string, { action, ...details }: { action: string; finding?: string }, work: (on: Connection) => Promise<boolean>): Promise<boolean> {
  const of = await db.followUp.findUnique({ where: { id }, select: { clientId: true } });
  return await recorded(db, BY_CLI, work, (isDone) => (isDone ? { action, subject: of?.clientId ?? null, details: { followUp: id, ...details } } : null));
}

type Stored = { isNew: boolean; id: string } | { problem: string };

async function store(db: Connection, input: followUps.FollowUpInput): Promise<Stored> {
  try {
    return (await followUps.createFollowUp(db, input)) ?? { problem: 'the workspace was just removed' };
  } catch (error) {
    if (error instanceof followUps.FollowUpInputError) return { problem: error.message };
    throw error;
  }
}

async function storeNamed(script: ScriptContext, input: followUps.FollowUpInput, workspaceOf: (name: string) => Promise<string>): Promise<Stored> {
  try {
    return await store(script.db, { ...input, workspaceId: await workspaceOf(input.workspaceId) });
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}

function lineOf({ id, state, channel, dueAt, nextAttemptAt, attempts, reason, lastError, lead }: followUps.ListedFollowUp): string {
  const minute = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');
  const next = state === 'pending' && nextAttemptAt > dueAt ? `, next ${minute(nextAttemptAt)}` : '';
  const why = [reason, lastError].filter((text) => text !== null).join('; ');
  return `${id}  ${state.padEnd(9)}  ${channel.padEnd(16)}  due ${minute(dueAt)}${next}  ${lead.email}${attempts > 0 ? `  ${attempts} tries` : ''}${why === '' ? '' : `  – ${why}`}`;
}
