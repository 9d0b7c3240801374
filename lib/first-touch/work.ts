/** Carries out the decision for one lead. */
import type { WaitingRow } from './decide';
import { decide } from './decide';
import { waitingRowOf, type CampaignLead } from './campaign';
import type { LeadResult, TouchRecord } from './types';
import { adopt, confirm, giveUp } from './verify';
import { situationOf, type Visit } from './visit';
import { rewrite, writeFallback, writeTimes } from './write';

export interface Task {
  found: CampaignLead;
  record: TouchRecord | undefined;
  isBooked: boolean;
  /** Of its campaign. */
  volume: number;
}

/** The soonest email first; then, in the campaign's order, those that are not scheduled. */
export function compareUrgency(a: Task, b: Task): number {
  const at = ({ found }: Task): number => found.email?.scheduled_date ?? Infinity;
  return at(a) - at(b) || a.found.place - b.found.place;
}

export async function workOn(visit: Visit, { found, record, isBooked, volume }: Task): Promise<LeadResult> {
  const row: WaitingRow | undefined = waitingRowOf(found.email, record);
  const decision = decide({ record, row, variable: found.variable, isBooked, place: found.place }, situationOf(visit, volume));
  const target = { found, record, row };
  switch (decision.kind) {
    case 'leave': return { outcome: decision.outcome, ...(decision.reason === undefined ? {} : { reason: decision.reason }) };
    case 'offer': return await writeTimes(visit, target, decision);
    case 'fallback': return await writeFallback(visit, target, decision);
    case 'rewrite': return record ? await rewrite(visit, target, record) : { outcome: 'alreadySet' };
    case 'confirm': return record && row ? await confirm(visit, record, row, decision.outcome) : { outcome: decision.outcome };
    case 'adopt': return record && row ? await adopt(visit, record, row, decision.index) : { outcome: 'alreadySet' };
    case 'notRendered': return record && row ? await giveUp(visit, record, row) : { outcome: 'notRendered' };
  }
}
