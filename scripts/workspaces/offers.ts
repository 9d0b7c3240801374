import { Option, type Command } from 'commander';
import { changeOfferRules } from '../../lib/operator/actions';
import type { OfferRules } from '../../lib/slots/offer-rules';
import { listOffers, OFFER_STATES, type ListedOffer } from '../../lib/slots/offers';
import { readOfferRules, type OfferRulesInput } from '../../lib/slots/settings';
import { UserError } from '../local/fail';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';
import { hoursText, parseHours } from './hours-text';

const DEFAULT_LIMIT = '200';

interface RuleOptions {
  hours?: string;
  weekends?: 'yes' | 'no';
  preferredDays?: string;
  withinDays?: string;
  locale?: string;
  json?: boolean;
}

/** offers, offer-rules */
export function addOfferCommands(program: Command, cli: Cli): void {
  addCommand(program, 'offers <workspace>', 'List the times that were put in front of its leads, the newest first.', 'offers Acme', 'offers Acme --state sent --limit 50', 'offers Acme --json')
    .addOption(new Option('--state <state>', 'only of this state').choices([...OFFER_STATES]))
    .option('--limit <count>', 'how many at most', DEFAULT_LIMIT)
    .option('--json', 'as JSON')
    .action(async (name: string, o: { state?: ListedOffer['state']; limit: string; json?: boolean }) => {
      const limit = Number(o.limit);
      if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) throw new UserError(`--limit ${JSON.stringify(o.limit)} must be a whole number from 1 to 100000`);
      // One more, to know whether there are more.
      const rows = await cli.withDatabase(async (script) => listOffers(script.db, await resolveWorkspace(script, name), { limit: limit + 1, ...(o.state === undefined ? {} : { state: o.state }) }));
      const shown = rows.slice(0, limit);
      if (o.json) cli.say(JSON.stringify(shown, null, 2));
      else if (shown.length === 0) cli.say(o.state === undefined ? 'No times were offered yet. First touch and follow-ups offer them: npm run workspaces -- first-touch --help' : `No offers are ${o.state}.`);
      else cli.say([...shown.map(lineOf), '', `${String(shown.length)} offered times${rows.length > limit ? '; there are more (--limit)' : ''}: ${countsOf(shown)}`].join('\n'));
    });

  addCommand(program, 'offer-rules <workspace>', 'How times are chosen and written, for first touch and follow-ups. Without options: what is set.',
    'offer-rules Acme', 'offer-rules Acme --hours "mon-fri 09:00-17:00, sat 10:00-12:00" --weekends yes', 'offer-rules Acme --preferred-days tue,thu --within-days 7 --locale de-DE', 'offer-rules Acme --hours any --preferred-days none --within-days none --locale default')
    .option('--hours <hours>', "working hours on the workspace's clock; any: every hour")
    .addOption(new Option('--weekends <choice>', 'whether Saturday and Sunday may be offered').choices(['yes', 'no']))
    .option('--preferred-days <days>', 'days that are offered before others, such as tue,thu; none')
    .option('--within-days <days>', 'times within so many days of the email are offered before others; none')
    .option('--locale <locale>', 'language in which times are written, such as en-GB or de-DE; default')
    .option('--json', 'as JSON')
    .action(async (name: string, { json, ...options }: RuleOptions) => {
      await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        if (Object.keys(options).length > 0) await changeOfferRules(script.db, BY_CLI, id, inputOf(options));
        const rules = await readOfferRules(script.db, id);
        cli.say(json ? JSON.stringify({ workspaceId: id, ...rules }, null, 2) : rulesText(rules));
      });
    });
}

function inputOf({ hours, weekends, preferredDays, withinDays, locale }: RuleOptions): OfferRulesInput {
  return {
    ...(hours === undefined ? {} : { workingHours: hours === 'any' ? null : parseHours(hours) }),
    ...(weekends === undefined ? {} : { offerWeekends: weekends === 'yes' }),
    ...(preferredDays === undefined ? {} : { preferredDays: preferredDays === 'none' ? null : preferredDays.toLowerCase().split(',').map((day) => day.trim()) }),
    ...(withinDays === undefined ? {} : { offerWithinDays: withinDays === 'none' ? null : withinDays }),
    ...(locale === undefined ? {} : { locale: locale === 'default' ? null : locale }),
  };
}

function rulesText({ hours, weekends, prefer, locale }: OfferRules): string {
  const preferred = [
    ...(prefer.weekdays === undefined ? [] : [prefer.weekdays.join(', ')]),
    ...(prefer.withinDays === undefined ? [] : [`within ${String(prefer.withinDays)} days of the email`]),
  ];
  return [
    `Hours      ${hoursText(hours)}`,
    `Weekends   ${weekends ? 'offered' : 'not offered'}`,
    `Preferred  ${preferred.length === 0 ? 'no day before another' : preferred.join(', ')}`,
    `Locale     ${locale ?? 'en-US, the default'}`,
  ].join('\n');
}

function lineOf({ slotUtc, state, channel, offeredAt, lead, reason }: ListedOffer): string {
  const minute = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');
  return `${minute(slotUtc)}  ${state.padEnd(8)}  ${channel.padEnd(11)}  ${lead.email}  offered ${minute(offeredAt)}${reason === null ? '' : `  – ${reason}`}`;
}

function countsOf(offers: readonly ListedOffer[]): string {
  return OFFER_STATES.map((state) => ({ state, count: offers.filter((offer) => offer.state === state).length }))
    .filter(({ count }) => count > 0).map(({ state, count }) => `${String(count)} ${state}`).join(', ');
}
