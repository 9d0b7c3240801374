import { describe, expect, it } from 'vitest';
import { checkTemplate, DEFAULT_TEMPLATES, optionCountOf, type TemplateKind } from '@/lib/slots/template';

describe('a template when saved', () => {
  it.each(Object.entries(DEFAULT_TEMPLATES) as [TemplateKind, string][])('may be the default of %s', (kind, template) => {
    expect(checkTemplate(template, kind, 1)).toEqual({ kind: 'valid' });
  });

  it.each([
    'Would {{option1}} or {{option2}} work for you?',
    'Would {{ options }} work? {{booking_link}}',
    '{{option1}}',
    'Is {{option1}} good? Or one of {{options}}?',
    'Costs $1 & "quotes" <b>stay</b>\n\n{{options}}',
  ])('may be %j', (template) => {
    expect(checkTemplate(template, 'firstTouch')).toEqual({ kind: 'valid' });
  });

  it.each([
    ['an unknown placeholder', 'Hi {{first_name}}, {{options}}', '{{first_name}} is no placeholder; placeholders are {{option1}}, '],
    ['a number too high', '{{options}} {{option6}}', '{{option6}} is no placeholder'],
    ['a wrong case', '{{Option1}}', '{{Option1}} is no placeholder; write {{option1}}.'],
    ['a space in it', '{{options}} {{booking link}}', '{{booking link}} is no placeholder; write {{booking_link}}.'],
    ['another word for the link', '{{options}} {{link}}', '{{link}} is no placeholder; write {{booking_link}}.'],
    ['no name', '{{options}} {{ }}', '{{}} is no placeholder'],
    ['no times', 'Pick one: {{booking_link}}', 'A placeholder for the times is missing; add {{options}}'],
    ['a gap in the numbers', '{{options}}: {{option2}}', '{{option1}} is missing'],
    ['no first number', '{{option2}}', '{{option1}} is missing'],
    ['more numbers than times', '{{option1}}, {{option2}}, {{option3}}', '{{option3}} is never filled: 2 times are offered.'],
    ['single braces', 'Would {option1} work?', '{option1} must have exactly two braces on each side; write {{option1}}.'],
    ['three braces', 'Would {{{options}}} work?', '{{{options}}} must have exactly two braces on each side; write {{options}}.'],
    ['a missing brace', 'Would {{option1} work?', '{{option1} must have exactly two braces on each side; write {{option1}}.'],
    ['a variable of the email tool', 'Hi {FIRST_NAME}, {{options}}', '{FIRST_NAME} must have exactly two braces'],
    ['an open end', '{{options}} or {{', '"{{" has unbalanced braces'],
    ['a stray end', '{{options}} }', '"}" has unbalanced braces'],
    ['nothing', '  \n', 'The template must not be empty.'],
    ['too much', `{{options}}${'x'.repeat(1000)}`, 'The template has 1011 characters; at most 1000.'],
    ['a control character', '{{options}}\u0000', 'The template has a control character in it.'],
  ])('must not have %s', (_name, template, problem) => {
    const check = checkTemplate(template, 'firstTouch', 2);
    expect(check.kind === 'invalid' ? check.problems : []).toEqual([expect.stringContaining(problem)]);
  });

  it('names every problem at once', () => {
    const check = checkTemplate('{{a}} {b} {{option2}}', 'followUp');
    expect(check.kind === 'invalid' ? check.problems : []).toHaveLength(3);
  });

  it.each(['See {{options}}', 'See {{option1}}'])('must not promise times as a fallback: %s', (template) => {
    expect(checkTemplate(template, 'fallback')).toMatchObject({ kind: 'invalid', problems: [expect.stringContaining('must not be in a fallback')] });
  });

  it('is answered at once, however hostile', () => {
    const hostile = [`{{${' '.repeat(9_900)}`, '{'.repeat(9_900), '{{a'.repeat(3_300), `${'{ '.repeat(4_900)}}`];
    const startedAt = performance.now();
    for (const template of hostile) expect(checkTemplate(template, 'followUp').kind).toBe('invalid');
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('how many times to choose', () => {
  it.each([
    ['{{options}}', 3, 3],
    ['{{option1}} or {{option2}}', 3, 2],
    ['{{option1}}', 3, 1],
    ['{{option1}} of {{options}}', 3, 3],
    ['{{booking_link}}', 3, 3],
  ])('for %j with %d configured is %d', (template, configured, count) => {
    expect(optionCountOf(template, configured)).toBe(count);
  });
});
