/**
 * What an EmailBison instance does with a sentence, learned from what became of earlier ones. Pure.
 *
 * The vendor does not say whether a changed variable reaches an email that is scheduled already. A waiting row
 * that shows the sentence says yes; one that does not is weak evidence, because rows may show what scheduling saw
 * and be rendered again when sent. What an email went out with is the proof.
 */

const DAY_MS = 24 * 60 * 60_000;
/** Instances are upgraded: what was seen longer ago is tried again. */
const BELIEVED_FOR_MS = 7 * DAY_MS;

/** When each thing was last seen; null: never. */
export interface Seen {
  earlyCarriedAt: number | null;
  earlyMissedAt: number | null;
  lateShownAt: number | null;
  lateNotShownAt: number | null;
  lateCarriedAt: number | null;
  lateMissedAt: number | null;
}

export type Observation = keyof Seen;

export const NOTHING_SEEN: Seen = {
  earlyCarriedAt: null, earlyMissedAt: null, lateShownAt: null, lateNotShownAt: null, lateCarriedAt: null, lateMissedAt: null,
};

export interface Reach {
  /** A sentence written before scheduling reaches the email. */
  early: boolean | null;
  /** A sentence written after scheduling still does. Null: not known, so it is tried. */
  late: boolean | null;
  /** A waiting row shows what will be sent. */
  rowsTell: boolean | null;
}

/** A yes outweighs a no: a sentence written moments before the send may miss it on any instance. */
export function reachOf(seen: Seen, now: number): Reach {
  const was = (at: number | null): boolean => at !== null && now - at < BELIEVED_FOR_MS;
  const carried = was(seen.lateCarriedAt);
  const shown = was(seen.lateShownAt);
  const notShown = was(seen.lateNotShownAt);
  return {
    early: was(seen.earlyCarriedAt) ? true : was(seen.earlyMissedAt) ? false : null,
    late: carried || shown ? true : notShown || was(seen.lateMissedAt) ? false : null,
    rowsTell: shown ? true : carried && notShown ? false : null,
  };
}

/** For an operator. */
export function describeReach({ early, late, rowsTell }: Reach): string {
  const sentences = [
    late === null
      ? 'Not known yet whether a sentence reaches emails that are scheduled already; it is tried.'
      : late
        ? 'A sentence reaches emails that are scheduled already: both finders count.'
        : 'A sentence does not reach emails that are scheduled already: only what is written before scheduling counts.',
    ...(rowsTell === false ? ['Waiting emails do not show what will be sent; only sent ones tell.'] : []),
    ...(early === false ? ['Sentences written before scheduling were missing from emails: does the campaign use {AVAILABILITY_SLOT}?'] : []),
  ];
  return sentences.join(' ');
}
