/** A process that prepares offers: `tsx offer-writer.ts <database url> <workspace> <send key> <count> <lead>…`. */
import { createDb, DatabaseTimeoutError } from '@/lib/db';
import { prepareOffer, previewOffer } from '@/lib/slots/offers';
import { requestOf } from './workspace';

const [url = '', workspaceId = '', sendKey = '', count = '', ...leads] = process.argv.slice(2);
const db = createDb(url, { poolMax: 2, applicationName: `offer-writer ${sendKey}` });

/** As a job does: what the database did not answer in time is asked again, whatever became of it. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseTimeoutError)) throw error;
    }
  }
}

const request = (leadId: string) => requestOf(workspaceId, leadId, { sendKey, count: Number(count), lockWaitMs: 30_000 });

async function write(): Promise<void> {
  for (const leadId of leads) {
    const outcome = await retried(() => prepareOffer(db, request(leadId)));
    process.stdout.write(`${outcome.kind} ${'offers' in outcome ? outcome.offers.map(({ id }) => id).join(',') : ''}\n`);
  }
  await db.$disconnect();
  process.stdin.destroy();
}

// All writers are warm when they begin, together.
await retried(() => previewOffer(db, { ...request(''), leadId: null }));
process.stdin.once('data', () => { void write(); });
process.stdout.write('ready\n');
