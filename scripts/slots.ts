// `npm run slots -- <booking url>`: reads one link now and prints its open slots; needs no database.
import { Command, InvalidArgumentError } from 'commander';
import { IANAZone } from 'luxon';
import { env } from '../lib/env';
import { loadEnvFiles } from './local/environment';
import { runMain } from './local/fail';
import { fetchLink } from './local/fetch-link';
import { runningDemo } from './local/running-demo';
import { slotsByDay } from './local/slots-by-day';
import { readSecret } from './local/standard-input';

interface Options {
  duration: number;
  zone: string;
  days: number;
  choose?: string;
  credential: boolean;
  json: boolean;
}

const integerFrom = (min: number, max: number) => (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
  return value;
};
const zone = (text: string): string => {
  if (!IANAZone.isValidZone(text)) throw new InvalidArgumentError('It must be an IANA zone such as Europe/Berlin.');
  return text;
};

await runMain(async () => {
  const program = new Command('npm run slots --')
    .description('Reads one booking link now, as a sweep would, and prints its open slots by day. Stores nothing.')
    .argument('<url>', 'a booking link of Calendly, HubSpot Meetings or GoHighLevel')
    .option('--duration <minutes>', 'the length wanted, where the page offers several', integerFrom(5, 1440), 30)
    .option('--zone <zone>', 'IANA zone to print times in', zone, Intl.DateTimeFormat().resolvedOptions().timeZone)
    .option('--days <n>', 'how far to look', integerFrom(1, 90), 30)
    .option('--choose <id>', 'the event type or calendar, where the link leads to several')
    .option('--credential', 'use the official API with a token from standard input', false)
    .option('--json', 'as JSON', false)
    .addHelpText('after', '\nExamples:\n  npm run slots -- https://calendly.com/acme/intro\n  npm run slots -- https://meetings.hubspot.com/team/demo --duration 15 --zone America/New_York\n  npm run slots -- https://calendly.com/acme/intro --credential < token.txt')
    .parse();
  const options = program.opts<Options>();
  const [url = ''] = program.args;
  loadEnvFiles();
  // While the demo runs its links are simulated, and its variables lead there.
  const demo = process.env.DATABASE_URL ? undefined : await runningDemo();
  if (demo) process.stderr.write('(the demo\'s simulated providers, since it is running)\n');
  Object.assign(process.env, demo);
  const credential = options.credential ? await readSecret('token') : undefined;
  const { type, slots, durationMinutes, tookMs, meta } = await fetchLink(env(), {
    url, days: options.days, durationMinutes: options.duration, zone: options.zone, chosenId: options.choose, credential,
  });
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ url, type, durationMinutes, meta, slotsUtc: slots.map((ms) => new Date(ms).toISOString()) }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${slotsByDay(slots, options.zone, process.stdout.columns).join('\n')}\n`);
  process.stdout.write(`\n${String(slots.length)} slots of ${String(durationMinutes)} min in the next ${String(options.days)} days (${options.zone}), from ${type} in ${String(tookMs)} ms\n`);
});
