/**
 * Fits a template to the number of times there are. Pure.
 *
 * A template may number more or fewer options than that: one of two slots was left, or the template was edited
 * since they were chosen. Either way every time is said and no option is a hole:
 * - a sentence all of whose numbered options are missing is left out;
 * - where some are missing, the run from the sentence's first to its last numbered option becomes the list of
 *   those there are: "Would {{option1}} or {{option2}} work?" reads "Would {{options}} work?";
 * - times beyond the last numbered option are listed in its place.
 */
import type { TemplatePart } from './template';

/** The times from one number to another, both included. */
export interface Run {
  kind: 'run';
  from: number;
  to: number;
}
export type SaidPart = Exclude<TemplatePart, { kind: 'option' }> | Run;

interface Sentence {
  parts: TemplatePart[];
  /** White space up to the next one. */
  gap: string;
}

export function fitSentences(template: readonly TemplatePart[], count: number): SaidPart[] {
  const highest = Math.max(0, ...template.map((part) => (part.kind === 'option' ? part.number : 0)));
  const hasList = template.some(({ kind }) => kind === 'options');
  const lastTakes = hasList ? highest : Math.max(highest, count);
  const said: { parts: SaidPart[]; gap: string }[] = [];
  for (const { parts, gap } of splitSentences(template)) {
    const fitted = fitSentence(parts.map((part) => (part.kind === 'option' ? { kind: 'run', from: part.number, to: part.number === highest ? lastTakes : part.number } : part)), count);
    const before = said.at(-1);
    if (fitted) said.push({ parts: fitted, gap });
    // What is left out leaves its paragraph's end behind.
    else if (before) before.gap = gap;
  }
  return said.flatMap(({ parts, gap }): SaidPart[] => [...parts, { kind: 'text', text: gap }]);
}

const isRun = (part: SaidPart): part is Run => part.kind === 'run';

/** Null: the sentence is about missing times only. */
function fitSentence(parts: SaidPart[], count: number): SaidPart[] | null {
  const runs = parts.filter(isRun);
  const there = runs.filter(({ from }) => from <= count);
  if (there.length === runs.length) return parts;
  if (there.length === 0) return null;
  const joined: Run = { kind: 'run', from: Math.min(...there.map(({ from }) => from)), to: Math.max(...there.map(({ to }) => to)) };
  return [...parts.slice(0, parts.findIndex(isRun)), joined, ...parts.slice(parts.findLastIndex(isRun) + 1)];
}

/** After a full stop and its space, or at a line's end. */
const BOUNDARY = /(?<=[.?!…]\s+|[。？！]\s*|\n\s*)(?=\S)/;
const ENDS = /[.?!…]\s+$|[。？！]\s*$|\n\s*$/;

function splitSentences(template: readonly TemplatePart[]): Sentence[] {
  let current: Sentence = { parts: [], gap: '' };
  const sentences = [current];
  for (const part of template) {
    for (const text of part.kind === 'text' ? part.text.split(BOUNDARY) : []) {
      const ends = ENDS.test(text);
      const kept = ends ? text.trimEnd() : text;
      current.parts.push({ kind: 'text', text: kept });
      if (!ends) continue;
      current.gap = text.slice(kept.length);
      current = { parts: [], gap: '' };
      sentences.push(current);
    }
    if (part.kind !== 'text') current.parts.push(part);
  }
  return sentences;
}
