/** A process that prepares offers: `tsx offer-writer.ts <database url> <workspace> <send key> <count> <lead>…`. */
import { createDb } from '@/lib/db';
import { prepareOffer } from '@/lib/slots/offers';
import { requestOf } from './workspace';

const [url = '', workspaceId = '', sendKey = '', count = '', ...leads] = process.argv.slice(2);
const db = createDb(url, { poolMax: 2, applicationName: `offer-writer ${sendKey}` });
process.stdout.write('ready\n');
// All writers begin together.
process.stdin.once('data', () => {
  void (async () => {
    for (const leadId of leads) {
      const outcome = await prepareOffer(db, requestOf(workspaceId, leadId, { sendKey, count: Number(count), lockWaitMs: 30_000 }));
      process.stdout.write(`${outcome.kind} ${'offers' in outcome ? outcome.offers.map(({ id }) => id).join(',') : ''}\n`);
    }
    await db.$disconnect();
    process.stdin.destroy();
  })();
});
