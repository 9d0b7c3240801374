/**
 * Templates of sentences with times, and their check when they are saved. Pure.
 *
 * Placeholders: `{{option1}}` to `{{option5}}`, one time each; `{{options}}`, all of them joined by "or";
 * `{{booking_link}}`. A template says times by `{{options}}` or by numbered options from 1 on without a gap.
 */
import { MAX_OFFERED } from './select';

const OPTIONS = Array.from({ length: MAX_OFFERED }, (_, i) => `option${String(i + 1)}`);
const PLACEHOLDERS = [...OPTIONS, 'options', 'booking_link'];
const LIST = PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ');

/** A first touch's variable holds one sentence or two; a follow-up is a whole email. */
const MAX_LENGTH = { firstTouch: 1_000, followUp: 10_000, fallback: 1_000 } as const;

/** `fallback`: said when no time is usable, so it must not promise one. */
export type TemplateKind = keyof typeof MAX_LENGTH;

export const DEFAULT_TEMPLATES: Record<TemplateKind, string> = {
  firstTouch: 'Would {{options}} work for you?',
  followUp: 'Just following up on my last email. Would {{options}} work for a short call? If another time suits you better, you can pick one here: {{booking_link}}',
  fallback: 'You can pick a time that suits you here: {{booking_link}}',
};

export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'option'; number: number }
  | { kind: 'options' }
  | { kind: 'bookingLink' };

/** What stands between doubled braces, or a lone brace with what seems to belong to it. */
const BRACES = /\{\{([^{}]*)\}\}|\{+[^{}\n]{0,40}\}+|[{}]+/g;

/** The parts of a template that was checked; what is no placeholder is text. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of template.matchAll(BRACES)) {
    const part = partOf(match[1]);
    if (!part) continue;
    if (match.index > end) parts.push({ kind: 'text', text: template.slice(end, match.index) });
    parts.push(part);
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ kind: 'text', text: template.slice(end) });
  return parts;
}

function partOf(given: string | undefined): TemplatePart | null {
  const name = given?.trim();
  if (name === 'options') return { kind: 'options' };
  if (name === 'booking_link') return { kind: 'bookingLink' };
  const number = OPTIONS.indexOf(name ?? '') + 1;
  return number > 0 ? { kind: 'option', number } : null;
}

/** How many times to choose for a template: as many as it numbers, else what is configured. */
export function optionCountOf(template: string, configured: number): number {
  const parts = parseTemplate(template);
  if (parts.some(({ kind }) => kind === 'options')) return configured;
  return Math.max(...parts.map((part) => (part.kind === 'option' ? part.number : 0)), 0) || configured;
}

export type TemplateCheck = { kind: 'valid' } | { kind: 'invalid'; problems: string[] };

/** @param offerCount how many times the workspace offers, where that is known: no number may be higher */
export function checkTemplate(template: string, kind: TemplateKind, offerCount: number = MAX_OFFERED): TemplateCheck {
  const shape = shapeProblem(template, MAX_LENGTH[kind]);
  if (shape !== null) return { kind: 'invalid', problems: [shape] };
  const braces = braceProblems(template);
  const problems = [...braces, ...optionProblems(template, kind, offerCount, braces.length === 0)];
  return problems.length === 0 ? { kind: 'valid' } : { kind: 'invalid', problems };
}

function shapeProblem(template: string, maxLength: number): string | null {
  if (template.trim() === '') return 'The template must not be empty.';
  if (template.length > maxLength) return `The template has ${String(template.length)} characters; at most ${String(maxLength)}.`;
  // Postgres refuses the first of these, mail programs the others.
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(template) ? 'The template has a control character in it.' : null;
}

function braceProblems(template: string): string[] {
  return [...template.matchAll(BRACES)].flatMap(([found, name]) => {
    if (partOf(name)) return [];
    if (name !== undefined) return [`{{${name.trim().slice(0, 40)}}} is no placeholder; ${rightFor(name)}.`];
    const inner = found.replace(/[{}]/g, '').trim();
    if (inner === '' || !/^\{.*\}$/s.test(found)) return [`${JSON.stringify(found)} has unbalanced braces; placeholders are written like {{options}}.`];
    return [`${found} must have exactly two braces on each side; ${rightFor(inner)}.`];
  });
}

/** What was probably meant, or what there is. */
function rightFor(name: string): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, '');
  const meant = PLACEHOLDERS.find((known) => plain(known) === plain(name)) ?? (/^(?:calendar|meeting)?link$|^bookingurl$/.test(plain(name)) ? 'booking_link' : undefined);
  return meant === undefined ? `placeholders are ${LIST}` : `write {{${meant}}}`;
}

/** @param mustHaveOne false while a misspelt placeholder may be the one for the times */
function optionProblems(template: string, kind: TemplateKind, offerCount: number, mustHaveOne: boolean): string[] {
  const parts = parseTemplate(template);
  const numbers = [...new Set(parts.flatMap((part) => (part.kind === 'option' ? [part.number] : [])))];
  const hasList = parts.some((part) => part.kind === 'options');
  if (kind === 'fallback') {
    const named = [...(hasList ? ['{{options}}'] : []), ...numbers.map((number) => `{{option${String(number)}}}`)];
    return named.map((name) => `${name} must not be in a fallback: it is said when no time is usable. Only {{booking_link}} may be.`);
  }
  if (!hasList && numbers.length === 0 && mustHaveOne) return ['A placeholder for the times is missing; add {{options}}, or {{option1}} and more.'];
  const highest = Math.max(...numbers, 0);
  const missing = OPTIONS.slice(0, highest).filter((_, i) => !numbers.includes(i + 1));
  return [
    ...missing.map((name) => `{{${name}}} is missing: {{option${String(highest)}}} needs every number before it.`),
    ...(highest > offerCount ? [`{{option${String(highest)}}} is never filled: ${String(offerCount)} ${offerCount === 1 ? 'time is' : 'times are'} offered.`] : []),
  ];
}
