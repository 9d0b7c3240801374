/** The words of first touch. Instants are epoch milliseconds. */

export type TouchState = 'writing' | 'written' | 'rendered' | 'sent' | 'failed' | 'ended';
export type Content = 'times' | 'fallback';
/** How a lead was found: before its email was scheduled, or by the scheduled row. */
export type Finder = 'unscheduled' | 'scheduled';

/** A sentence and the times in it. */
export interface Said {
  content: Content;
  sentence: string;
  slots: number[];
}

/** What was written for one lead in one campaign. */
export interface TouchRecord extends Said {
  id: string;
  leadId: string;
  campaignId: string;
  emailBisonLeadId: string;
  state: TouchState;
  /** Newest first. */
  earlier: Said[];
  reason: string | null;
  finder: Finder;
  scheduledEmailId: string | null;
  scheduledAt: number | null;
  preparedAt: number;
  writtenAt: number | null;
  checkedAt: number | null;
  settledAt: number | null;
}

/** Every way a lead can go in a run; a lead goes exactly one. */
export const OUTCOMES = [
  'updated', 'replaced', 'rewritten', 'alreadySet', 'fallback', 'noSlots', 'unusable', 'booked', 'notDue', 'tooLate',
  'sent', 'sentFallback', 'sentWithout', 'ended', 'waiting', 'notRendered', 'failed', 'unknown', 'notReached',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface LeadResult {
  outcome: Outcome;
  /** Why, where the outcome does not say it. */
  reason?: string;
}
