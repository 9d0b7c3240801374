/** How a workspace speaks: its templates, checked, and the sentences made of them. Pure. */
import { formatFallback, formatSlots } from '../slots/format';
import { knownZone } from '../slots/zone';
import { checkTemplate, DEFAULT_TEMPLATES, optionCountOf } from '../slots/template';
import type { FirstTouchWorkspace } from './workspaces';

export interface Voice {
  /** How many times a sentence holds, at most. */
  count: number;
  fallback: string;
  say: (slots: readonly number[], leadZone: string | null) => { text: string; zone: string };
}

export type VoiceCheck = { kind: 'voice'; voice: Voice } | { kind: 'broken'; problem: string };

/** Templates are checked when saved; one that is broken all the same must not reach an email. */
export function voiceOf({ template, fallbackTemplate, offerCount, bookingLink, timezone, locale }: Pick<FirstTouchWorkspace, 'template' | 'fallbackTemplate' | 'offerCount' | 'bookingLink' | 'timezone' | 'locale'>): VoiceCheck {
  const times = template ?? DEFAULT_TEMPLATES.firstTouch;
  const fallback = fallbackTemplate ?? DEFAULT_TEMPLATES.fallback;
  for (const [name, text, kind] of [['template', times, 'firstTouch'], ['fallback', fallback, 'fallback']] as const) {
    const checked = checkTemplate(text, kind);
    if (checked.kind === 'invalid') return { kind: 'broken', problem: `The first-touch ${name} cannot be used: ${checked.problems.join(' ')}` };
  }
  // It was checked on the machine that it was entered on, whose list of zones may be a newer one.
  if (knownZone(timezone) === null) return { kind: 'broken', problem: `The time zone ${JSON.stringify(timezone)} is not known here. Set another: npm run workspaces -- set <workspace> --zone <zone>` };
  if (bookingLink === null) return { kind: 'broken', problem: 'The workspace has no calendar link: there is nothing to read times from, and nothing to fall back on.' };
  return {
    kind: 'voice',
    voice: {
      count: optionCountOf(times, offerCount),
      fallback: formatFallback(fallback, bookingLink),
      say: (slots, leadZone) => formatSlots(slots, { leadZone, workspaceZone: timezone, locale, template: times, bookingLink }),
    },
  };
}
