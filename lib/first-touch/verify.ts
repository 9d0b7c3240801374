/** What waiting emails say of sentences that were written: remembered, and learned from. */
import { changeRecord } from './records';
import { NOT_RENDERED } from './decide';
import type { WaitingRow } from './decide';
import type { LeadResult, TouchRecord } from './types';
import type { Visit } from './visit';

/** Reason of a record whose row was seen to carry the sentence before. */
export const ROW_SHOWS_EARLIER = 'the scheduled email still carries the sentence before';

/** The row carries the sentence. An offer that had been given up stands again. */
export async function confirm(visit: Visit, record: TouchRecord, row: WaitingRow, outcome: 'alreadySet' | 'fallback'): Promise<LeadResult> {
  if (visit.isDryRun) return { outcome };
  visit.observe(record.finder === 'scheduled' ? 'lateShownAt' : 'earlyCarriedAt');
  await changeRecord(visit.context.cache.db, record, {
    state: 'rendered', row, ...(record.state === 'failed' ? { reason: null, reviveOffer: record.slots } : {}),
  });
  return { outcome };
}

/** The row carries what was replaced, and cannot change: that, and not the newer sentence, is the offer. */
export async function adopt(visit: Visit, record: TouchRecord, row: WaitingRow, index: number): Promise<LeadResult> {
  const said = record.earlier[index];
  const outcome = said?.content === 'fallback' ? 'fallback' : 'alreadySet';
  if (!said || visit.isDryRun) return { outcome };
  if (record.finder === 'scheduled') visit.observe('lateNotShownAt');
  const { content, sentence, slots } = record;
  await changeRecord(visit.context.cache.db, record, {
    state: 'rendered', row, reason: ROW_SHOWS_EARLIER,
    said: { ...said, earlier: [{ content, sentence, slots }, ...record.earlier.filter((one) => one !== said)] },
    failOffer: NOT_RENDERED, reviveOffer: said.slots,
  });
  return { outcome, reason: ROW_SHOWS_EARLIER };
}

/** The row was rendered without the sentence: nobody will read it. What the email goes out with has the last word. */
export async function giveUp(visit: Visit, record: TouchRecord, row: WaitingRow): Promise<LeadResult> {
  if (visit.isDryRun) return { outcome: 'notRendered' };
  visit.observe(record.finder === 'scheduled' ? 'lateNotShownAt' : 'earlyMissedAt');
  await changeRecord(visit.context.cache.db, record, { state: 'failed', reason: NOT_RENDERED, row, checkedAt: visit.now(), failOffer: NOT_RENDERED });
  return { outcome: 'notRendered' };
}
