import type { Command } from 'commander';
import { createFirstTouchContext, previewFirstTouch, readFirstTouchStatus, type FirstTouchContext } from '../../lib/emailbison-first-touch-availability';
import { changeFirstTouch } from '../../lib/operator/actions';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';
import { previewOf, statusOf } from './first-touch-print';

interface OnOptions {
  template?: string;
  defaultTemplate?: boolean;
  fallback?: string;
  defaultFallback?: boolean;
  times?: string;
  notice?: string;
  leadTime?: string;
  baseUrl?: string;
}

async function withFirstTouch<T>({ env, db }: ScriptContext, work: (context: FirstTouchContext) => Promise<T>): Promise<T> {
  const context = createFirstTouchContext(env, db);
  try {
    return await work(context);
  } finally {
    await Promise.all([context.transport.close(), context.cache.transport.close()]);
  }
}

/** first-touch on, off, preview, show */
export function addFirstTouchCommands(program: Command, cli: Cli): void {
  const group = program.command('first-touch').description('The sentence with open times that EmailBison leads get before their first email.');

  addCommand(group, 'on <workspace>', 'Turn it on, or change how it speaks. Needs the EmailBison token (credential --provider emailbison).',
    'first-touch on Acme --base-url https://send.acme.example', 'first-touch on Acme --template "Does {{option1}} or {{option2}} work?"')
    .option('--base-url <url>', "address of the workspace's EmailBison instance")
    .option('--template <text>', 'the sentence: {{option1}} … {{option5}}, {{options}}, {{booking_link}}')
    .option('--default-template', 'go back to the default sentence')
    .option('--fallback <text>', 'the sentence when no time is usable: {{booking_link}} only')
    .option('--default-fallback', 'go back to the default fallback')
    .option('--times <count>', 'how many times to offer, 1 to 5')
    .option('--notice <minutes>', 'least time from the email to the first time offered')
    .option('--lead-time <minutes>', 'how long before its sending a scheduled email is looked at')
    .action(async (name: string, o: OnOptions) => {
      const id = await cli.withDatabase(async (script) => {
        const found = await resolveWorkspace(script, name);
        await changeFirstTouch(script.db, BY_CLI, found, true, {
          ...(o.defaultTemplate ? { template: null } : o.template === undefined ? {} : { template: o.template }),
          ...(o.defaultFallback ? { fallback: null } : o.fallback === undefined ? {} : { fallback: o.fallback }),
          ...(o.times === undefined ? {} : { offerCount: o.times }),
          ...(o.notice === undefined ? {} : { minNoticeMinutes: o.notice }),
          ...(o.leadTime === undefined ? {} : { leadTimeMinutes: o.leadTime }),
          ...(o.baseUrl === undefined ? {} : { baseUrl: o.baseUrl }),
        });
        return found;
      });
      cli.say(`First touch is on for ${id}. What it would send: npm run workspaces -- first-touch preview ${id}`);
    });

  addCommand(group, 'off <workspace>', 'Turn it off. What was written stays with EmailBison.', 'first-touch off Acme')
    .action(async (name: string) => {
      const id = await cli.withDatabase(async (script) => {
        const found = await resolveWorkspace(script, name);
        await changeFirstTouch(script.db, BY_CLI, found, false, {});
        return found;
      });
      cli.say(`First touch is off for ${id}. Sentences that were written stay, and are not replaced any more when their times are taken.`);
    });

  addCommand(group, 'preview <workspace>', 'What the next lead would be sent now. Writes nothing.', 'first-touch preview Acme', 'first-touch preview Acme --send-at 2026-11-24T09:00:00Z')
    .option('--send-at <instant>', 'when the email goes out; default now')
    .option('--json', 'as JSON')
    .action(async (name: string, o: { sendAt?: string; json?: boolean }) => {
      const sendAt = o.sendAt === undefined ? undefined : Date.parse(o.sendAt);
      if (Number.isNaN(sendAt)) throw new UserError(`--send-at ${JSON.stringify(o.sendAt)} must be an instant such as 2026-11-24T09:00:00Z`);
      const preview = await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        return await withFirstTouch(script, (context) => previewFirstTouch(context, id, sendAt));
      });
      cli.say(o.json ? JSON.stringify(preview, null, 2) : previewOf(preview));
    });

  addCommand(group, 'show <workspace>', 'What was written so far, and what is known of its EmailBison instance.', 'first-touch show Acme')
    .option('--json', 'as JSON')
    .action(async (name: string, o: { json?: boolean }) => {
      const status = await cli.withDatabase(async (script) => await readFirstTouchStatus(script.db, await resolveWorkspace(script, name)));
      cli.say(o.json ? JSON.stringify(status, null, 2) : statusOf(status));
    });
}
