/** What is to be done for one lead that has had no email of a campaign yet. Pure. */
import { millisecondsInDay as DAY_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { Reach } from './reach';
import type { LeadResult, TouchRecord } from './types';

/** So near to its sending a row may be on its way; what is changed now is a race. */
export const TOO_LATE_MS = MINUTE_MS;
/** A row may be rendered again a moment after the lead changed. */
export const RENDER_GRACE_MS = 20_000;
/** What was refused is refused again until somebody changes something. */
const RETRY_REFUSED_MS = 60 * MINUTE_MS;

/**
 * When an email that is not scheduled yet may go out, for choosing times and for keeping them. Keeping is more
 * lenient: with one limit, times at its edge would be replaced every minute. Where a scheduled email cannot be
 * changed any more, a queue that is filled on Friday for Monday evening must find times that are still ahead.
 */
export const SEND_BY = {
  changeable: 2 * DAY_MS,
  final: 4 * DAY_MS,
} as const;

/** By how much times that stand may be sooner than times that are chosen. */
export const KEEP_LENIENCE_MS = DAY_MS;

/** What is known of the calendar. */
export type OpenTimes =
  | { kind: 'usable'; slots: ReadonlySet<number> }
  | { kind: 'none'; reason: string }
  | { kind: 'unusable'; reason: string };

/** The waiting row of the lead's first email, with what its body says. */
export interface WaitingRow {
  id: string;
  scheduledAt: number;
  shows: 'sentence' | 'earlier' | 'placeholder' | 'other' | 'nothing';
  /** With `earlier`: which of the record's. */
  earlierIndex: number;
}

export interface LeadFacts {
  record: TouchRecord | undefined;
  row: WaitingRow | undefined;
  /** What the lead's variable holds now. */
  variable: string | undefined;
  isBooked: boolean;
  /** Place among the campaign's leads that are neither contacted nor scheduled, from 0. */
  place: number;
}

export interface Situation {
  now: number;
  open: OpenTimes;
  reach: Reach;
  /** The workspace's fallback sentence. */
  fallback: string;
  leadTimeMs: number;
  noticeMs: number;
  /** Leads that the campaign takes in within two days. */
  volume: number;
}

export type Decision =
  | ({ kind: 'leave' } & LeadResult)
  /** The row carries the sentence: remember which row it is. */
  | { kind: 'confirm'; outcome: 'alreadySet' | 'fallback' }
  /** The row carries a sentence that was replaced since: it, and not the newer one, is the offer. */
  | { kind: 'adopt'; index: number }
  | { kind: 'notRendered' }
  /** The same sentence once more: a run ended before it was written, or somebody changed it. */
  | { kind: 'rewrite' }
  /** New times; `why` says what was wrong with the old ones. */
  | { kind: 'offer'; sendAt: number; why: string | null }
  | { kind: 'fallback'; outcome: 'noSlots' | 'unusable' | 'booked'; reason: string };

export function decide(facts: LeadFacts, at: Situation): Decision {
  const { row } = facts;
  const record = standing(facts.record, at);
  if (record === 'done') return leave('notDue', 'its email was settled');
  if (record === 'refused') return leave('failed', facts.record?.reason ?? 'refused before');
  if (row && row.scheduledAt - at.now > at.leadTimeMs && !record) return leave('notDue', 'scheduled beyond the lead time');
  if (!row && facts.place >= at.volume && !record) return leave('notDue', "beyond the campaign's next two days");
  if (!record) return decideNew(facts, at);
  const seen = row && verify(record, row, at);
  if (seen) return seen;
  return decideStanding(record, facts, at);
}

/** An ended record begins anew when its lead is found again; so does a failed one that may now succeed. */
function standing(record: TouchRecord | undefined, at: Situation): TouchRecord | undefined | 'done' | 'refused' {
  if (!record || record.state === 'ended') return undefined;
  if (record.state === 'sent') return 'done';
  if (record.state !== 'failed' || record.reason === NOT_RENDERED) return record;
  return at.now - (record.checkedAt ?? record.preparedAt) < RETRY_REFUSED_MS ? 'refused' : undefined;
}

export const NOT_RENDERED = 'not_rendered';

function decideNew({ row, isBooked }: LeadFacts, at: Situation): Decision {
  if (row && row.scheduledAt - at.now < TOO_LATE_MS) return leave('tooLate', 'the email is about to be sent');
  if (row && at.reach.late === false) return leave('notRendered', 'scheduled already, and this instance does not render it again');
  return write(row, isBooked, at, null);
}

/** What the row says of a sentence that is written; undefined: nothing against deciding by the times. */
function verify(record: TouchRecord, row: WaitingRow, at: Situation): Decision | undefined {
  const isWritten = record.state === 'written' || record.state === 'rendered';
  if (record.state === 'failed') {
    // The row may catch up; then the offer stands after all.
    if (row.shows === 'sentence') return undefined;
    return at.reach.late === true && at.reach.rowsTell !== false ? undefined : leave('notRendered', 'the scheduled email does not carry it');
  }
  if (!isWritten || !isUnseen(row) || at.reach.rowsTell === false) return undefined;
  if (at.now - (record.writtenAt ?? 0) < RENDER_GRACE_MS) return undefined;
  // Written before scheduling and yet not in the row: once more, now that there is one.
  if (record.finder === 'unscheduled' && isChangeable(row, at)) return undefined;
  return row.shows === 'earlier' ? { kind: 'adopt', index: row.earlierIndex } : { kind: 'notRendered' };
}

/** The row was rendered, and not with the sentence. */
const isUnseen = (row: WaitingRow): boolean => row.shows === 'other' || row.shows === 'earlier';

const isChangeable = (row: WaitingRow | undefined, { now, reach }: Situation): boolean => !row || (row.scheduledAt - now >= TOO_LATE_MS && reach.late !== false);

function decideStanding(record: TouchRecord, facts: LeadFacts, at: Situation): Decision {
  const { row, variable, isBooked } = facts;
  const isShown = row?.shows === 'sentence';
  const canChange = isChangeable(row, at);
  const keep = record.content === 'times' ? ('alreadySet' as const) : ('fallback' as const);
  if (canChange) {
    const why = whatIsWrong(record, facts, at);
    if (why !== null) return write(row, isBooked, at, why);
  }
  if (row && isShown) {
    const isKnown = record.state === 'rendered' && record.scheduledEmailId === row.id && record.scheduledAt === row.scheduledAt;
    return isKnown ? leave(keep) : { kind: 'confirm', outcome: keep };
  }
  const isMissing = variable !== record.sentence || record.state === 'writing' || record.state === 'failed';
  const wasTooEarly = row !== undefined && isUnseen(row) && record.finder === 'unscheduled' && at.reach.rowsTell !== false && at.now - (record.writtenAt ?? 0) >= RENDER_GRACE_MS;
  if (canChange && (isMissing || wasTooEarly)) return { kind: 'rewrite' };
  return leave(keep);
}

/** Why the sentence that stands must be another, or null. */
function whatIsWrong(record: TouchRecord, { row, isBooked }: LeadFacts, at: Situation): string | null {
  if (record.content === 'fallback') {
    if (record.sentence !== at.fallback) return 'the fallback was changed';
    return at.open.kind === 'usable' && !isBooked ? 'times are open again' : null;
  }
  if (record.state === 'failed' && row?.shows !== 'sentence') return 'it was not rendered';
  if (isBooked) return 'the lead has booked';
  if (at.open.kind === 'unusable') return 'its times cannot be confirmed';
  if (at.open.kind === 'none') return 'no time is open';
  const { slots } = at.open;
  if (record.slots.some((slot) => !slots.has(slot))) return 'a time in it is taken';
  const sendAt = row ? Math.max(row.scheduledAt, at.now) : at.now + sendBy(at) - KEEP_LENIENCE_MS;
  return record.slots.some((slot) => slot < sendAt + at.noticeMs) ? 'a time in it would be too soon, or past' : null;
}

function write(row: WaitingRow | undefined, isBooked: boolean, at: Situation, why: string | null): Decision {
  if (isBooked) return { kind: 'fallback', outcome: 'booked', reason: 'the lead has booked' };
  if (at.open.kind === 'unusable') return { kind: 'fallback', outcome: 'unusable', reason: at.open.reason };
  if (at.open.kind === 'none') return { kind: 'fallback', outcome: 'noSlots', reason: at.open.reason };
  return { kind: 'offer', sendAt: row ? Math.max(row.scheduledAt, at.now) : at.now + sendBy(at), why };
}

const sendBy = ({ reach }: Situation): number => (reach.late === true ? SEND_BY.changeable : SEND_BY.final);

const leave = (outcome: LeadResult['outcome'], reason?: string): Decision => ({ kind: 'leave', outcome, ...(reason === undefined ? {} : { reason }) });
