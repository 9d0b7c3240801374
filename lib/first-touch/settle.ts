/** What became of sentences whose lead is not waiting any more: read from the emails that went out. */
import { carriesSentence } from '../providers/emailbison/rendered';
import type { ScheduledEmailRow } from '../providers/emailbison/schema';
import { markFailed, markSent } from '../slots/offers';
import { groupBy } from './group-by';
import { changeRecord, sendOf, touchChecked } from './records';
import { ROW_SHOWS_EARLIER } from './verify';
import type { LeadResult, Said, TouchRecord } from './types';
import type { Visit } from './visit';

/** In one request; its answer is paged like any other. */
const LEADS_A_CALL = 25;
/** Bounded calls: what is left over was looked at longest ago the next time. */
const MOST_A_RUN = 500;
/** An email that was not due when last looked at is not asked for each minute. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** No trace of the email for this long: none will come. */
const FORGET_AFTER_MS = 14 * 24 * 60 * 60_000;

/** Ways for an email to end without having been sent. */
const NEVER_SENT: ReadonlySet<string> = new Set(['failed', 'stopped', 'bounced', 'unsubscribed', 'replied']);

/** Those whose turn it is, the longest unseen first. */
export function worthSettling(records: readonly TouchRecord[], now: number): TouchRecord[] {
  return records
    .filter(({ checkedAt, scheduledAt, settledAt }) => settledAt === null && (checkedAt === null || now - checkedAt >= LOOK_AGAIN_MS || (scheduledAt !== null && scheduledAt <= now && scheduledAt > checkedAt)))
    .sort((a, b) => (a.checkedAt ?? 0) - (b.checkedAt ?? 0) || (a.scheduledAt ?? Infinity) - (b.scheduledAt ?? Infinity))
    .slice(0, MOST_A_RUN);
}

/** Looks the emails up and settles each. @param tell is told of every record, once */
export async function settleAll(visit: Visit, records: readonly TouchRecord[], tell: (result: LeadResult) => void): Promise<void> {
  const byCampaign = groupBy(records, ({ campaignId }) => campaignId);
  for (const [campaignId, ofCampaign] of byCampaign) {
    for (let from = 0; from < ofCampaign.length; from += LEADS_A_CALL) {
      const chunk = ofCampaign.slice(from, from + LEADS_A_CALL);
      const emails = groupBy(await visit.bison.emailsOfLeads(campaignId, chunk.map(({ emailBisonLeadId }) => emailBisonLeadId)), ({ leadId }) => leadId);
      const unchanged: string[] = [];
      for (const record of chunk) {
        const result = await settle(visit, record, emails.get(record.emailBisonLeadId) ?? []);
        if (result.outcome === 'waiting') unchanged.push(record.id);
        tell(result);
      }
      if (!visit.isDryRun) await touchChecked(visit.context.cache.db, unchanged, visit.now());
    }
  }
}

async function settle(visit: Visit, record: TouchRecord, emails: readonly ScheduledEmailRow[]): Promise<LeadResult> {
  const email = firstEmailOf(record, emails);
  if (!email) {
    if (visit.now() - record.preparedAt < FORGET_AFTER_MS) return { outcome: 'waiting', reason: 'its email is not there yet, or any more' };
    return await end(visit, record, 'no email came');
  }
  if (wasSent(email)) return await settleSent(visit, record, email);
  if (NEVER_SENT.has(email.status)) return await end(visit, record, `the email is ${email.status}`);
  return { outcome: 'waiting', reason: `the email is ${email.status}` };
}

const wasSent = ({ status, sent_at }: ScheduledEmailRow): boolean => status === 'sent' || sent_at != null;

/** The email that the sentence was written for: the one that is known, else the campaign's first to this lead. */
function firstEmailOf(record: TouchRecord, emails: readonly ScheduledEmailRow[]): ScheduledEmailRow | undefined {
  const known = emails.find(({ id }) => id === record.scheduledEmailId);
  if (known) return known;
  return [...emails].sort((a, b) => (a.scheduled_date ?? Infinity) - (b.scheduled_date ?? Infinity))[0];
}

/** What the email really said is what was offered, whatever was written last. */
async function settleSent(visit: Visit, record: TouchRecord, email: ScheduledEmailRow): Promise<LeadResult> {
  const { email_body: body } = email;
  // A missing body says nothing about what went out.
  if (body == null) return { outcome: 'waiting', reason: 'the sent email does not show its text' };
  const carried = [record as Said, ...record.earlier].find(({ sentence }) => carriesSentence(body, sentence));
  const outcome = carried === undefined ? 'sentWithout' : carried.content === 'times' ? 'sent' : 'sentFallback';
  if (visit.isDryRun) return { outcome };
  learn(visit, record, carried);
  const { db } = visit.context.cache;
  const send = sendOf(record.leadId, record.campaignId);
  // The ledger first: a crash before the record is settled repeats both, to the same end.
  if (carried?.content === 'times') await markSent(db, send, carried.slots);
  else await markFailed(db, send, 'not in the email');
  await visit.context.onStep?.('settled', record.emailBisonLeadId);
  const now = visit.now();
  const row = { id: email.id, scheduledAt: email.scheduled_date ?? record.scheduledAt ?? now };
  await changeRecord(db, record, {
    state: carried === undefined ? 'failed' : 'sent', reason: carried === undefined ? 'sent_without' : null, row, checkedAt: now, settledAt: now,
    ...(carried === undefined || carried === record ? {} : { said: { ...carried, earlier: record.earlier.filter((said) => said !== carried) } }),
  });
  return { outcome };
}

function learn({ observe }: Visit, record: TouchRecord, carried: Said | undefined): void {
  const isLate = record.finder === 'scheduled';
  if (carried === record) observe(isLate ? 'lateCarriedAt' : 'earlyCarriedAt');
  // The row showed an older sentence than the email went out with.
  else if (carried && record.reason === ROW_SHOWS_EARLIER) observe('lateCarriedAt');
  else if (record.state !== 'writing') observe(isLate ? 'lateMissedAt' : 'earlyMissedAt');
}

/** No email will carry it. */
async function end(visit: Visit, record: TouchRecord, reason: string): Promise<LeadResult> {
  if (visit.isDryRun) return { outcome: 'ended', reason };
  const now = visit.now();
  await changeRecord(visit.context.cache.db, record, { state: 'ended', reason, checkedAt: now, settledAt: now, failOffer: reason });
  return { outcome: 'ended', reason };
}
